"""Promises and their clocks, as transcripts (routing.md 1, "Measures"; 2.7; D14)."""

from datetime import datetime

import pytest

from omniroute.core.events import TargetMissed, TargetStopped
from omniroute.core.urgency import HOUR, MINUTE
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

# The rig's clock begins on Monday 2026-01-05 at 08:00 UTC.
DESK = """
version: 1
calendars:
  office: {tz: UTC, open: {mon-fri: "09:00-17:00"}, closed: ["01-06"]}
  berlin: {tz: Europe/Berlin, open: {mon-sun: "00:00-24:00"}}
defaults: {queue: general, sla: {first_reply: 10m, next_reply: 5m}}
enrich:
  - {id: office, when: {message.text: {any_of: [office]}}, set: {sla: {clock: office}}}
  - {id: solve, when: {message.text: {any_of: [solve]}}, set: {sla: {resolution: 2h}}}
queues: {general: {deadline: 3h, offer: {timeout: 3d}}, second: {}}
"""


def writes(rig: Rig, text: str = "hello") -> Customer:
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says(text)
    return joe


def stopped(rig: Rig) -> list[tuple[str, str, int]]:
    return [(e.kind, e.how, e.took) for e in rig.happened(TargetStopped)]


def test_the_first_reply_is_due_from_the_first_message_on() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    joe = writes(rig)
    began = rig.now
    rig.wait(minutes=2)
    joe.on("email").says("are you there?")  # a burst starts one clock
    assert joe.thread.deadline == began + 10 * MINUTE
    ana.accepts()
    ana.notes("looking")  # a note is no answer
    rig.wait(minutes=2)
    ana.replies("Yes", joe)
    assert stopped(rig) == [("first_reply", "met", 4 * MINUTE)]
    assert joe.thread.targets == ()


def test_an_automatic_reply_keeps_no_promise() -> None:
    rig = Rig(
        DESK
        + """
route: [{id: all, to: {queue: general}, reply: hello}]
replies: {hello: {en: "We are on it."}}
"""
    )
    joe = writes(rig)
    joe.on("email").receives("hello")
    assert [target.kind for target in joe.thread.targets] == ["first_reply"]


def test_each_later_turn_of_the_customer_starts_a_clock_of_its_own() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    joe = writes(rig)
    ana.accepts()
    ana.replies("Yes?", joe)
    rig.wait(hours=1)
    joe.on("email").says("it is broken")
    rig.wait(minutes=1)
    joe.on("email").says("still broken")
    assert joe.thread.deadline == rig.now + 4 * MINUTE
    rig.wait(minutes=3)
    ana.replies("Mended", joe)
    assert stopped(rig)[-1] == ("next_reply", "met", 4 * MINUTE)


def test_a_promise_that_is_not_kept_is_said_so_once() -> None:
    rig = Rig(DESK)
    joe = writes(rig)
    ana = rig.agent("ana", status="offline")
    due = joe.thread.deadline
    rig.wait(minutes=9.99)
    assert rig.happened(TargetMissed) == []
    rig.wait(hours=2)
    assert rig.happened(TargetMissed) == [TargetMissed(joe.thread.id, "first_reply", due)]
    ana.goes("online")
    ana.accepts()
    ana.replies("At last", joe)
    assert stopped(rig) == [("first_reply", "met", 7_799_400)]


def test_a_promise_is_missed_by_whoever_has_the_thread_too() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    writes(rig)
    ana.accepts()
    rig.wait(minutes=10)
    assert len(rig.happened(TargetMissed)) == 1


def test_d14_on_business_hours_only_these_count() -> None:
    rig = Rig(DESK)
    joe = writes(rig, "office")  # Monday 08:00; open from 09:00; Tuesday is a holiday
    assert joe.thread.deadline == rig.now + HOUR + 10 * MINUTE
    rig.wait(hours=8.9)  # Monday 16:54
    eve = rig.customer("eve", email="eve@x.example")
    eve.on("email").says("office")
    assert eve.thread.deadline == rig.now + 6 * MINUTE + 40 * HOUR + 4 * MINUTE
    ana = rig.agent("ana")
    rig.wait(hours=40.1)  # Wednesday 09:00
    ana.accepts(eve)
    ana.replies("Good morning", eve)
    assert ("first_reply", "met", 6 * MINUTE) in stopped(rig)


