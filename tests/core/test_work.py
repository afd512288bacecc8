"""What agents do with threads, as transcripts."""

from __future__ import annotations

import pytest

from omniroute.core.events import (
    NoteAdded,
    ReplyReleased,
    ThreadAssigned,
    ThreadSolved,
    ThreadStranded,
)
from omniroute.core.inputs import ReplyWritten, TimerDue
from omniroute.core.model import Exclusion, Phase
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

TWO_QUEUES = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
enrich: [{id: french, when: {channel: telegram}, set: {need: {fr: 3}}}]
queues: {general: {}, other: {}}
"""
LADDER = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
route: [{id: r, to: {queue: general, need: {fr: 3}, for: 30s}, relax: [{drop: all}]}]
queues: {general: {}}
"""


def desk() -> tuple[Rig, Customer, Agent]:
    """Ana has Joe, who wrote in the chat."""
    rig = Rig(TWO_QUEUES)
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    return rig, joe, ana


# --- replies ---


def test_a_reply_goes_to_where_the_customer_wrote_last() -> None:
    _, joe, ana = desk()
    ana.replies("hello Joe")
    joe.on("email").says("I had to go")
    ana.replies("I see")
    joe.on("webchat").receives("hello Joe")
    joe.on("email").receives("I see")
    assert (joe.thread.replies, joe.thread.waiting) == (2, False)


def test_a_reply_answers_the_customer_s_last_message_there() -> None:
    rig, joe, ana = desk()
    ana.replies("hello Joe")
    joe.on("email").says("I had to go")
    ana.replies("I see")
    answered = [rig.stage.words[delivery.answers] for delivery in rig.deliveries]
    assert answered == ["hello", "I had to go"]


def test_a_held_reply_answers_what_was_there_when_it_was_written() -> None:
    rig, joe, ana = desk()
    ana.replies("hello Joe", hold=5)
    joe.on("email").says("I had to go")
    rig.wait(seconds=5)
    joe.on("webchat").receives("hello Joe")
    (delivery,) = rig.deliveries
    assert rig.stage.words[delivery.answers] == "hello"


def test_who_has_not_seen_the_last_message_is_stopped_unless_they_mean_it() -> None:
    _, joe, ana = desk()
    joe.on("webchat").says("and another thing")
    ana.replies("hello Joe", unseen=1, refused="customer_wrote")
    joe.on("webchat").receives_nothing()
    ana.replies("hello Joe", unseen=1, anyway=True)
    joe.on("webchat").receives("hello Joe")


def test_a_reply_can_be_undone_while_it_is_held() -> None:
    rig, joe, ana = desk()
    ana.replies("ups", hold=5)
    rig.wait(seconds=4.999)
    ana.undoes("ups")
    rig.wait(minutes=1)
    joe.on("webchat").receives_nothing()


def test_a_reply_cannot_be_undone_once_it_is_released() -> None:
    rig, joe, ana = desk()
    ana.replies("ups", hold=5)
    rig.wait(seconds=5)
    ana.undoes("ups", refused="too_late")
    joe.on("webchat").receives("ups")


def test_only_its_writer_and_a_lead_undo_a_reply() -> None:
    rig, joe, ana = desk()
    bo, lea = rig.agent("bo"), rig.lead("lea")
    ana.replies("ups", hold=5)
    bo.undoes("ups", joe, refused="not_yours")
    lea.undoes("ups", joe)


def test_a_held_reply_leaves_though_the_thread_is_resolved_given_away_or_its_writer_gone() -> None:
    rig, joe, ana = desk()
    ana.replies("one", hold=5)
    ana.resolves()
    rig.wait(seconds=5)
    lea = rig.lead("lea")
    lea.reopens(joe)
    lea.replies("two", joe, hold=5)
    lea.transfers(joe, to="other")
    rig.wait(seconds=5)
    ana.takes(joe)
    ana.replies("three", joe, hold=5)
    rig.without("ana")
    rig.wait(seconds=5)
    joe.on("webchat").receives("one", "two", "three")


