"""Whose time may come: a thread, an agent or a queue, in one value that can be a key."""

from __future__ import annotations

from typing import TypeAlias

from omniroute.core.model import AgentId, ThreadId

Owner: TypeAlias = ThreadId | AgentId  # or what `queue_owner` makes of a queue's name

_QUEUE = "q/"  # begins no agent's id


def queue_owner(queue: str) -> Owner:
    """A queue, as whoever has a timer."""
    return _QUEUE + queue


def queue_named(owner: Owner) -> str:
    """The queue that an owner is; empty where it is another."""
    queue = isinstance(owner, str) and owner.startswith(_QUEUE)
    return str(owner).removeprefix(_QUEUE) if queue else ""
