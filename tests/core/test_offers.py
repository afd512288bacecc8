"""Offers, as transcripts.  Names in front are those of routing.md 2.2."""

import random
from collections.abc import Sequence

from omniroute.core.events import OfferMade, ThreadAssigned
from omniroute.core.inputs import Member, MessageReceived, Seen, TeamLoaded, ThreadClaimed
from omniroute.core.model import Candidate, Thread
from omniroute.core.rules import Defaults, RuleSet
from omniroute.testing.machine import Machine
from omniroute.testing.rig import Rig

ONE_QUEUE = """
version: 1
defaults: {queue: general}
queues: {general: {offer: {timeout: 20s}}}
"""
FRENCH = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
route: [{id: french, to: {queue: general, need: {fr: 4}}}]
queues: {general: {}}
"""
EVERYBODY = """
version: 1
defaults: {queue: general}
route: [{id: all, to: {queue: general, broadcast: true}}]
queues: {general: {offer: {timeout: 20s}}}
"""


def desk(yaml: str = ONE_QUEUE) -> Rig:
    return Rig(yaml)


def test_o1_the_first_accept_wins_and_the_loser_is_told_who_has_it() -> None:
    rig = desk(EVERYBODY)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    bo.is_offered(joe)
    rig.wait(seconds=4)
    ana.accepts()
    rig.wait(seconds=0.001)
    assert bo.accepts(joe, refused="taken").values == {"by": "ana"}
    bo.is_told("taken:ana", kind="withdrawn")
    ana.has(joe)
    assert bo.load == 0


def test_incident_11_of_five_hundred_one_has_a_thread_and_the_others_hear_who() -> None:
    """Two agents on one thread: Rocket.Chat #22206, Chatwoot #15275."""
    chance, machine = random.Random(11), Machine(RuleSet("r1", Defaults("general")))
    members = tuple(Member(f"a{n}", capacity=20) for n in range(500))
    machine.put(TeamLoaded, members=members)
    for number in range(1_000):
        said = {"message": f"m{number}", "channel": "email", "account": "help"}
        answer = machine.put(MessageReceived, sender=Seen(f"h{number}", "email"), **said).answer
        reaching = [member.id for member in chance.sample(members, 3)]
        first, *others = (
            machine.put(ThreadClaimed, agent=agent, thread=answer.values["thread"]).answer
            for agent in reaching
        )
        assert first.ok
        assert [(late.code, late.values["by"]) for late in others] == [("taken", reaching[0])] * 2


def test_o2_an_accept_before_the_end_is_in_time() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=19.999)
    ana.accepts()
    ana.has(joe)


def test_o2_an_accept_at_the_end_is_too_late() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.sleep(seconds=20)  # not even a timer was quicker
    ana.accepts(joe, refused="expired")
    joe.is_with(None)


def test_o3_who_was_declined_keeps_their_place_before_the_younger() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=1)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    began = joe.thread.routing_since
    rig.wait(seconds=2)
    kim.on("webchat").says("hello")
    rig.wait(seconds=3)
    ana.passes()
    ana.is_offered(kim)  # she will not be asked for Joe again
    bo = rig.agent("bo", capacity=1)
    bo.is_offered(joe)
    assert joe.thread.routing_since == began


def test_o4_when_the_only_candidate_declines_the_thread_is_stranded() -> None:
    rig = desk()
    ana = rig.agent("ana")
    rig.agent("bo", status="offline")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=5)
    ana.passes()
    joe.is_stranded(because="all_excluded")
    assert rig.why(joe)[-1]["counts"] == {
        "team": 0, "requirement": 0, "exclusion": 1, "availability": 1, "capacity": 0,
    }  # fmt: skip
    rig.wait(seconds=45)
    cy = rig.agent("cy")
    cy.is_offered(joe)


def test_o4_who_declined_and_went_is_not_the_reason_while_others_are_away() -> None:
    rig = desk()
    ana, bo = rig.agent("ana"), rig.agent("bo", capacity=1)
    kim, joe = rig.customer("kim", webchat="v1"), rig.customer("joe", webchat="v2")
    kim.on("webchat").says("hello")
    ana.passes()
    bo.accepts()
    joe.on("webchat").says("hello")
    ana.passes()
    ana.goes("offline")
    joe.waits()  # Bo is here, though full
    bo.goes("offline")
    joe.is_stranded(because="nobody_present")


def test_a_thread_that_asks_for_what_nobody_knows_is_stranded_at_once() -> None:
    rig = desk(FRENCH)
    rig.agent("ana", fr=3)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    joe.is_stranded(because="no_candidate")


def test_o5_two_missed_offers_make_unresponsive_and_any_act_brings_back() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe, kim, eve = (rig.customer(name, webchat=name) for name in ("joe", "kim", "eve"))
    joe.on("webchat").says("hello")
    rig.wait(seconds=20)
    joe.is_stranded()
    kim.on("webchat").says("hello")
    rig.wait(seconds=20)
    ana.is_unresponsive()
    assert ana.load == 0
    ana.is_told("unresponsive")
    eve.on("webchat").says("hello")
    ana.is_not_asked()
    rig.wait(seconds=50)
    ana.notes("I am here", joe)
    ana.is_back()
    ana.is_offered(eve)


def test_o5_an_unresponsive_agent_keeps_no_offer_either() -> None:
    rig = desk()
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    joe, kim, eve = (rig.customer(name, webchat=name) for name in ("joe", "kim", "eve"))
    joe.on("webchat").says("hello")
    kim.on("webchat").says("hello")
    rig.wait(seconds=10)
    eve.on("webchat").says("hello")
    ana.is_offered(joe, kim, eve)
    bo.goes("online")
    rig.wait(seconds=10)
    ana.is_not_asked()
    bo.is_offered(joe, kim, eve)
    assert [x.agent for x in eve.thread.excluded] == []


