"""What shall be done outside, in the imperative.  An effect's id comes from its cause.

Deciding the same input again yields the same ids, so a receipt that is already there suppresses
a second sending (`reference: effects keyed by cause`).
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import msgspec

from omniroute.core.model import AgentId, HandleId, MessageId, ThreadId


class Effect(msgspec.Struct, frozen=True, omit_defaults=True, tag=True, tag_field="do", gc=False):
    """One thing to do, once."""

    id: str
    thread: ThreadId


class Deliver(Effect, frozen=True):
    """Send a message to a customer's handle, as an answer to what came from there."""

    message: MessageId
    handle: HandleId
    answers: MessageId
    agent: AgentId = ""
    reply: str = ""  # a canned reply's name; the text is the rule set's
    begins: tuple[str, str] | None = None  # a conversation, by this channel and account
    bot: bool = False  # the agent is one: no person wrote it
    copies: tuple[HandleId, ...] = ()  # who gets one besides
    wait: tuple[int, int] | None = None  # for a canned reply that tells it: likely, and late (ms)
    survey: str = ""  # the rule whose question this is
    until: int = 0  # until when an answer to it counts


class Present(Effect, frozen=True):
    """Show an agent a card on their desk."""

    agent: AgentId
    kind: str  # of `omniroute.CardKind`
    version: int
    offer: str = ""
    until: int = 0
    reason: str = ""


class Recall(Effect, frozen=True):
    """Stop a message on its way to a customer, if it has not left."""

    message: MessageId
    handle: HandleId
    effect: str  # the one that sends it


class Change(Effect, frozen=True):
    """Change or delete at the customer's what another effect has sent there."""

    message: MessageId
    handle: HandleId
    effect: str  # the one that sent it
    how: str  # edited | deleted


AnyEffect: TypeAlias = Deliver | Present | Recall | Change


def effect_id(cause: str, kind: str, destination: str, ordinal: int = 0) -> str:
    """The id of an effect, 26 characters, the same whenever the same cause is decided."""
    named = "\x1f".join((cause, kind, destination, str(ordinal)))
    return hashlib.blake2b(named.encode(), digest_size=13).hexdigest()
