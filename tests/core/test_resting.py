"""Capacity, wrap-up and dormant threads, as transcripts (routing.md 2.4 and 2.5)."""

from omniroute.core.events import CustomerAway, ThreadAbandoned, ThreadAssigned, ThreadRoused
from omniroute.core.inputs import CustomerLeft
from omniroute.core.urgency import MINUTE
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

DESK = """
version: 1
defaults: {queue: general}
enrich:
  - {id: two, when: {message.text: {any_of: [two]}}, set: {weight: 2}}
  - {id: three, when: {message.text: {any_of: [three]}}, set: {weight: 3}}
  - {id: five, when: {message.text: {any_of: [five]}}, set: {weight: 5}}
queues: {general: {offer: {timeout: 1h}, QUEUE}}
"""


def desk(queue: str = "promote_after: never") -> Rig:
    return Rig(DESK.replace("QUEUE", queue))


def chats(rig: Rig, name: str, text: str = "one") -> Customer:
    whom = rig.customer(name, webchat=name)
    whom.on("webchat").says(text)
    return whom


def mails(rig: Rig, name: str, text: str = "one") -> Customer:
    whom = rig.customer(name, email=f"{name}@x.example")
    whom.on("email").says(text)
    return whom


def asleep(rig: Rig, ana: Agent, *names: str) -> list[Customer]:
    """Chats that *ana* has answered and whose customers have been silent for ten minutes."""
    found = []
    for name in names:
        whom = chats(rig, name)
        ana.takes(whom)
        ana.replies(f"Hello {name}", whom)
        found.append(whom)
    rig.wait(minutes=10)
    return found


# --- capacity ---


def test_c1_what_does_not_fit_is_not_offered() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=10)
    for name, text in (("a", "five"), ("b", "three")):
        ana.accepts(chats(rig, name, text))
    chats(rig, "c", "three").waits()
    ana.is_offered(chats(rig, "d", "two"))


def test_c2_mail_never_blocks_a_chat_and_a_chat_blocks_mail() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=3)
    for name in ("a", "b", "c"):
        ana.accepts(mails(rig, name))
    ana.accepts(chats(rig, "chat", "three"))
    mails(rig, "d").waits()


def test_c3_after_a_wrap_up_the_next_one_is_offered() -> None:
    rig = desk("wrap_up: 30s")
    ana = rig.agent("ana", capacity=1)
    kim, joe = chats(rig, "kim"), chats(rig, "joe")
    ana.accepts(kim)
    rig.wait(seconds=50)
    ana.resolves(kim)
    rig.wait(seconds=29.999)
    joe.waits()
    assert ana.load == 1
    rig.wait(seconds=0.001)
    ana.is_offered(joe)


def test_c3_or_as_soon_as_the_agent_says_that_they_are_done() -> None:
    rig = desk("wrap_up: 30s")
    ana = rig.agent("ana", capacity=1)
    kim, joe = chats(rig, "kim"), chats(rig, "joe")
    ana.accepts(kim)
    ana.is_done(kim, refused="no_wrap_up")
    ana.resolves(kim)
    rig.wait(seconds=10)
    rig.agent("bo", status="transfers").is_done(kim, refused="not_yours")
    ana.is_done(kim)
    ana.is_offered(joe)
    assert ana.row.idle_since == rig.now


def test_a_wrap_up_ends_when_the_customer_writes_again() -> None:
    rig = desk("wrap_up: 30s")
    ana = rig.agent("ana", capacity=1)
    kim = chats(rig, "kim")
    ana.accepts(kim)
    ana.resolves(kim)
    kim.on("webchat").says("one more")
    ana.is_offered(kim)
    assert ana.load == 1
    rig.restart()
    rig.fold()


def test_a_wrap_up_outlasts_a_thread_that_nothing_reopens() -> None:
    rig = desk("wrap_up: 2m, reopen_window: 1m")
    ana = rig.agent("ana", capacity=1)
    ana.accepts(chats(rig, "kim"))
    ana.resolves()
    rig.wait(minutes=1.5)
    assert ana.load == 1
    rig.wait(minutes=0.5)
    assert ana.load == 0
    assert rig.threads == []


def test_c5_a_pending_offer_counts_at_once() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=3)
    ana.is_offered(chats(rig, "a", "three"))
    assert ana.load == 3
    chats(rig, "b").waits()


def test_going_over_capacity_by_hand_is_recorded() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=1)
    ana.accepts(chats(rig, "a"))
    ana.takes(chats(rig, "b"))
    assert [event.over for event in rig.happened(ThreadAssigned)] == [False, True]


def test_a_chat_that_goes_on_by_mail_becomes_mail_at_that_message() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=1)
    joe = rig.customer("joe", webchat="joe", email="joe@x.example", verified=True)
    joe.on("webchat").says("one")
    ana.accepts()
    kim = chats(rig, "kim")
    kim.waits()
    joe.on("email").says("I had to leave, please write here")
    ana.is_offered(kim)
    assert (ana.row.live_load, ana.row.mail_load) == (1, 1)


WEIGHTS = """
version: 1
defaults: {queue: general, weights: {webchat: 3, email: 2}}
enrich: [{id: big, when: {message.text: {any_of: [big]}}, set: {weight: 5}}]
queues: {general: {}}
"""


