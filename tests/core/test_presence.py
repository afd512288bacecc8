"""Who can be asked, and what becomes of what they have, as transcripts.

Names in front are those of routing.md 2.6.
"""

from __future__ import annotations

import pytest

from omniroute.core.events import AgentBack, DeskReached, OfferEnded, StatusChanged
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

ONE_QUEUE = """
version: 1
defaults: {queue: general}
queues: {general: {offer: {timeout: 2m}}, other: {}}
"""
HOURS = """
version: 1
calendars: {day: {tz: UTC, open: {mon-fri: "08:00-10:00"}}}
defaults: {queue: general}
queues: {general: {offer: {timeout: 2m}}}
"""


def served() -> tuple[Rig, Customer, Agent]:
    """Ana has Joe, who wrote in the chat and waits for an answer."""
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    return rig, joe, ana


def alerts(rig: Rig, lead: str) -> list[str]:
    """What a lead was told of owners beyond reach."""
    told = [card.reason for card in rig.cards if card.agent == lead]
    return [reason for reason in told if reason.startswith("unreachable")]


# --- desks ---


def test_a1_who_closes_the_browser_and_lives_in_slack_is_here() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    rig.change(ana, desks=("web", "slack"))
    ana.opens("web")
    ana.closes("web")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)


def test_who_closes_the_only_desk_is_not_asked_until_they_open_it_again() -> None:
    rig = Rig(ONE_QUEUE)
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    joe = rig.customer("joe", webchat="v1")
    ana.opens("web")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    ana.closes("web")
    ana.is_not_asked()
    joe.is_stranded(because="nobody_present")
    assert [end.how for end in rig.happened(OfferEnded)] == ["failed"]
    bo.goes("online")
    bo.passes()
    ana.opens("web")
    ana.is_offered(joe)  # she was never barred


def test_whose_mailbox_returns_what_it_took_is_not_asked_until_they_write_from_it() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    rig.change(ana, desks=("email",))
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("hello")
    ana.is_offered(joe)
    ana.is_lost_to("email")
    ana.is_not_asked()
    assert [end.how for end in rig.happened(OfferEnded)] == ["failed"]
    ana.goes("online")
    ana.is_offered(joe)


def test_a_desk_that_never_showed_a_sign_of_life_is_not_missed() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    ana.closes("web")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)


def test_a_sign_of_life_said_twice_is_said_once() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    ana.opens("web")
    ana.opens("web")
    ana.opens("pigeon")
    assert len(rig.happened(DeskReached)) == 1


def test_a2_with_the_last_desk_the_offers_end_and_later_a_lead_hears_of_the_threads() -> None:
    rig, joe, ana = served()
    lea, bo = rig.lead("lea"), rig.agent("bo", status="offline")
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    ana.is_offered(kim)
    bo.goes("online")
    rig.fails(rig.cards[-1])
    bo.is_offered(kim)
    assert rig.happened(OfferEnded)[-1].how == "failed"
    ana.has(joe)
    rig.wait(seconds=299)
    assert alerts(rig, "lea") == []
    rig.wait(seconds=1)
    lea.is_told("unreachable:ana")
    ana.has(joe)  # a lead decides
    rig.wait(hours=1)
    assert len(alerts(rig, "lea")) == 1


def test_a2_who_acts_in_time_is_not_told_of() -> None:
    rig, joe, ana = served()
    lea = rig.lead("lea")
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    rig.fails(rig.cards[-1])
    rig.wait(seconds=200)
    ana.notes("here I am", joe)
    ana.is_offered(kim)
    rig.wait(hours=1)
    assert alerts(rig, lea.name) == []


def test_a_lead_of_the_queue_s_teams_hears_before_others_do() -> None:
    rig = Rig(ONE_QUEUE.replace("general: {", "general: {teams: [money], "))
    ana = rig.agent("ana", teams=("money",))
    lea, max_ = rig.lead("lea"), rig.lead("max", teams=("money",))
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    ana.accepts()
    kim.on("webchat").says("hello")
    rig.fails(rig.cards[-1])
    rig.wait(minutes=5)
    max_.is_told("unreachable:ana")
    assert alerts(rig, lea.name) == []