def test_a_thread_is_not_closed_before_its_last_reply_has_left() -> None:
    rig = Rig(TWO_QUEUES.replace("other: {}", "other: {reopen_window: 3s}"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.transfers(to="other")
    ana.takes(joe)
    ana.replies("good bye", hold=5)
    ana.resolves()
    rig.wait(seconds=4)
    assert joe.thread.phase is Phase.RESOLVED
    rig.wait(seconds=1)
    joe.on("webchat").receives("good bye")
    assert rig.threads == []


def test_a_reply_that_leaves_when_the_window_ends_is_the_last_of_one_timer() -> None:
    rig = Rig(TWO_QUEUES.replace("general: {}", "general: {reopen_window: 5s}"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.replies("good bye", hold=5)
    ana.resolves()
    rig.wait(seconds=5)
    assert isinstance(rig.machine.journal[-1].input, TimerDue)
    assert not isinstance(rig.machine.journal[-2].input, TimerDue)
    joe.on("webchat").receives("good bye")
    assert rig.threads == []


def test_the_same_reply_has_the_same_effect_whenever_it_is_released() -> None:
    rig, joe, ana = desk()
    ana.replies("one", hold=5)
    held = joe.thread.held[0]
    rig.restart()
    rig.sleep(minutes=5)
    rig.machine.run_timers()
    (released,) = rig.happened(ReplyReleased)
    (delivery,) = rig.deliveries
    assert delivery.id == released.effect
    again = Rig(TWO_QUEUES)
    kim = again.customer("kim", webchat="v1")
    kim.on("webchat").says("hello")
    again.agent("ana")
    answer = again.machine.put(
        ReplyWritten, key=held.input, agent="ana", thread=1, message=held.message, seen=1
    )
    assert answer.effects[-1].id == released.effect


def test_whoever_answers_what_nobody_has_has_it() -> None:
    rig = Rig(TWO_QUEUES)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    bo.replies("hello Joe", joe)
    bo.has(joe)
    ana.is_told("taken:bo", kind="withdrawn")


def test_whoever_answers_what_they_are_offered_has_accepted_it() -> None:
    rig = Rig(TWO_QUEUES)
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.replies("hello Joe", joe)
    ana.has(joe)
    withdrawn = [card for card in rig.cards if card.kind == "withdrawn"]
    assert withdrawn == []
    assert [event.how for event in rig.happened(ThreadAssigned)] == ["reply"]


def test_whoever_answers_what_is_resolved_takes_it_up_again() -> None:
    rig, joe, ana = desk()
    ana.resolves()
    bo = rig.agent("bo")
    bo.replies("one more thing", joe)
    bo.has(joe)


def test_an_answer_wakes_what_sleeps() -> None:
    _, joe, ana = desk()
    ana.snoozes(minutes=60)
    ana.replies("sooner than I thought", joe)
    assert joe.thread.phase is Phase.ASSIGNED


def test_only_its_owner_and_a_lead_answer_a_thread() -> None:
    rig, joe, ana = desk()
    bo, lea = rig.agent("bo"), rig.lead("lea")
    assert bo.replies("me too", joe, refused="not_yours").values == {"by": "ana"}
    lea.replies("allow me", joe)
    ana.has(joe)


def test_a_failed_reply_is_told_to_whoever_has_the_thread() -> None:
    rig, _, ana = desk()
    ana.replies("hello Joe")
    rig.fails(rig.deliveries[-1])
    ana.is_told("failed")


def test_a_failed_reply_is_told_to_whoever_had_the_thread_if_nobody_has() -> None:
    rig, _, ana = desk()
    ana.replies("hello Joe")
    ana.transfers(to="other")
    rig.fails(rig.deliveries[-1])
    ana.is_told("failed")


def test_a_delivery_for_what_is_closed_is_noted_and_tells_nobody() -> None:
    rig, _, ana = desk()
    ana.replies("hello Joe")
    ana.resolves()
    rig.wait(hours=24 * 8)
    assert rig.threads == []
    before = len(rig.cards)
    decision = rig.fails(rig.deliveries[-1])
    assert [type(event).__name__ for event in decision.events] == ["ReplyFailed"]
    assert len(rig.cards) == before


# --- notes, tags, priority ---


def test_a_note_goes_to_nobody_outside() -> None:
    rig, joe, _ = desk()
    bo = rig.agent("bo")
    bo.notes("he is right", joe)
    assert len(rig.happened(NoteAdded)) == 1
    assert rig.deliveries == []


def test_tags_are_kept_in_order_and_once() -> None:
    _, joe, ana = desk()
    ana.tags(joe, add=["b", "a", "b"])
    ana.tags(joe, add=["c"], drop=["b"])
    assert joe.thread.tags == ("a", "c")
    version = joe.thread.version
    ana.tags(joe, add=["a"])
    ana.prioritises(joe, 20)
    assert joe.thread.version == version


# --- who has it ---


def test_who_takes_what_another_has_is_told_who() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo")
    assert bo.takes(joe, refused="taken").values == {"by": "ana"}
    ana.takes(joe)
    assert len(rig.happened(ThreadAssigned)) == 1


def test_taking_may_go_beyond_capacity_and_is_recorded_so() -> None:
    rig, _, ana = desk()
    bo = rig.agent("bo", capacity=0)
    kim = rig.customer("kim", webchat="v2")
    ana.goes("offline")
    kim.on("webchat").says("hello")
    bo.takes(kim)
    assert (bo.load, rig.happened(ThreadAssigned)[-1].over) == (1, True)


def test_a_transfer_to_an_agent_needs_no_offer_and_no_room() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo", capacity=0)
    ana.transfers(to=bo)
    bo.has(joe)
    bo.is_told("transfer:ana", kind="assigned")
    assert (ana.load, rig.happened(ThreadAssigned)[-1].over) == (0, True)


def test_a_transfer_to_a_queue_keeps_the_age_and_the_need_and_does_not_come_back() -> None:
    rig = Rig(TWO_QUEUES)
    ana = rig.agent("ana", fr=4)
    fleur = rig.customer("fleur", telegram="@fleur")
    fleur.on("telegram").says("bonjour")
    ana.accepts()
    before = fleur.thread
    rig.wait(minutes=5)
    ana.transfers(to="other")
    after = fleur.thread
    assert (after.queue, after.routing_since) == ("other", before.routing_since)
    assert after.steps[-1].need == {"fr": 3.0}
    assert after.excluded == (Exclusion("ana", "gave", rig.now + 10 * 60_000),)
    fleur.is_stranded(because="all_excluded")
    bo = rig.agent("bo", fr=4)
    bo.is_offered(fleur)


def test_what_is_stranded_and_handed_on_in_vain_is_stranded_again() -> None:
    rig, joe, ana = desk()
    ana.goes("offline")
    lea = rig.lead("lea")
    for _ in range(3):
        lea.transfers(joe, to="other")
        joe.is_stranded()
    assert len(rig.happened(ThreadStranded)) == 3


def test_a_transfer_ends_who_was_barred() -> None:
    rig = Rig(TWO_QUEUES)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.passes()
    bo.accepts()
    bo.transfers(to="other")
    ana.is_offered(joe)
    ana.accepts()
    ana.transfers(to=bo)
    assert joe.thread.excluded == ()


def test_a_lead_may_move_another_s_thread_who_is_told_and_not_asked_again() -> None:
    rig, joe, ana = desk()
    lea = rig.lead("lea")
    lea.transfers(joe, to="other")
    ana.is_told("transferred")
    assert joe.thread.excluded == (Exclusion("ana", "gave", rig.now + 10 * 60_000),)


@pytest.mark.parametrize(
    ("who", "to", "code"),
    [
        ("ana", "nowhere", "no_such_queue"),
        ("bo", "other", "not_yours"),
        ("ana", "@nobody", "no_such_agent"),
        ("ana", "@gone", "no_such_agent"),
        ("ana", "@offline", "not_here"),
        ("ana", "@ana", "already"),
    ],
)
def test_a_transfer_that_cannot_be_says_why(who: str, to: str, code: str) -> None:
    rig, joe, ana = desk()
    rig.agent("bo")
    rig.agent("offline", status="offline")
    rig.agent("gone")
    rig.without("gone")
    somebody = Agent(rig.stage, who)
    target = Agent(rig.stage, to[1:]) if to.startswith("@") else to
    somebody.transfers(joe, to=target, refused=code)
    ana.has(joe)


def test_what_is_resolved_is_not_transferred() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo")
    ana.resolves()
    ana.transfers(joe, to=bo, refused="resolved")


# --- later, and done ---


def test_what_is_put_aside_weighs_nothing_and_comes_back_at_its_time() -> None:
    rig, joe, ana = desk()
    ana.snoozes(minutes=60)
    assert ana.load == 0
    rig.wait(minutes=59.999)
    joe.is_snoozed()
    rig.wait(minutes=0.001)
    ana.has(joe)
    assert (joe.thread.phase, ana.load) == (Phase.ASSIGNED, 1)
    ana.is_told("woken")


def test_what_waits_for_the_customer_alone_is_woken_by_no_timer() -> None:
    rig, joe, ana = desk()
    ana.replies("which order?", hold=5)
    ana.snoozes()
    rig.wait(hours=24 * 30)
    joe.is_snoozed()
    joe.on("webchat").says("order 5")
    assert joe.thread.phase is Phase.ASSIGNED


def test_only_who_has_a_thread_and_a_lead_put_it_aside_or_resolve_it() -> None:
    rig, joe, ana = desk()
    bo, lea = rig.agent("bo", status="transfers"), rig.lead("lea")
    bo.snoozes(joe, minutes=5, refused="not_yours")
    bo.resolves(joe, refused="not_yours")
    lea.snoozes(joe, minutes=5)
    ana.transfers(joe, to="other")
    bo.snoozes(joe, minutes=5, refused="not_owned")
    bo.resolves(joe)
    assert bo.resolves(joe).code == "resolved"
    assert len(rig.happened(ThreadSolved)) == 1


def test_whoever_had_it_is_the_one_who_helped_though_a_lead_tidied_up() -> None:
    rig, joe, ana = desk()
    lea = rig.lead("lea")
    rig.wait(minutes=5)
    lea.resolves(joe)
    assert joe.row.last_agent == "ana"
    assert joe.thread.last_agent == "ana"
    assert ana.row.idle_since == rig.now


def test_what_is_reopened_is_the_reopener_s() -> None:
    rig, joe, ana = desk()
    ana.reopens(joe, refused="not_resolved")
    ana.resolves()
    bo = rig.agent("bo")
    bo.reopens(joe)
    bo.has(joe)


def test_what_is_reopened_begins_from_the_beginning() -> None:
    rig = Rig(LADDER)
    ana, bo = rig.agent("ana", fr=4), rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.passes()
    rig.wait(seconds=30)
    bo.accepts()
    assert (joe.thread.step, len(joe.thread.excluded)) == (1, 1)
    bo.resolves()
    bo.reopens(joe)
    rig.wait(minutes=5)
    rig.without("bo")
    assert (joe.thread.step, joe.thread.step_used, joe.thread.excluded) == (0, 0, ())
    ana.is_offered(joe)


def test_what_is_taken_after_it_was_resolved_is_reopened() -> None:
    rig, joe, ana = desk()
    ana.resolves()
    bo = rig.agent("bo")
    bo.takes(joe)
    bo.has(joe)
    bo.resolves()
    assert joe.row.last_agent == "bo"
