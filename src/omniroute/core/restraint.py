"""When machines of ours say nothing for a while, by mail (reliability.md I7, I9).

Whoever forges senders makes a desk's acknowledgements into mail that strangers get, and addresses
that are dead send them back by the thousand.  So automatic replies to people who do not wait on the
other side pause: everywhere once there were many within an hour; in a realm, the domain of an
address, or everywhere, once many of our messages came back from there.  Leads are told, and an
admin may end a pause.  What agents write goes out all the same.
"""

from __future__ import annotations

from typing import Final

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import HandleId, Pause, Thread
from omniroute.core.quiet import EVERYWHERE, HOUR, SLOT, pauses, realm_of, recent
from omniroute.core.telling import tell_leads
from omniroute.core.turn import Answer, Turn

SENT: Final = "sent"
CAME_BACK: Final = "came_back"


def why_quiet(turn: Turn, thread: Thread) -> str:
    """Why no automatic reply goes out now to where the customer wrote; empty: it may.

    Beginning a pause where the next reply would be one too many.
    """
    if thread.live:
        return ""  # somebody waits on the other side: nobody's sender is forged there
    realm = realm_of(turn.state.handles.get(thread.handle))
    for pause in pauses(turn.state.automation, turn.at):
        if pause.realm in (EVERYWHERE, realm):
            return f"paused_{pause.because}"
    sent = recent(turn.state.automation, turn.at).sent
    count = sum(number for _, number in sent)
    if count < turn.state.rules.defaults.automatic.per_hour:
        return ""
    until = min(slot for slot, _ in sent) + HOUR + SLOT
    _pause(turn, Pause(EVERYWHERE, SENT, turn.at, until, count), thread)
    return f"paused_{SENT}"


def came_back(turn: Turn, handle: HandleId, thread: Thread | None) -> None:
    """Pause where so many messages have come back that sending more would do harm."""
    realm = realm_of(turn.state.handles.get(handle))
    limits = turn.state.rules.defaults.automatic
    already = {p.realm for p in pauses(turn.state.automation, turn.at)}
    rows = recent(turn.state.automation, turn.at).returned
    both = {EVERYWHERE: limits.returned_all} | ({realm: limits.returned} if realm else {})
    for where, most in both.items():
        count = sum(number for there, _, number in rows if there == where)
        if count < most or not already.isdisjoint({where, EVERYWHERE}):
            continue
        until = turn.at + limits.pause_ms
        _pause(turn, Pause(where, CAME_BACK, turn.at, until, count, handle), thread)


def _pause(turn: Turn, pause: Pause, thread: Thread | None) -> None:
    turn.emit(e.AutomaticRepliesPaused(pause))
    if thread is not None:
        tell_leads(turn, thread, f"quiet:{pause.because}:{pause.count}")


def resume(turn: Turn, asked: i.ResumeAsked) -> Answer:
    """End a pause before its time."""
    if all(p.realm != asked.realm for p in pauses(turn.state.automation, turn.at)):
        return Answer(False, "not_paused")
    turn.emit(e.AutomaticRepliesResumed(asked.realm, asked.by))
    return Answer(True, "resumed")
