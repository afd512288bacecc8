"""Replies that nobody writes: canned ones, sent to where the customer wrote."""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.acknowledging import told_lately
from omniroute.core.effects import effect_id
from omniroute.core.model import MessageId, Thread, Voice
from omniroute.core.restraint import why_quiet
from omniroute.core.states import WAITING
from omniroute.core.turn import Turn
from omniroute.core.waits import of_thread


def reply_by_itself(
    turn: Turn,
    thread: Thread,
    reply: str,
    *,
    to: Voice | None = None,
    survey: str = "",
    until: int = 0,
) -> MessageId:
    """Send an automatic reply to where the customer wrote last, or *to* where else they have
    written; it may be a *survey*'s question, which can be answered *until* then."""
    effect = turn.effect("reply", f"{thread.id}/{reply}")
    message = effect_id(turn.input.key, "message", reply)
    handle, answers = (to.handle, to.message) if to is not None else (thread.handle, "")
    turn.emit(e.AutomaticReplyReleased(thread.id, message, handle, reply, effect))
    wait = _wait(turn, thread, reply)
    turn.deliver(
        thread, message, handle, effect, reply=reply, answers=answers, wait=wait, survey=survey,
        until=until,
    )  # fmt: skip
    return message


def _wait(turn: Turn, thread: Thread, reply: str) -> tuple[int, int] | None:
    """What the customer can expect, where the reply says so and it is known."""
    rules = turn.state.known_rules(thread.rules) or turn.state.rules
    if reply not in rules.waiting_told or thread.phase not in WAITING:
        return None
    wait = of_thread(turn.state, thread)
    return None if wait is None else (wait.likely, wait.late)


def acknowledge(
    turn: Turn, thread: Thread, reply: str, *, machine: bool = False, verified: bool = True
) -> None:
    """The same for a reply that says no more than that they are heard: to people, once a day.

    *machine*: what it would answer was written by one; *verified*: somebody vouches for whoever
    wrote it.  Two programs that answer each other do not stop, and a forged sender has asked for
    nothing; so why there is no reply is recorded instead.
    """
    customer = turn.state.customers[thread.customer]
    if machine:
        because = "machine"
    elif not verified:
        because = "unverified"
    elif told_lately(customer.told, reply, turn.at):
        because = "told"
    else:
        because = why_quiet(turn, thread)
    if not because:
        reply_by_itself(turn, thread, reply)
        return
    turn.explain("unsaid", thread=thread.id, reply=reply, because=because)