@pytest.mark.parametrize(
    ("clock", "promised", "wrote", "due"),
    [
        # Berlin's clocks go forward on Sunday, 29 March 2026, from 02:00 to 03:00.
        ("office", "1h", "2026-03-27T16:30+01:00", "2026-03-30T09:30+02:00"),
        ("always", "2h", "2026-03-29T01:30+01:00", "2026-03-29T04:30+02:00"),
        ("round", "2h", "2026-03-29T01:30+01:00", "2026-03-29T04:30+02:00"),
        ("night", "3h", "2026-03-28T23:30+01:00", "2026-03-29T03:30+02:00"),
        # And back on Sunday, 25 October, from 03:00 to 02:00.
        ("office", "1h", "2026-10-23T16:30+02:00", "2026-10-26T09:30+01:00"),
        ("always", "2h", "2026-10-25T01:30+02:00", "2026-10-25T02:30+01:00"),
        ("round", "2h", "2026-10-25T01:30+02:00", "2026-10-25T02:30+01:00"),
        ("night", "3h", "2026-10-24T23:30+02:00", "2026-10-25T02:30+02:00"),
    ],
)
def test_a_change_of_clocks_neither_gives_nor_takes_an_hour(
    clock: str, promised: str, wrote: str, due: str
) -> None:  # D14; experience.md, 30
    rig = Rig(f"""
version: 1
calendars:
  office: {{tz: Europe/Berlin, open: {{mon-fri: "09:00-17:00"}}}}
  round: {{tz: Europe/Berlin, open: {{mon-sun: "00:00-24:00"}}}}
  night: {{tz: Europe/Berlin, open: {{mon-sun: "22:00-06:00"}}}}
defaults: {{queue: general, sla: {{first_reply: {promised}, clock: {clock}}}}}
queues: {{general: {{promote_after: never}}}}
""")
    rig.wait(minutes=(moment(wrote) - rig.now) / MINUTE)
    assert writes(rig).thread.deadline == moment(due)


def moment(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_the_resolution_stands_while_we_wait_for_the_customer() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    joe = writes(rig, "solve this")
    ana.accepts()
    rig.wait(minutes=5)
    ana.replies("Which version?", joe)
    rig.wait(hours=30)
    joe.on("email").says("the latest")
    assert joe.thread.deadline == rig.now + 5 * MINUTE  # the next reply comes first
    ana.replies("Mended", joe)
    ana.resolves()
    assert rig.happened(TargetMissed) == []
    assert stopped(rig)[-1] == ("resolution", "met", 5 * MINUTE)
    joe.on("email").says("solve this")
    assert {target.kind for target in joe.thread.targets} == {"next_reply", "resolution"}


def test_solved_without_an_answer_the_promise_of_a_reply_is_dropped() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    writes(rig)
    ana.accepts()
    ana.resolves()
    assert stopped(rig) == [("first_reply", "dropped", 0)]


def test_where_nothing_is_promised_the_queue_has_a_deadline() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    joe = writes(rig)
    ana.accepts()
    ana.replies("My colleagues will look at it", joe)
    rig.wait(hours=5)
    ana.transfers(to="general")
    assert joe.thread.deadline == rig.now + 3 * HOUR


def test_handing_over_leaves_the_clock_running() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    joe = writes(rig)
    ana.accepts()
    due = joe.thread.deadline
    rig.wait(minutes=3)
    ana.transfers(to="second")
    assert joe.thread.deadline == due


def test_other_rules_count_from_the_same_beginning_when_they_are_asked_again() -> None:
    rig = Rig(DESK)
    joe = writes(rig)
    rig.wait(minutes=1)
    rig.restart()
    rig.fold()
    assert joe.thread.targets[0].since == rig.now - MINUTE
