"""When a thread asks for attention of its own accord."""

from __future__ import annotations

import msgspec
import pytest

from omniroute.core.inputs import TimerDue
from omniroute.core.model import Held, Offer, Phase, Step, Thread
from omniroute.core.timers import next_due, snooze_end, step_end
from omniroute.testing.rig import Rig

WAITING = Thread(1, "c", 0, Phase.QUEUED, steps=(Step(span=30), Step()), clock_since=100)


def but(thread: Thread, **values: object) -> Thread:
    return msgspec.structs.replace(thread, **values)


def test_a_step_ends_when_its_span_has_run_on_the_step_clock() -> None:
    assert step_end(WAITING) == 130
    assert step_end(but(WAITING, step_used=20)) == 110


def test_a_step_without_a_span_does_not_end_nor_one_whose_clock_stands() -> None:
    assert step_end(but(WAITING, step=1)) is None
    assert step_end(but(WAITING, clock_since=None)) is None
    assert step_end(but(WAITING, phase=Phase.STRANDED)) is None
    assert step_end(but(WAITING, steps=())) is None


def test_a_snooze_until_the_customer_writes_does_not_end() -> None:
    assert snooze_end(but(WAITING, phase=Phase.SNOOZED, snoozed_until=500)) == 500
    assert snooze_end(but(WAITING, phase=Phase.SNOOZED)) is None
    assert snooze_end(but(WAITING, phase=Phase.ASSIGNED, snoozed_until=500)) is None


@pytest.mark.parametrize(
    ("thread", "due"),
    [
        (WAITING, 130),
        (but(WAITING, phase=Phase.OFFERED, offers=(Offer("1.1", "ana", 0, 70),)), 70),
        (but(WAITING, phase=Phase.ASSIGNED), None),
        (but(WAITING, phase=Phase.ASSIGNED, held=(Held("m", "ana", "h", 60, "k"),)), 60),
        (but(WAITING, phase=Phase.SNOOZED, snoozed_until=500), 500),
        (but(WAITING, phase=Phase.RESOLVED, reopen_until=900), 900),
        (
            but(
                WAITING,
                phase=Phase.RESOLVED,
                reopen_until=900,
                held=(Held("m", "ana", "h", 950, "k"),),
            ),
            950,
        ),
    ],
)
def test_the_earliest_moment_is_what_is_due(thread: Thread, due: int | None) -> None:
    assert next_due(thread) == due


def test_timers_act_in_the_order_of_their_times_then_of_their_threads() -> None:
    rig = Rig()
    lea = rig.lead("lea")
    customers = [rig.customer(name, webchat=name) for name in ("a", "b", "c")]
    for customer, minutes in zip(customers, (30, 20, 20), strict=True):
        customer.on("webchat").says("hello")
        lea.takes(customer)
        lea.snoozes(customer, minutes=minutes)
    rig.sleep(hours=1)
    rig.machine.run_timers()
    inputs = (done.input for done in rig.machine.journal)
    assert [timer.thread for timer in inputs if isinstance(timer, TimerDue)] == [2, 3, 1]


def test_a_timer_that_comes_again_or_too_early_does_nothing() -> None:
    rig = Rig()
    rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    until = joe.thread.offers[0].until
    assert rig.machine.put(TimerDue, thread=1, due=until).events == ()
    rig.wait(minutes=1)
    assert rig.machine.put(TimerDue, thread=1, due=until).events == ()
    assert rig.machine.put(TimerDue, thread=99, due=until).events == ()
