"""A queue that is deep: somebody is told once, and again while it stays so (experience.md 3.1).

How many wait is looked at whenever something happens to a thread of the queue, and when it is time
to tell again.  The card that tells of it is that of the thread that was the last to come.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import NO_PACE, Thread
from omniroute.core.rules import Alert
from omniroute.core.telling import tell_leads, tell_named
from omniroute.core.turn import Answer, Turn


def watch(turn: Turn) -> None:
    """Tell of the queues that have become deep with this input, or are so still."""
    queues: dict[str, Thread] = {}
    for id in dict.fromkeys(
        event.thread for event in turn.events if isinstance(event, e.ThreadEvent)
    ):
        thread = turn.state.threads.get(id)
        if thread is not None and turn.state.queue(thread.queue).alert is not None:
            queues[thread.queue] = thread
    for name, thread in queues.items():
        alert = turn.state.queue(name).alert
        assert alert is not None
        _look(turn, name, thread, alert)


def _look(turn: Turn, queue: str, thread: Thread, alert: Alert) -> None:
    waiting, _, _ = turn.state.index.crowd(queue, thread.live)
    told_at = turn.state.paces.get(queue, NO_PACE).alerted_at
    if waiting < alert.depth:
        if told_at:
            turn.emit(e.QueueEased(queue))
        return
    if told_at and (alert.again_ms is None or turn.at - told_at < alert.again_ms):
        return
    _tell(turn, queue, thread, alert, waiting)


def time_came(turn: Turn, asked: i.QueueTimerDue) -> Answer:
    """Tell once more, if the queue is deep still; the rules may not ask for it any more."""
    pace = turn.state.paces.get(asked.queue, NO_PACE)
    if not pace.remind_at or pace.remind_at > turn.at:
        return Answer(True, "nothing_due")
    alert = turn.state.queue(asked.queue).alert
    latest = turn.state.index.latest(asked.queue)
    waiting, _, _ = turn.state.index.crowd(asked.queue, live=False)
    if alert is None or latest is None or waiting < alert.depth:
        turn.emit(e.QueueEased(asked.queue))
    else:
        _tell(turn, asked.queue, latest, alert, waiting)
    return Answer(True, "timer")


def _tell(turn: Turn, queue: str, thread: Thread, alert: Alert, waiting: int) -> None:
    again = turn.at + alert.again_ms if alert.again_ms is not None else 0
    turn.emit(e.QueueDeep(queue, waiting, again))
    reason = f"deep:{queue}:{waiting}"
    if alert.to:
        tell_named(turn, thread.id, alert.to, reason)
    else:
        tell_leads(turn, thread, reason)