def test_a_thread_weighs_what_its_channel_weighs_and_another_where_it_goes_on() -> None:
    rig = Rig(WEIGHTS)
    ana = rig.agent("ana", capacity=10)
    joe = rig.customer("joe", webchat="joe", email="joe@x.example", verified=True)
    joe.on("webchat").says("one")
    ana.accepts()
    assert ana.load == 3
    joe.on("email").says("two")
    assert ana.load == 2
    rig.restart()
    rig.fold()


def test_a_weight_that_a_rule_has_set_stays() -> None:
    rig = Rig(WEIGHTS)
    ana = rig.agent("ana", capacity=10)
    joe = rig.customer("joe", webchat="joe", email="joe@x.example", verified=True)
    joe.on("webchat").says("big")
    ana.accepts()
    joe.on("email").says("two")
    assert ana.load == 5


# --- dormant threads ---


def test_a_silent_customer_weighs_nothing_and_keeps_their_agent() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=1)
    (joe,) = asleep(rig, ana, "joe")
    joe.is_with(ana)
    assert ana.load == 0
    ana.is_offered(chats(rig, "kim"))


def test_whoever_waits_for_us_is_not_silent() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe = chats(rig, "joe")
    ana.accepts()
    rig.wait(minutes=30)
    assert not joe.thread.dormant


def test_mail_never_falls_dormant() -> None:
    rig = desk()
    ana = rig.agent("ana")
    joe = mails(rig, "joe")
    ana.accepts()
    ana.replies("Hello", joe)
    rig.wait(hours=30)
    assert not joe.thread.dormant


def test_w1_woken_threads_stay_over_capacity_and_nothing_new_is_offered_until_it_fits() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=2)
    woken = asleep(rig, ana, "a", "b", "c")
    for whom in woken:
        whom.on("webchat").says("there?")
        rig.wait(seconds=1)
    assert ana.load == 3
    assert [event.over for event in rig.happened(ThreadRoused)] == [False, False, True]
    new = chats(rig, "new")
    for whom in woken[:2]:
        new.waits()
        ana.replies("yes", whom)
        ana.resolves(whom)
    ana.is_offered(new)


def test_w2_whoever_gets_no_answer_goes_to_others_as_old_as_their_message() -> None:
    rig = desk()
    ana = rig.agent("ana", capacity=2)
    a, b, c = asleep(rig, ana, "a", "b", "c")
    for whom in (a, b, c):
        whom.on("webchat").says("there?")
    woke = rig.now
    ana.replies("yes", a)
    ana.replies("yes", b)
    bo = rig.agent("bo")
    rig.wait(minutes=1.999)
    c.is_with(ana)
    rig.wait(minutes=0.001)
    bo.is_offered(c)
    assert c.thread.routing_since == woke
    assert c.thread.queued_since == woke + 2 * MINUTE
    rig.restart()
    rig.fold()


def test_whoever_wakes_a_thread_of_somebody_who_is_away_is_queued_at_once() -> None:
    rig = desk()
    ana, bo = rig.agent("ana"), rig.agent("bo", status="offline")
    (joe,) = asleep(rig, ana, "joe")
    ana.goes("away")
    bo.goes("online")
    joe.on("webchat").says("there?")
    bo.is_offered(joe)


def test_never_is_never() -> None:
    rig = desk("dormant_after: never")
    ana = rig.agent("ana")
    (joe,) = asleep(rig, ana, "joe")
    assert not joe.thread.dormant


# --- who leaves a chat and is back ---


def test_w3_whoever_is_back_in_time_keeps_place_and_age() -> None:
    rig = desk("resume_window: 5m")
    joe = chats(rig, "joe")
    began = rig.now
    rig.wait(minutes=1)
    chats(rig, "kim")
    joe.leaves()
    rig.wait(minutes=4.999)
    joe.on("webchat").says("here I am")
    rig.wait(minutes=10)
    assert joe.thread.routing_since == began
    ana = rig.agent("ana", capacity=1)
    ana.is_offered(joe)


def test_w3_whoever_comes_later_begins_anew_and_the_first_entry_is_abandoned() -> None:
    rig = desk("resume_window: 5m")
    joe = chats(rig, "joe")
    joe.leaves()
    rig.wait(minutes=5)
    assert [event.thread for event in rig.happened(ThreadAbandoned)] == [1]
    joe.on("webchat").says("here I am")
    assert joe.thread.id == 2
    assert joe.thread.routing_since == rig.now
    rig.restart()
    rig.fold()


def test_w3_a_channel_says_of_an_address_that_whoever_has_it_left() -> None:
    rig = desk("resume_window: 5m")
    joe = chats(rig, "joe")
    gone = rig.now
    rig.wait(seconds=1)
    rig.restart()
    handle = joe.seen("webchat").id

    def leaves(since: int, of: str = handle) -> str:
        return rig.machine.put(CustomerLeft, handle=of, since=since).answer.code

    assert leaves(gone) == "left"
    assert rig.happened(CustomerAway)[-1].until == rig.now + 5 * 60_000
    joe.on("webchat").says("here I am")
    assert leaves(gone) == "unknown_thread"  # they have written since
    assert leaves(rig.now, "webchat:nobody") == "unknown_thread"
    ana = rig.agent("ana")
    ana.accepts()
    rig.wait(seconds=1)
    assert leaves(rig.now) == "taken"
    rig.fold()


def test_whoever_is_accepted_while_away_is_not_abandoned() -> None:
    rig = desk("resume_window: 5m")
    ana = rig.agent("ana")
    joe = chats(rig, "joe")
    joe.leaves()
    ana.accepts()
    rig.wait(minutes=6)
    joe.is_with(ana)
