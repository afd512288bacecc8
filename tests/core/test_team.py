"""Who is on the team and whether they can be asked, as transcripts."""

from __future__ import annotations

import pytest

from omniroute.core.events import AgentJoined, OfferMade, StatusChanged
from omniroute.core.inputs import StatusDeclared
from omniroute.core.model import Phase, Status
from omniroute.testing.rig import Rig

FRENCH = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
enrich: [{id: french, when: {channel: french}, set: {need: {fr: 4}}}]
queues: {general: {}, sales: {teams: [sales]}}
route: [{id: sales, when: {channel: sales}, to: {queue: sales}}]
"""


def test_t2_who_learns_something_is_asked_at_once() -> None:
    rig = Rig(FRENCH)
    ana = rig.agent("ana", fr=3)
    fleur = rig.customer("fleur", french="v1")
    fleur.on("french").says("bonjour")
    rig.wait(seconds=12)
    ana.is_not_asked()
    rig.change(ana, skills={"fr": 4})
    ana.is_offered(fleur)


def test_t4_ten_who_come_at_once_get_one_offer() -> None:
    rig = Rig()
    agents = [rig.agent(f"agent{n}", capacity=0) for n in range(10)]
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.change(*agents, capacity=1)
    assert len(rig.happened(OfferMade)) == 1
    agents[0].is_offered(joe)


def test_whoever_comes_to_a_team_is_asked_for_its_queue() -> None:
    rig = Rig(FRENCH)
    ana = rig.agent("ana")
    joe = rig.customer("joe", sales="v1")
    joe.on("sales").says("hello")
    joe.is_stranded(because="no_candidate")
    rig.change(ana, teams=("help", "sales"))
    ana.is_offered(joe)


def test_a_team_file_that_says_the_same_changes_nothing() -> None:
    rig = Rig(FRENCH)
    ana = rig.agent("ana", fr=3)
    rig.change(ana, skills={"fr": 3})
    assert len(rig.happened(AgentJoined)) == 1


def test_whoever_forgets_something_keeps_what_they_were_offered_and_gets_no_more() -> None:
    rig = Rig(FRENCH)
    ana = rig.agent("ana", fr=4)
    fleur, luc = rig.customer("fleur", french="v1"), rig.customer("luc", french="v2")
    fleur.on("french").says("bonjour")
    rig.change(ana, skills={"fr": 2})
    ana.is_offered(fleur)
    luc.on("french").says("bonjour")
    luc.is_stranded(because="no_candidate")
    ana.accepts(fleur)
    ana.has(fleur)


def test_who_waits_for_one_who_forgets_is_stranded_and_said_so() -> None:
    rig = Rig(FRENCH)
    ana = rig.agent("ana", fr=4, capacity=1)
    fleur, luc = rig.customer("fleur", french="v1"), rig.customer("luc", french="v2")
    fleur.on("french").says("bonjour")
    luc.on("french").says("bonjour")
    luc.waits()
    rig.change(ana, skills={"fr": 2})
    luc.is_stranded(because="no_candidate")


def test_who_waits_for_one_who_goes_is_stranded_and_said_so() -> None:
    rig = Rig()
    ana = rig.agent("ana", capacity=1)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    kim.on("webchat").says("hello")
    ana.accepts(joe)
    kim.waits()
    ana.goes("offline")
    kim.is_stranded(because="nobody_present")


def test_who_waits_is_not_stranded_while_somebody_else_is_here() -> None:
    rig = Rig()
    ana, bo = rig.agent("ana", capacity=0), rig.agent("bo", capacity=0)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.goes("offline")
    joe.waits()
    bo.goes("offline")
    joe.is_stranded()


def test_less_capacity_takes_nothing_away() -> None:
    rig = Rig()
    ana = rig.agent("ana", capacity=3)
    customers = [rig.customer(f"c{n}", webchat=f"v{n}") for n in range(3)]
    for customer in customers:
        customer.on("webchat").says("hello")
        ana.accepts(customer)
    rig.change(ana, capacity=1)
    ana.has(*customers)
    joe = rig.customer("joe", webchat="joe")
    joe.on("webchat").says("hello")
    ana.resolves(customers[0])
    ana.resolves(customers[1])
    joe.waits()
    ana.resolves(customers[2])
    ana.is_offered(joe)


# --- leaving ---


def test_what_a_leaver_had_goes_to_others_at_its_old_age() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    ana.accepts()
    since = joe.thread.routing_since
    rig.wait(minutes=5)
    kim.on("webchat").says("hello")
    ana.is_offered(kim)
    bo = rig.agent("bo", capacity=1)
    rig.without("ana")
    bo.is_offered(joe)  # he has waited longer
    assert joe.thread.routing_since == since
    kim.waits()
    ana.is_told("rescinded", kind="withdrawn")
    assert (ana.load, ana.row.threads) == (0, ())


def test_what_a_leaver_put_aside_is_not_left_to_sleep() -> None:
    rig = Rig()
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.snoozes(minutes=60)
    rig.without("ana")
    bo.goes("online")
    bo.is_offered(joe)
    rig.wait(minutes=61)


def test_a_leaver_can_do_nothing_more() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.without("ana")
    ana.accepts(joe, refused="no_such_agent")
    answer = rig.machine.put(StatusDeclared, agent="ana", status=Status.ONLINE).answer
    assert (answer.ok, answer.code) == (False, "no_such_agent")


def test_whoever_returns_is_away_until_they_say_otherwise_and_remembers_nothing_open() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    rig.without("ana")
    ana = rig.agent("ana", status="offline")
    assert ana.row.status is Status.OFFLINE
    ana.is_not_asked()
    ana.goes("online")
    ana.is_offered(joe)


# --- status ---


def test_c4_who_logs_out_keeps_their_load() -> None:
    rig = Rig()
    ana = rig.agent("ana", capacity=2)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    for customer in (joe, kim):
        customer.on("webchat").says("hello")
        ana.accepts(customer)
    ana.goes("offline")
    assert ana.load == 2
    eve = rig.customer("eve", webchat="v3")
    eve.on("webchat").says("hello")
    ana.goes("online")
    ana.has(joe, kim)
    ana.is_not_asked()


def test_a_status_said_twice_is_said_once() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    assert ana.goes("online").values == {"status": "online"}
    assert len(rig.happened(StatusChanged)) == 1


@pytest.mark.parametrize(
    ("status", "mail", "chat"),
    [
        ("online", True, True),
        ("away", True, False),
        ("transfers", False, False),
        ("offline", False, False),
    ],
)
def test_a_status_says_what_one_is_asked_for(status: str, mail: bool, chat: bool) -> None:
    rig = Rig()
    ana = rig.agent("ana", status=status)
    by_mail = rig.customer("joe", email="joe@mail.example")
    by_chat = rig.customer("kim", webchat="v1")
    by_mail.on("email").says("hello")
    by_chat.on("webchat").says("hello")
    ana.is_offered(*[by_mail] * mail, *[by_chat] * chat)


def test_going_away_gives_the_chats_back_and_keeps_the_mail() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", email="joe@mail.example")
    kim = rig.customer("kim", webchat="v1")
    joe.on("email").says("hello")
    kim.on("webchat").says("hello")
    ana.goes("away")
    ana.is_offered(joe)
    kim.is_stranded(because="nobody_present")


def test_whose_desk_cannot_be_reached_is_not_asked_and_not_barred() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.fails(rig.cards[-1])
    assert ana.row.lost == ("web",)
    assert joe.thread.excluded == ()
    joe.is_stranded(because="nobody_present")
    ana.goes("online")
    ana.is_offered(joe)


def test_whose_desk_cannot_be_reached_keeps_no_other_offer() -> None:
    rig = Rig()
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    kim.on("webchat").says("hello")
    bo.goes("online")
    rig.fails(rig.cards[0])
    ana.is_not_asked()
    bo.is_offered(joe, kim)


def test_a_card_that_failed_after_its_offer_had_ended_changes_nothing() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    (card,) = rig.cards
    ana.accepts()
    assert rig.fails(card).events == ()
    ana.is_back()
    assert joe.thread.phase is Phase.ASSIGNED
