"""The contract of a desk: where an agent is shown work and does it.

A desk shows cards and turns what the agent does into actions at the `Door`.  It decides nothing:
whether an accept wins is known only when the door has answered.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, runtime_checkable

from starlette.routing import BaseRoute

from omniroute.channel import File, Receipt, Template


class CardKind(enum.StrEnum):
    """Why a card is shown.  ``withdrawn`` takes every button off an earlier card."""

    OFFER = "offer"
    ASSIGNED = "assigned"
    WITHDRAWN = "withdrawn"
    MESSAGE = "message"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent is shown about a thread, the same on every desk (at most nine lines)."""

    key: str  # the same for every attempt at this card
    agent: str
    kind: CardKind
    thread: int
    version: int  # of the thread; an accept names it
    offer: str  # id of the offer, or ""
    until: int  # end of the offer in ms since the epoch, or 0
    lines: tuple[str, ...]
    reason: str = ""  # of a withdrawal: "taken by Ana"


class Told(str):
    """A sentence for an agent about what was done.

    *code* is stable (``held``, ``noted``); *message* names what was written, if anything was.
    """

    __slots__ = ("code", "message")
    code: str
    message: str

    def __new__(cls, text: str, code: str = "", message: str = "") -> Self:
        """The sentence *text* with what a program wants to know besides."""
        told = super().__new__(cls, text)
        told.code, told.message = code, message
        return told


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that the engine has, to go with an answer; *sha* names its bytes."""

    name: str
    media_type: str
    size: int
    sha: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a thread, as a desk shows it.

    *kind* is customer, reply, automatic, note, or event (then *text* is a sentence of ours).
    *turn* numbers from 1 what the customer, or a participant, wrote.  *state* of a reply: held,
    sending, sent, failed, withdrawn; *reason* why it failed.  *change* of what an agent wrote:
    editing, edited, deleting, deleted, or unchanged (then *reason* says why the customer keeps what
    there was); *can* are the ways in which whoever looks may change it now: edit, delete.
    *received*, of what is ours and where the platform tells: delivered, read.
    """

    id: str  # the same whenever the thread is looked at
    kind: str
    text: str
    at: int  # ms since the epoch
    author: str = ""
    clock: str = ""  # the same as people say it where the desk is: "10:15", "2 Feb 10:15"
    agent: str = ""  # id of the agent who wrote it
    channel: str = ""
    turn: int = 0
    state: str = ""
    reason: str = ""
    edited: bool = False
    reactions: tuple[str, ...] = ()
    files: tuple[Kept, ...] = ()
    handle: str = ""  # of whoever wrote it, or whom it went to; as in `Way`
    former: tuple[str, ...] = ()  # what it said before, the oldest first
    change: str = ""
    can: tuple[str, ...] = ()
    received: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the customer: *text* is as ``joe@x.org by e-mail``.

    *handle* is what a reply names to take it; *doubt* says what stands against it, if anything.
    *until* (ms since the epoch) is when plain answers are taken no more; 0: they always are.
    """

    handle: str
    text: str
    doubt: str = ""
    until: int = 0


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Two addresses that count as one person's (*joined*), or may be.

    *text* says whose they are and what speaks for it; *id* is short, for a button.  `Door.act`
    takes *a* and *b* with ``merge`` and ``not-same``.
    """

    id: str
    a: str
    b: str
    text: str
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A thread as one agent may see it and work on it, at one moment."""

    thread: int
    version: int
    phase: str  # queued offered assigned snoozed stranded resolved closed folded
    title: str  # the customer's name
    card: tuple[str, ...]  # at most nine lines
    lines: tuple[Line, ...]  # the oldest first
    turns: int  # messages so far of the customer's, and of others in the conversation
    owner: str  # id of the agent who has it, or ""
    owner_name: str
    can: tuple[str, ...]  # verbs open to the agent who looks
    to: str  # where an answer goes now: "Joe Miller by Telegram"
    offer: str = ""  # id of the offer that waits for the agent who looks
    until: int = 0
    clock: str = ""  # when this was looked at, as people say it where the desk is
    ways: tuple[Way, ...] = ()  # how the customer can be answered; the first is taken
    lasting: bool = False  # what goes out there now cannot be changed afterwards
    templates: tuple[Template, ...] = ()  # go to the customer even where plain words do not
    people: tuple[SamePerson, ...] = ()  # who is who: what may be joined first, then what is


@dataclass(frozen=True, slots=True)
class Receiver:
    """To whom a thread may be handed: an agent, or a queue (then *status* is empty)."""

    id: str
    name: str
    status: str = ""


class Door(Protocol):
    """The one door to the application, handed to a desk when it starts.

    Whatever raises `Refused` says in its text, to the agent, why.
    """

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> Told:
        """Do *action* as *agent*; returns a sentence for them.  Raises `Refused`.

        An argument ``key`` makes it idempotent: the same key again changes nothing.
        """

    async def say(
        self,
        agent: str,
        thread: int,
        line: str,
        seen: int | None = None,
        *,
        files: Sequence[Kept] = (),
        quotes: str = "",
        key: str = "",
    ) -> Told:
        """Do what *line* says, in the agents' grammar, on *thread*.

        *seen* is how many customer turns the agent had on screen; unless given, all of them.
        *files* go with a reply, and *quotes* is the `Line` that it answers in particular, or that
        is to be edited or deleted.
        Returns a sentence for them.  Raises `Refused`; what is not understood does nothing.
        """

    def understood(self, line: str) -> None:
        """Whether `say` would understand *line* and knows whom it names; does nothing.

        Raises `Refused` as that does.
        """

    async def look(self, agent: str, thread: int) -> Sheet:
        """A thread as *agent* may see it; as nobody in particular, if that is empty."""

    async def mine(self, agent: str) -> Sequence[Sheet]:
        """What *agent* has to do: the threads they have, those that wait for us first."""

    async def receivers(self, agent: str) -> Sequence[Receiver]:
        """Colleagues who are here and queues, to hand over to."""

    async def keep(self, agent: str, file: File) -> Kept:
        """Keep a file's bytes, to go with an answer."""

    async def file(self, agent: str, kept: Kept) -> File:
        """The bytes of a file that some message carries."""

    def changes(self) -> AsyncIterator[Sequence[int]]:
        """Numbers of threads about which something is new, from now on; none means any of them."""

    async def who(self, kind: str, value: str) -> str:
        """The agent who has bound an account of a platform, or an empty string.

        *kind* and *value* are as in `Address`: ``telegram``, ``5001``.
        """

    async def accounts(self, agent: str, kind: str) -> Sequence[str]:
        """The accounts of a platform that *agent* has bound, as *value* in `who`."""

    async def unreachable(self, agent: str) -> None:
        """Say that nobody reaches *agent* at this desk: what the platform had taken came back.

        Whatever they do there shows that they are reached again.
        """

    async def bind(self, code: str, kind: str, value: str, display: str = "") -> str:
        """Bind an account to the agent for whom *code* was made; the agent.

        The platform must have vouched for the account.  Raises `Refused` (``bad_code``).
        """


