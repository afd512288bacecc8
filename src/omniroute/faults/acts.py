"""What agents do: accept, answer, resolve, put aside, join and part people; by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple

from omniroute.core import inputs as i
from omniroute.core.model import Phase, Thread
from omniroute.faults.life import TEAM

ASIDE: Final = 600_000  # ms that a thread is snoozed for


class Act(NamedTuple):
    """An input by its *key*; *answer* is the message's id, if it is an answer, and its text.

    *undoes* is the id of the answer that is taken back, if one is.
    """

    key: str
    make: Callable[[int], i.AnyInput]
    answer: str = ""
    undoes: str = ""


def any_act(chance: Random, threads: Sequence[Thread], number: int) -> Act | None:
    """Something to do to one of *threads*; *number* makes its key."""
    threads = [thread for thread in threads if thread.phase != Phase.CLOSED]
    if not threads:
        return None
    thread, key = chance.choice(threads), f"act/{number}"
    if thread.offers and not thread.agent:
        return _about_offer(chance, thread, key)
    if thread.held and chance.random() < 0.5:
        return _undo(chance, thread, key)
    agent, how = thread.agent or chance.choice(TEAM).id, chance.random()
    if how < 0.6:
        return _answer(chance, thread, key, agent, f"a{number}")
    if how < 0.8:
        return Act(key, lambda at: i.ThreadResolved(key=key, at=at, agent=agent, thread=thread.id))
    if how < 0.9:
        return Act(
            key,
            lambda at: i.SnoozeAsked(
                key=key, at=at, agent=agent, thread=thread.id, until=at + ASIDE
            ),
        )
    return _about_people(chance, thread, threads, key)


def _about_offer(chance: Random, thread: Thread, key: str) -> Act:
    offer = chance.choice(thread.offers)
    kind = i.OfferAccepted if chance.random() < 0.8 else i.OfferDeclined
    return Act(
        key,
        lambda at: kind(key=key, at=at, agent=offer.agent, thread=thread.id, offer=offer.id),
    )


def _undo(chance: Random, thread: Thread, key: str) -> Act:
    held = chance.choice(thread.held)
    return Act(
        key,
        lambda at: i.ReplyUndone(
            key=key, at=at, agent=held.agent, thread=thread.id, message=held.message
        ),
        undoes=held.message,
    )


def _answer(chance: Random, thread: Thread, key: str, agent: str, message: str) -> Act:
    hold = chance.choice((0, 5_000, 60_000))
    return Act(
        key,
        lambda at: i.ReplyWritten(
            key=key, at=at, agent=agent, thread=thread.id, message=message, seen=0,
            anyway=True, hold=hold,
        ),
        message,
    )  # fmt: skip


def _about_people(
    chance: Random, thread: Thread, threads: Sequence[Thread], key: str
) -> Act | None:
    a = thread.handle
    others = [other.handle for other in threads if other.handle and other.handle != a]
    if not a or not others:
        return None
    b = chance.choice(others)
    kind = i.MergeAsked if chance.random() < 0.7 else i.LinkDenied
    return Act(key, lambda at: kind(key=key, at=at, agent="ana", a=a, b=b))
