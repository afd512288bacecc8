"""Queues with hours: while one is closed its threads are held (routing.md F4).

Nobody is asked for them, their clocks stand, and their customers are told.  At the opening all of
a queue's threads come back in one decision, so that the first in order is the first to be served,
and not the first whose timer fired.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.autoreplies import acknowledge
from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Phase, Thread, ThreadId
from omniroute.core.rules import Queue
from omniroute.core.states import WAITING
from omniroute.core.turn import Turn


def keep(turn: Turn, thread: Thread, queue: Queue) -> None:
    """Hold whoever waits in a queue that is closed; else plan when it closes."""
    hours = turn.state.rules.clock(queue.hours) if queue.hours else None
    if hours is None:
        if thread.closes_at:
            turn.emit(e.HoursPlanned(thread.id, 0))
    elif not hours.is_open(turn.at):
        turn.emit(e.ThreadHeld(thread.id, hours.next_open(turn.at)))
        _tell(turn, turn.thread(thread.id))
    elif thread.closes_at <= turn.at:
        turn.emit(e.HoursPlanned(thread.id, hours.closes(turn.at)))


def _tell(turn: Turn, thread: Thread) -> None:
    """Tell the customer when somebody is back, where an address is vouched for."""
    reply = turn.state.queue(thread.queue).closed_reply
    handle = turn.state.handles.get(thread.handle)
    if reply and thread.waiting and handle is not None:
        machine = isinstance(turn.input, MessageReceived) and turn.input.automatic
        acknowledge(turn, thread, reply, machine=machine, verified=handle.verified)


def time_came(turn: Turn, id: ThreadId) -> None:
    """The queue opens, for all who are held there; or it closes."""
    thread = turn.thread(id)
    if thread.phase is Phase.HELD and thread.opens_at <= turn.at:
        held = [
            other
            for other in turn.state.threads.values()
            if other.phase is Phase.HELD
            and other.queue == thread.queue
            and other.opens_at <= turn.at
        ]
        for other in sorted(held, key=turn.state.index.key):
            turn.emit(e.ThreadUnheld(other.id))
    elif thread.closes_at and thread.phase in WAITING and thread.closes_at <= turn.at:
        turn.touched[id] = None  # `keep` holds it, or finds other hours
