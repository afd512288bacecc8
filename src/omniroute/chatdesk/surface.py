"""What a platform can show, and what agents do there."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from omniroute.channel import File


class Mark(enum.Enum):
    """A receipt at an agent's own message; a platform shows it in its own way."""

    HELD = "held"  # can still be taken back
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"  # never sent
    NOTE = "note"  # stays inside
    READ = "read"  # by the customer, where their platform tells


@dataclass(frozen=True, slots=True)
class Button:
    """A button; *data* comes back when it is pressed (at most 64 bytes)."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where agents work: a chat, or a topic or thread in one.

    *alone*: it belongs to one thread of ours.  *shared*: colleagues read and write there, too.
    *head* is a post that stands at its head already and shall show the card.
    """

    key: str
    alone: bool
    shared: bool
    head: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of an agent's message, still at the platform; *ref* is for `Surface.fetch`."""

    ref: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """An agent, or somebody in an agents' place, wrote something.

    *agent* is empty for an account that nobody has bound.  *order* grows with each post of a
    place.  *quotes* is the post that is answered.  *key* is made of the platform's own id.
    *edited* or *deleted* says what they did to *post*, which they wrote before.
    """

    account: str
    agent: str
    place: str
    post: str
    order: int
    text: str
    key: str
    quotes: str = ""
    files: tuple[Attached, ...] = ()
    edited: bool = False
    deleted: bool = False
    name: str = ""  # of the account, as the platform shows it


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button; *press* is for `Surface.answer`."""

    account: str
    agent: str
    place: str
    post: str
    press: str
    data: str
    key: str


class Surface(Protocol):
    """The calls of a platform.  Each raises `Retry`, `Rejected` or `NotAuthorised`."""

    kind: str
    longest: int  # characters of a post
    slash: str  # what stands before a command, as the desk says it: "/" or nothing
    board: str  # the place where each thread is shown to the team, or an empty string
    quotes: bool  # people there can answer one message in particular
    shared_is_inside: bool  # whatever is written in a shared place is a note, whoever writes it

    def is_shared(self, place: str) -> bool:
        """Whether colleagues read a place, too."""

    def home(self, account: str) -> str:
        """The place of an account's own, where cards are shown."""

    def below(self, place: str, post: str) -> str:
        """The place under a post, where the platform has such; else an empty string."""

    def serves(self, place: str, account: str) -> bool:
        """Whether an account can do its work in a place."""

    async def open(self, account: str, title: str) -> Place:
        """A place for work on a thread, for whoever has this account."""

    async def post(
        self,
        place: str,
        text: str,
        buttons: Sequence[Sequence[Button]] = (),
        *,
        quotes: str = "",
        files: Sequence[File] = (),
        ask: bool = False,
        urgent: bool = False,
        only: str = "",
    ) -> tuple[str, int]:
        """Put something there; its id and order.

        *ask* invites an answer to it.  *urgent* is what somebody waits for.  *only* is the account
        that alone shall read it, where the platform can do that.
        """

    async def edit(
        self, place: str, post: str, text: str, buttons: Sequence[Sequence[Button]] = ()
    ) -> None:
        """Change a post of ours; to change nothing is no failure."""

    async def remove(self, place: str, post: str) -> None:
        """Take a post of ours away; one that is gone is no failure."""

    async def mark(self, place: str, post: str, mark: Mark | None) -> None:
        """Put a receipt at somebody's post, in place of an earlier one."""

    async def close(self, place: str, closed: bool) -> None:
        """Show that the work in a place is done, or goes on."""

    async def answer(self, press: str, text: str) -> None:
        """Answer a press with a short text that only they read; too late is no failure."""

    async def fetch(self, file: Attached) -> File:
        """The bytes of a file that an agent sent."""
