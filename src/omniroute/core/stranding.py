"""Threads that wait and nothing scheduled can help: never in silence (routing.md 2.9).

Leads are told, and again from time to time; the customer is told when to expect an answer; and
whatever happens afterwards that could help is heard.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.autoreplies import acknowledge
from omniroute.core.matching import Found
from omniroute.core.model import Phase, Thread, ThreadId
from omniroute.core.telling import tell_leads
from omniroute.core.turn import Turn

LOOP = 10
"""Acts of rules without one of a person in between, after which they are taken to go round."""


NO_QUEUE = "no_queue"
"""Why nobody can be asked for what waits in a queue that the rules do not have."""


def reason(found: Found) -> str:
    """Why nobody can be asked."""
    if found.barred or (found.counts["exclusion"] and not found.absent):
        return "all_excluded"
    return "nobody_present" if found.absent else "no_candidate"


def strand(turn: Turn, thread: Thread, why: str) -> None:
    """Say openly that nothing scheduled can change this thread's lot."""
    queue = turn.state.queue(thread.queue)
    again = queue.remind_ms is not None
    turn.emit(e.ThreadStranded(thread.id, why, turn.at + (queue.remind_ms or 0) if again else 0))
    tell_leads(turn, turn.thread(thread.id), f"stranded:{why}")
    if queue.stranded_reply and not thread.told_stranded:
        if thread.answerable:
            turn.emit(e.CustomerTold(thread.id))
        handle = turn.state.handles.get(thread.handle)
        verified = handle is not None and handle.verified
        acknowledge(
            turn,
            turn.thread(thread.id),
            queue.stranded_reply,
            machine=verified and not thread.answerable,
            verified=verified,
        )


def remind(turn: Turn, id: ThreadId) -> None:
    """Tell leads once more."""
    thread = turn.thread(id)
    if thread.phase is Phase.STRANDED and 0 < thread.remind_at <= turn.at:
        span = turn.state.queue(thread.queue).remind_ms
        turn.emit(e.StrandedReminded(id, turn.at + span if span is not None else 0))
        tell_leads(turn, turn.thread(id), "stranded:still")
