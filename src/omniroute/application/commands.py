"""What an actor may ask to be done: the agents' verbs as typed values.

Text travels here and ends in private rows; the core is given ids only.  *key* makes an action
idempotent: the same key again gets the same answer and changes nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from omniroute.runtime.rows import Attachment


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="do",
              forbid_unknown_fields=True):  # fmt: skip
    """One action; an empty *key* is filled in with a random one."""

    key: str = ""


class OnThread(Command, frozen=True, kw_only=True):
    """An action on one thread."""

    thread: int


class Accept(OnThread, frozen=True, kw_only=True):
    """Take an offered thread."""

    offer: str


class Pass(OnThread, frozen=True, kw_only=True):
    """Decline an offer, with a reason if one likes."""

    offer: str
    why: str = ""


class Take(OnThread, frozen=True, kw_only=True):
    """Claim a thread that was not offered."""


class Reply(OnThread, frozen=True, kw_only=True):
    """Answer the customer.

    *seen* is how many messages of the customer's and of participants are on the writer's screen, as
    the thread's row counts them (``turns``); if there are more by now the reply is refused with
    what was written, unless *anyway*.  *files* are kept already; *quotes* is the message that is
    answered in particular.  *to* is the handle that it goes to; unless named it takes the way that
    the thread's page says.  With *everybody* each participant gets a copy, and not only those who
    always do.  Instead of *text* it may name a *template* that the channel offers, with *values*
    for its variables in their order.
    """

    text: str
    seen: int
    anyway: bool = False
    files: tuple[Attachment, ...] = ()
    quotes: str = ""
    to: str = ""
    everybody: bool = False
    template: str = ""
    values: tuple[str, ...] = ()


class Undo(OnThread, frozen=True, kw_only=True):
    """Take back a reply that is still held."""

    message: str


class Edit(OnThread, frozen=True, kw_only=True):
    """Change an answer or a note that one wrote; an answer also at the customer's."""

    message: str
    text: str


class Delete(OnThread, frozen=True, kw_only=True):
    """Delete an answer or a note that one wrote; an answer also at the customer's."""

    message: str


class Note(OnThread, frozen=True, kw_only=True):
    """Write to colleagues only.

    *files* are kept already, as those of a reply.
    """

    text: str
    files: tuple[Attachment, ...] = ()


class Transfer(OnThread, frozen=True, kw_only=True):
    """Hand over to an agent or a queue; the reason is required.

    With *warm* it is yours until the agent accepts; with *restart* it waits in the queue anew.
    """

    why: str
    to_agent: str = ""
    to_queue: str = ""
    warm: bool = False
    restart: bool = False


class Snooze(OnThread, frozen=True, kw_only=True):
    """Put aside until *until* (ms since the epoch) or until the customer writes."""

    until: int


class Resolve(OnThread, frozen=True, kw_only=True):
    """The customer has what they came for."""


class Reopen(OnThread, frozen=True, kw_only=True):
    """Take a resolved thread up again."""


class NewMatter(OnThread, frozen=True, kw_only=True):
    """Make a thread of its own of what the customer wrote last."""


class Tag(OnThread, frozen=True, kw_only=True):
    """Add and remove tags."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Copy(OnThread, frozen=True, kw_only=True):
    """Have people in copy of every answer from now on, or out of the conversation, by address."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Prioritise(OnThread, frozen=True, kw_only=True):
    """Set the priority, 10 low to 40 urgent."""

    priority: int


class Done(OnThread, frozen=True, kw_only=True):
    """End the work after a solved thread."""


class Boost(OnThread, frozen=True, kw_only=True):
    """Have a waiting thread count as *by* ms older in line; below 0, as younger."""

    by: int


class SetStatus(Command, frozen=True, kw_only=True):
    """Say whether one can be asked: online, away, transfers, draining, offline.

    *agent* is whose status it is, where a lead sets a colleague's; empty for one's own.
    """

    status: str
    agent: str = ""


class Merge(Command, frozen=True, kw_only=True):
    """Say that two handles are one person's; *why* is needed where something speaks against it."""

    a: str
    b: str
    why: str = ""


class NotSame(Command, frozen=True, kw_only=True):
    """Take back the link of two handles, or refuse a suggested one: not the same person."""

    a: str
    b: str


class Split(Command, frozen=True, kw_only=True):
    """Part these handles from the rest of their customer."""

    handles: tuple[str, ...]


AnyCommand: TypeAlias = (
    Accept
    | Pass
    | Take
    | Reply
    | Undo
    | Edit
    | Delete
    | Note
    | Transfer
    | Snooze
    | Resolve
    | Reopen
    | Tag
    | Copy
    | Prioritise
    | Done
    | Boost
    | NewMatter
    | SetStatus
    | Merge
    | NotSame
    | Split
)


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command.  *code* is stable, *text* is a sentence for the person.

    *seq* is the journal's number after it; *message* the id of what was written, if anything.
    """

    ok: bool
    code: str
    text: str
    seq: int = 0
    message: str = ""
