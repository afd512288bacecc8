"""When a thread next asks for attention of its own accord.

Due times are derived from the thread itself, never stored: an offer's end, a step's end, the end
of a snooze, of the reopen window, of a reply's undo.  A timer that fires twice or late finds
nothing, or everything, that is due by then.
"""

from __future__ import annotations

from omniroute.core.model import Phase, Thread


def step_end(thread: Thread) -> int | None:
    """When the present relaxation step ends, while its clock runs."""
    if thread.clock_since is None or thread.phase is not Phase.QUEUED or not thread.steps:
        return None
    span = thread.steps[thread.step].span
    return None if span is None else thread.clock_since + span - thread.step_used


def snooze_end(thread: Thread) -> int | None:
    """When a snooze ends by itself; None if only the customer can end it."""
    if thread.phase is not Phase.SNOOZED or not thread.snoozed_until:
        return None
    return thread.snoozed_until


def next_due(thread: Thread) -> int | None:
    """The earliest moment at which something about *thread* is due, or None."""
    moments = [offer.until for offer in thread.offers]
    moments += [held.release for held in thread.held]
    if (end := step_end(thread)) is not None:
        moments.append(end)
    if (end := snooze_end(thread)) is not None:
        moments.append(end)
    if thread.phase is Phase.RESOLVED and not thread.held:
        moments.append(thread.reopen_until)
    return min(moments, default=None)
