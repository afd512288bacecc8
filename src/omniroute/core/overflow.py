"""Help from other teams, while a queue cannot serve its threads by itself (routing.md 2.9).

A queue's overflow rules are looked at when a thread of it finds nobody, and when it has waited as
long as one of them says.  A rule that holds adds teams to the thread's candidates; it takes nobody
away, and the thread keeps its age.  A guard spares a lender whose own queue is behind.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.model import Thread, ThreadId
from omniroute.core.rules import Overflow
from omniroute.core.states import WAITING
from omniroute.core.turn import Turn
from omniroute.core.urgency import MINUTE
from omniroute.core.waits import of_thread

AGAIN = MINUTE
"""How soon a guard that has spared a lender is asked again (ms)."""


def widen(turn: Turn, thread: Thread, hopeful: bool) -> bool:
    """Apply the first overflow rule that holds for a thread that finds nobody; whether one did."""
    for number, rule in enumerate(turn.state.queue(thread.queue).overflow):
        if number in thread.overflowed or not _holds(turn, thread, rule, hopeful):
            continue
        share = _spared(turn, rule)
        turn.explain("overflow", thread=thread.id, rule=number, add=list(rule.add), **share)
        if not share:
            left = (*thread.overflowed, number)
            turn.emit(e.Overflowed(thread.id, number, rule.add, next_look(turn, thread, left)))
            return True
    return False


def _holds(turn: Turn, thread: Thread, rule: Overflow, hopeful: bool) -> bool:
    if rule.nobody_present and hopeful:
        return False
    if rule.waited_ms is not None and turn.at - thread.routing_since < rule.waited_ms:
        return False
    if (
        rule.length is not None
        and turn.state.index.crowd(thread.queue, thread.live)[0] <= rule.length
    ):
        return False
    if rule.expected_wait_ms is not None:
        wait = of_thread(turn.state, thread)
        return wait is not None and wait.likely > rule.expected_wait_ms
    return True


def _spared(turn: Turn, rule: Overflow) -> dict[str, object]:
    """Why the lender is spared, or nothing."""
    pace = turn.state.paces.get(rule.lender) if rule.lender else None
    if pace is None or not pace.taken or pace.in_time >= rule.below:
        return {}
    return {"spared": rule.lender, "in_time": round(pace.in_time, 3), "below": rule.below}


def next_look(turn: Turn, thread: Thread, done: tuple[int, ...]) -> int:
    """When a rule is next to be looked at for the time that the thread has waited; 0 for never."""
    rules = enumerate(turn.state.queue(thread.queue).overflow)
    spans = [r.waited_ms for n, r in rules if n not in done and r.waited_ms is not None]
    moments = [thread.routing_since + span for span in spans]
    later = [at for at in moments if at > turn.at]
    if len(later) < len(moments):  # one that held, or would have, was guarded
        later.append(turn.at + AGAIN)
    return min(later, default=0)


def plan(turn: Turn, thread: Thread) -> None:
    """Set the clock of a thread that has begun to wait, in a queue that has such rules."""
    if thread.overflow_at <= turn.at:
        next = next_look(turn, thread, thread.overflowed)
        if next != thread.overflow_at:
            turn.emit(e.OverflowPlanned(thread.id, next))


def look(turn: Turn, id: ThreadId) -> None:
    """Its time has come: have the thread matched once more."""
    thread = turn.thread(id)
    if thread.phase in WAITING and 0 < thread.overflow_at <= turn.at:
        turn.emit(e.OverflowPlanned(id, next_look(turn, thread, thread.overflowed)))
        turn.state.index.queued[id] = None
