"""Queues with hours, as transcripts (routing.md F4)."""

from omniroute.core.events import ThreadHeld, ThreadStranded
from omniroute.core.urgency import HOUR, MINUTE
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

# The rig's clock begins on Monday 2026-01-05 at 08:00 UTC.
DESK = """
version: 1
calendars:
  office: {tz: UTC, open: {mon-fri: "08:00-18:00"}, closed: ["01-06"]}
skills: {fr: {}}
defaults: {queue: general, sla: {first_reply: 12h, clock: always}}
enrich:
  - {id: urgent, when: {message.text: {any_of: [urgent]}}, set: {priority: urgent}}
route:
  - id: french
    when: {message.text: {any_of: [bonjour]}}
    to: {queue: general, need: {fr: 3}, for: 1h}
    relax: [{drop: all}]
  - {id: always, when: {message.text: {any_of: [always]}}, to: {queue: open}}
  - {id: all, to: {queue: general}}
queues:
  general: {hours: office, closed_reply: closed, promote_after: never, offer: {timeout: 1h}}
  open: {}
replies: {closed: {en: "We are back {calendar.office.next_open}."}}
"""


def writes(rig: Rig, name: str, text: str = "hello") -> Customer:
    whom = rig.customer(name, email=f"{name}@x.example")
    whom.on("email").says(text)
    return whom


def test_f4_at_closing_those_who_wait_are_held_and_told_and_served_in_order_at_opening() -> None:
    rig = Rig(DESK)
    rig.agent("full", capacity=0)
    first, second, urgent = writes(rig, "a"), writes(rig, "b"), writes(rig, "c", "urgent")
    rig.wait(hours=9.999)
    first.waits()
    rig.wait(hours=0.001)
    for whom in (first, second, urgent):
        whom.is_held()
        whom.on("email").receives("closed")
    ana = rig.agent("ana", capacity=1)
    rig.wait(hours=24)  # Tuesday is a holiday
    ana.is_not_asked()
    stranded = len(rig.happened(ThreadStranded))
    rig.wait(hours=14)
    ana.is_offered(urgent)
    ana.accepts(urgent)
    ana.resolves(urgent)
    ana.is_offered(first)
    second.waits()
    assert len(rig.happened(ThreadStranded)) == stranded  # no storm of alerts
    rig.restart()
    rig.fold()


def test_f4_clocks_stand_while_the_queue_is_closed() -> None:
    rig = Rig(DESK)
    rig.agent("ana", status="offline")
    joe = writes(rig, "joe")
    due = joe.thread.deadline
    rig.wait(hours=11)
    (target,) = joe.thread.targets
    assert (target.due, target.left) == (0, 2 * HOUR)
    rig.wait(hours=37)
    assert joe.thread.deadline == due + 38 * HOUR


def test_the_step_clock_stands_too() -> None:
    rig = Rig(DESK)
    rig.wait(hours=9.5)
    rig.agent("ana", status="online", fr=0)
    joe = writes(rig, "joe", "bonjour")
    rig.wait(hours=38.5)  # half an hour of the step, then a night and a holiday
    assert (joe.thread.step, joe.thread.step_used) == (0, 30 * MINUTE)
    rig.wait(minutes=30)
    assert joe.thread.step == 1


def test_whoever_writes_at_night_is_held_at_once() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    rig.wait(hours=12)
    joe = writes(rig, "joe")
    joe.is_held()
    joe.on("email").receives("closed")
    joe.on("email").says("hello again")
    joe.on("email").receives("closed")
    ana.is_not_asked()
    ana.takes(joe)  # by hand one may
    joe.is_with(ana)


def test_an_offer_that_is_out_at_closing_runs_its_time() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana")
    rig.wait(hours=9.9)
    joe = writes(rig, "joe")
    rig.wait(hours=0.2)
    ana.is_offered(joe)
    ana.passes(joe)
    joe.is_held()


def test_who_moves_to_a_queue_that_is_open_is_held_no_more() -> None:
    rig = Rig(DESK)
    rig.wait(hours=12)
    joe = writes(rig, "joe")
    lead = rig.lead("lena")
    ana = rig.agent("ana")
    lead.transfers(joe, to="open")
    ana.is_offered(joe)


def test_a_machine_is_not_told() -> None:
    rig = Rig(DESK)
    rig.wait(hours=12)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("I am out of office", automatic=True)
    joe.is_held()
    joe.on("email").receives_nothing()


def test_a_queue_without_hours_is_always_open() -> None:
    rig = Rig(DESK)
    rig.wait(hours=12)
    writes(rig, "joe", "always")
    assert rig.happened(ThreadHeld) == []