@runtime_checkable
class Desk(Protocol):
    """A kind of desk, handed over by `omniroute_desks` as a class and constructed without
    arguments.  Whose desks are which is said in ``team.yaml``.

    A desk that agents read seldom, such as a mailbox, says as a class attribute how long an offer
    must stand there at least: ``answers_within: ClassVar[float] = 600`` (seconds).  One from which
    nobody can serve a customer who waits on the other side says ``chats: ClassVar[bool] = False``;
    who has no other desk is then asked for mail only.  Where an answer must be long enough in our
    hands to be taken back by other means than a button, ``holds: ClassVar[float] = 20`` says for
    how many seconds at least, unless the settings hold none at all.
    """

    kind: ClassVar[str]

    def routes(self) -> Sequence[BaseRoute]:
        """HTTP routes, mounted at ``/desks/<kind>``; may be empty."""

    async def start(self, door: Door) -> None:
        """Take the door; serve until cancelled."""

    async def present(self, card: Card) -> Receipt:
        """Show *card* to its agent.  Raises `Retry`, `Rejected` or `NotAuthorised`."""


@runtime_checkable
class Workplace(Desk, Protocol):
    """A desk over the connection of a channel account, which brings what agents do there, too."""

    async def attend(self, raw: bytes) -> None:
        """Do what an agent did.

        *raw* is what the channel gave to the intake and `Channel.parse` read no customer's message
        in.  It is kept until this returns, and given again after a crash: pass `Door` a key that
        is made of the platform's own id.  What it raises makes *raw* a dead letter.
        """

    def invitation(self, code: str) -> str:
        """How an agent binds their account with *code*: a sentence, best with a link."""


@runtime_checkable
class ForgetsThreads(Protocol):
    """What a desk may offer besides: taking away what its platform shows of threads."""

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        """Take away every post about *threads*: how many went, and how many the platform keeps.

        Called once whoever wrote in them has been erased; may be called again.
        """


@runtime_checkable
class OffersDesk(Protocol):
    """A channel account over which agents work, too (`Cap.AGENT_DESK`)."""

    def desk(self) -> Workplace | None:
        """The desk; asked for once, after the channel was made.  Its kind is the channel's.

        None where the account's settings say that nobody works over it.
        """