def test_o7_who_is_lost_on_one_desk_has_the_same_offer_to_the_same_end_on_the_next() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    rig.change(ana, desks=("slack", "email"))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    offer = rig.cards[-1].until
    rig.fails(rig.cards[-1], desks=("slack",))
    ana.is_offered(joe)
    assert (ana.row.lost, joe.thread.offers[0].until) == (("slack",), offer)
    rig.fails(rig.cards[-1], desks=("email",))
    ana.is_not_asked()


def test_an_act_brings_back_the_desk_it_came_from_or_somebody_beyond_reach() -> None:
    rig, joe, ana = served()
    rig.change(ana, desks=("slack", "web"))
    ana.opens("web")
    ana.closes("web")
    ana.notes("from somewhere", joe)
    assert list(ana.row.lost) == ["web"]
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    rig.fails(rig.cards[-1])
    assert list(ana.row.lost) == ["web", "slack"]
    ana.notes("from somewhere", joe)
    assert not list(ana.row.lost)
    assert len(rig.happened(AgentBack)) == 1


def test_a_desk_from_which_nobody_can_chat_gets_mail_only() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    rig.change(ana, desks=("email",), chatless=("email",))
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", email="kim@mail.example")
    joe.on("webchat").says("hello")
    joe.is_stranded(because="nobody_present")
    kim.on("email").says("hello")
    ana.is_offered(kim)
    rig.change(ana, desks=("email", "slack"))
    ana.is_offered(joe, kim)


def test_a_desk_that_is_read_seldom_has_longer_for_an_answer() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana", capacity=1)
    rig.change(ana, desks=("email", "slack"), slow={"email": 600_000})
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    assert rig.cards[-1].until == rig.now + 600_000
    rig.fails(rig.cards[-1], desks=("email",))
    ana.passes()
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    assert rig.cards[-1].until == rig.now + 120_000


# --- draining ---


def test_a3_who_drains_keeps_what_they_have_and_gets_nothing_new() -> None:
    rig, joe, ana = served()
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    rig.wait(seconds=10)
    assert ana.goes("draining").values == {"status": "draining"}
    ana.is_not_asked()
    assert rig.happened(OfferEnded)[-1].how == "rescinded"
    ana.has(joe)
    ana.snoozes(joe, minutes=0)
    joe.on("webchat").says("one more thing")
    ana.has(joe)


def test_a3_who_drains_is_offline_when_nothing_is_left() -> None:
    _, joe, ana = served()
    ana.goes("draining")
    ana.is_status("draining")
    ana.resolves(joe)
    ana.is_status("offline")


def test_who_has_nothing_to_finish_is_offline_at_once() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana")
    assert ana.goes("draining").values == {"status": "offline"}


def test_nobody_hands_anything_to_who_drains() -> None:
    rig, joe, ana = served()
    bo = rig.agent("bo")
    ana.goes("draining")
    kim = rig.customer("kim", webchat="v2")
    kim.on("webchat").says("hello")
    bo.accepts()
    bo.transfers(kim, to=ana, refused="not_here")
    ana.has(joe)


# --- shifts ---


def test_at_the_end_of_a_shift_one_finishes_what_one_has() -> None:
    rig = Rig(HOURS)
    ana, bo = rig.agent("ana", status="offline"), rig.agent("bo", status="offline")
    rig.change(ana, bo, shift="day")
    ana.goes("online")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    bo.goes("online")
    rig.wait(hours=2)
    ana.is_status("draining")
    bo.is_status("offline")
    ana.resolves(joe)
    ana.is_status("offline")
    rig.wait(hours=72)  # nobody comes by a calendar alone
    ana.is_status("offline")


