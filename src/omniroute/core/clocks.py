"""Clocks of a thread, kept in step with whatever an input did to it.

Promotion (routing.md 2.7): each span that a thread waits, its priority rises by one, on the clock
of its promise, so that a closed night makes nobody older.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import opening, overflow, promises, resting, surveys
from omniroute.core.model import Thread, ThreadId
from omniroute.core.rules import Queue, RuleSet
from omniroute.core.states import ASSIGNED, CLOSED, FOLDED, OFFERED, QUEUED, STRANDED
from omniroute.core.timers import promotion
from omniroute.core.turn import Turn
from omniroute.core.urgency import HIGHEST, due


def keep(turn: Turn) -> None:
    """Set the clocks of every thread that something has happened to."""
    if not turn.touched:
        return
    touched, turn.touched = turn.touched, {}
    state, threads = turn.state, turn.state.threads
    for id in touched:
        thread = threads.get(id)
        if thread is None:
            continue
        phase = thread.phase  # compared by identity: to look an enum up in a set takes its time
        if phase is CLOSED or phase is FOLDED:
            continue
        if phase is QUEUED or phase is STRANDED:
            opening.keep(turn, thread, state.queue(thread.queue))
            thread = threads[id]
        promises.keep(turn, thread)
        if thread.survey is not None:
            surveys.keep(turn, threads[id])
        thread = threads[id]
        phase = thread.phase
        if phase is ASSIGNED:
            if thread.replies:
                resting.keep(turn, thread)
        elif phase is QUEUED or phase is OFFERED or phase is STRANDED:
            queue = state.queue(thread.queue)
            _plan_promotion(turn, thread, queue)
            if queue.overflow and phase is not OFFERED:
                overflow.plan(turn, threads[id])
    if turn.touched:
        turn.touched = {}


def first_promotion(rules: RuleSet, queue: Queue, clock: str, at: int) -> int:
    """When a thread that begins to wait at *at* rises first; 0 for never."""
    if queue.promote_after_ms is None:
        return 0
    return due(rules.clock(clock), at, queue.promote_after_ms)


def _plan_promotion(turn: Turn, thread: Thread, queue: Queue) -> None:
    """A thread that waits anew begins a new span; a queue may promote nobody."""
    if queue.promote_after_ms is None or thread.priority >= HIGHEST:
        if thread.promote_at:
            turn.emit(e.PromotionPlanned(thread.id, 0))
    elif thread.promote_at <= turn.at:
        first = first_promotion(turn.state.rules, queue, thread.sla.clock, turn.at)
        turn.emit(e.PromotionPlanned(thread.id, first))


def promote(turn: Turn, id: ThreadId) -> None:
    """Raise a waiting thread's priority by one for each span that is over by now."""
    thread = turn.thread(id)
    while (rise := promotion(thread)) is not None and rise <= turn.at:
        span = turn.state.queue(thread.queue).promote_after_ms
        if span is None or thread.priority >= HIGHEST:
            return turn.emit(e.PromotionPlanned(id, 0))
        next = due(turn.state.rules.clock(thread.sla.clock), rise, span)
        turn.emit(e.ThreadPromoted(id, thread.priority + 1, rise, next))
        thread = turn.thread(id)
    return None