def test_o6_an_offer_ends_with_the_work() -> None:
    rig = desk()
    lea, ana = rig.lead("lea"), rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=7)
    lea.resolves(joe)
    ana.is_told("resolved", kind="withdrawn")
    rig.wait(seconds=1)
    ana.accepts(joe, refused="withdrawn")


def test_o8_parallel_offers_are_refilled_only_when_all_have_ended() -> None:
    rig = desk(EVERYBODY)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    cy, dan = rig.agent("cy"), rig.agent("dan")
    ana.passes()
    cy.is_not_asked()
    assert len(rig.why(joe, "match")) == 1
    bo.passes()
    cy.is_offered(joe)
    dan.is_offered(joe)
    assert len(rig.why(joe, "match")) == 2


def test_o9_a_lead_assigns_to_whom_they_like_and_it_is_recorded() -> None:
    rig = desk()
    lea, cy = rig.lead("lea"), rig.agent("cy", capacity=1)
    kim = rig.customer("kim", webchat="v1")
    kim.on("webchat").says("hello")
    cy.accepts()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v2")
    joe.on("webchat").says("hello")
    rig.wait(seconds=3)
    ana.is_offered(joe)
    lea.transfers(joe, to=cy)
    ana.is_not_asked()
    ana.is_told("transferred", kind="withdrawn")
    cy.has(kim, joe)
    assert cy.load == 2
    assert [assigned.over for assigned in rig.happened(ThreadAssigned)] == [False, True]
    cy.resolves(kim)
    eve = rig.customer("eve", webchat="v3")
    ana.goes("offline")
    eve.on("webchat").says("hello")
    cy.is_not_asked()


def test_o10_the_same_accept_three_times_is_one_assignment_and_equal_answers() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    assert ana.accepts(joe) == ana.accepts(joe) == ana.accepts(joe)
    ana.snoozes(joe, minutes=5)
    assert ana.accepts(joe).code == "accepted"
    assert len(rig.happened(ThreadAssigned)) == 1


def test_d5_a_hundred_threads_and_a_hundred_free_agents_are_matched_in_one_pass() -> None:
    rig = desk()
    agents = [rig.agent(f"agent{n:03}", capacity=0) for n in range(100)]
    customers = [rig.customer(f"c{n}", webchat=f"v{n}") for n in range(100)]
    for customer in customers:
        customer.on("webchat").says("hello")
    rig.change(*agents, capacity=1)
    assert len(rig.happened(OfferMade)) == 100
    assert len(rig.machine.journal[-1].decision.events) == 200
    assert {agent.load for agent in agents} == {1}


def test_d9_who_loses_a_race_keeps_nothing() -> None:
    rig = desk(EVERYBODY)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    assert (ana.load, bo.load) == (1, 1)
    bo.accepts()
    assert (ana.load, bo.load) == (0, 1)
    ana.is_not_asked()


def test_a_queue_may_ask_everybody_after_an_offer_that_nobody_took() -> None:
    rig = desk(ONE_QUEUE.replace("20s", "20s, then: broadcast"))
    ana, bo, cy = rig.agent("ana"), rig.agent("bo"), rig.agent("cy")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    bo.is_not_asked()
    rig.wait(seconds=20)
    bo.is_offered(joe)
    cy.is_offered(joe)


def test_a_queue_may_assign_without_asking() -> None:
    rig = desk(ONE_QUEUE.replace("offer: {timeout: 20s}", "auto_assign: true"))
    ana = rig.agent("ana", capacity=1)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    ana.has(joe)
    ana.is_told("", kind="assigned")
    kim.on("webchat").says("hello")
    kim.waits()


def test_an_offer_ends_when_the_agent_cannot_be_asked_any_more() -> None:
    rig = desk()
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.goes("away")
    ana.is_not_asked()
    bo.is_offered(joe)
    assert joe.thread.excluded == ()


def test_who_is_away_still_gets_mail_until_it_becomes_a_chat() -> None:
    rig = desk()
    ana, bo = rig.agent("ana", status="away"), rig.agent("bo", status="offline")
    joe = rig.customer("joe", email="joe@mail.example", webchat="v1", verified=True)
    joe.on("email").says("hello")
    ana.is_offered(joe)
    joe.on("webchat").says("are you there?")
    ana.is_not_asked()
    joe.is_stranded()
    bo.goes("online")
    bo.is_offered(joe)


# --- plugins that pick ---


class PicksBo:
    """Picks Bo wherever it can, and somebody who is no candidate where it cannot."""

    def pick(self, thread: Thread, candidates: Sequence[Candidate]) -> tuple[str, str]:
        return "bo", "acme"

    def left_out(self) -> tuple[str, ...]:
        return ("broken",)


def test_a_plugin_may_pick_among_the_eligible() -> None:
    rig = Rig(ONE_QUEUE, deciders=PicksBo())
    rig.agent("ana")
    bo = rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    bo.is_offered(joe)
    assert rig.why(joe)[-1]["picked_by"] == "acme"
    assert rig.why(joe)[-1]["left_out"] == ["broken"]


def test_whom_a_plugin_picks_from_outside_is_not_asked() -> None:
    rig = Rig(ONE_QUEUE, deciders=PicksBo())
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    bo.is_not_asked()
    assert "picked_by" not in rig.why(joe)[-1]
    assert rig.why(joe)[-1]["left_out"] == ["broken", "acme"]