def test_who_comes_after_hours_stays_until_the_next_shift_ends() -> None:
    rig = Rig(HOURS)
    ana = rig.agent("ana", status="offline")
    rig.change(ana, shift="day")
    rig.wait(hours=3)
    ana.goes("online")
    rig.wait(hours=22)
    ana.is_status("online")
    rig.wait(hours=1)
    ana.is_status("offline")


def test_another_shift_holds_at_once_for_who_is_here() -> None:
    rig = Rig(HOURS.replace("calendars: {", 'calendars: {late: {tz: UTC, open: {mon: "09-12"}}, '
                            .replace('"09-12"', '"09:00-12:00"')))  # fmt: skip
    ana = rig.agent("ana", status="offline")
    rig.change(ana, shift="day")
    ana.goes("online")
    rig.change(ana, shift="late")
    rig.wait(hours=2)
    ana.is_status("online")
    rig.wait(hours=2)
    ana.is_status("offline")


# --- going ---


def test_what_waits_for_who_went_offline_goes_to_others_after_a_while_at_its_age() -> None:
    rig, joe, ana = served()
    bo, since = rig.agent("bo"), joe.thread.routing_since
    ana.goes("offline")
    rig.wait(seconds=59.999)
    ana.has(joe)
    rig.wait(seconds=0.001)
    bo.is_offered(joe)
    assert joe.thread.routing_since == since


def test_who_is_back_in_time_has_lost_nothing() -> None:
    rig, joe, ana = served()
    ana.goes("offline")
    rig.wait(seconds=30)
    ana.goes("online")
    rig.wait(hours=1)
    ana.has(joe)


def test_what_waits_for_the_customer_stays_until_they_write() -> None:
    rig, joe, ana = served()
    bo = rig.agent("bo")
    ana.replies("which order?", joe)
    ana.goes("offline")
    rig.wait(minutes=2)
    ana.has(joe)
    joe.on("webchat").says("order 5")
    bo.is_offered(joe)


@pytest.mark.parametrize(
    ("requeue", "chat", "mail"),
    [("live", True, False), ("all", True, True), ("never", False, False)],
)
def test_what_else_goes_to_others_is_a_setting(requeue: str, chat: bool, mail: bool) -> None:
    rig = Rig(ONE_QUEUE.replace("queue: general}",
                                f"queue: general, presence: {{requeue: {requeue}}}}}"))  # fmt: skip
    ana = rig.agent("ana")
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", email="kim@mail.example")
    joe.on("webchat").says("hello")
    kim.on("email").says("hello")
    ana.accepts(joe)
    ana.accepts(kim)
    ana.goes("offline")
    rig.wait(minutes=1)
    assert [not joe.thread.agent, not kim.thread.agent] == [chat, mail]


def test_coming_online_drains_the_backlog_at_once() -> None:
    rig = Rig(ONE_QUEUE)
    ana = rig.agent("ana", status="offline", capacity=2)
    people = [rig.customer(f"c{n}", webchat=f"v{n}") for n in range(3)]
    for customer in people:
        customer.on("webchat").says("hello")
    ana.goes("online")
    ana.is_offered(*people[:2])


# --- permission ---


def test_a4_who_may_only_read_in_a_queue_is_never_asked_there() -> None:
    rig = Rig(ONE_QUEUE)
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    rig.change(ana, reads=("general",))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    joe.is_stranded(because="nobody_present")
    assert rig.why(joe, "match")[-1]["counts"]["permission"] == 1
    ana.takes(joe, refused="reads_only")
    ana.replies("hello", joe, refused="reads_only")
    bo.goes("online")
    bo.accepts(joe)
    bo.transfers(joe, to=ana, refused="reads_only")
    bo.resolves(joe)
    ana.reopens(joe, refused="reads_only")


def test_all_that_was_known_of_presence_outlives_a_restart() -> None:
    rig, joe, ana = served()
    bo = rig.agent("bo")
    ana.goes("offline")
    rig.restart()
    rig.wait(minutes=1)
    bo.is_offered(joe)
    rig.fold()
    assert len(rig.happened(StatusChanged)) == 3
