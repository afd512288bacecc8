"""What a plugin may do, in the order it happens.

Register hooks run once at start and hand over objects; one that raises stops the start, by name.
Enrich hooks run for every message before the decision; they are pure and cannot be async, since
their answers are recorded in the input and replayed from there; a failing one is left out and
named.  `omniroute_pick` decides among a few candidates and is recorded in the why.  The one
Observe hook runs after the commit; it may be async, is isolated and time-limited, and can harm
nothing.  A hook receives only the parameters it names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import click
import pluggy

from omniroute.channel import Address, Channel, Inbound
from omniroute.core.model import AgentId, Candidate, Evidence, Fact, Thread, ThreadId
from omniroute.desk import Desk
from omniroute.stores.api import Store

hookspec = pluggy.HookspecMarker("omniroute")
hookimpl = pluggy.HookimplMarker("omniroute")

StoreFactory = Callable[[str], Store]  # opens the store that a URL names


@dataclass(frozen=True, slots=True)
class Claim:
    """The sender of a message is also reached at *address*; how sure that is, and who says so."""

    address: Address
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that has been committed: ids and numbers, as the journal has it."""

    seq: int
    at: int  # ms since the epoch
    name: str  # "ThreadAssigned"
    thread: ThreadId | None
    values: Mapping[str, object]


# --- Register: once, at start ---


@hookspec
def omniroute_channels() -> Sequence[type[Channel]]:
    """Hand over the kinds of channel this plugin brings."""
    raise NotImplementedError


@hookspec
def omniroute_desks() -> Sequence[type[Desk]]:
    """Hand over the kinds of desk this plugin brings."""
    raise NotImplementedError


@hookspec
def omniroute_stores() -> Mapping[str, StoreFactory]:
    """Hand over stores by the scheme of their URL, such as ``redis``."""
    raise NotImplementedError


@hookspec
def omniroute_commands() -> Sequence[click.Command]:
    """Hand over commands for the command line."""
    raise NotImplementedError


# --- Enrich: per message, before the decision; pure ---


@hookspec
def omniroute_claims(inbound: Inbound, channel: str) -> Sequence[Claim]:
    """Say who the sender is besides; only verified evidence joins by itself."""
    raise NotImplementedError


@hookspec
def omniroute_facts(inbound: Inbound, channel: str) -> Mapping[str, Fact]:
    """Say what this message is about, in facts that rules can ask for."""
    raise NotImplementedError


# --- Decide: among at most 20 eligible candidates; pure ---


@hookspec(firstresult=True)
def omniroute_pick(thread: Thread, candidates: Sequence[Candidate]) -> AgentId | None:
    """Pick one candidate, or leave it (``None``) to the next plugin and to the queue's policy."""
    raise NotImplementedError


# --- Observe: after the commit ---


@hookspec
def omniroute_event(notice: Notice) -> Awaitable[None] | None:
    """Learn what has happened.

    An async hook runs on the event loop and is given up after 5 s; a plain one runs on a thread of
    its own, where it may block.  Each observer waits for itself alone, and hears everything in
    order, at most once.
    """
    raise NotImplementedError
