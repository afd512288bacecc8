"""The contract of a channel: how customers' messages come in and answers go out.

A channel is small on purpose.  It authenticates what arrives, hands the raw bytes to the intake
and acknowledges only when the intake has returned; `parse` turns raw bytes into values, purely, so
that recorded events are its tests; `send` makes exactly one call to the platform.  Splitting,
retries, rate, order, deduplication and storage belong to the engine.
"""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final, Protocol, runtime_checkable

from starlette.routing import BaseRoute

from omniroute.errors import NotAuthorised, Rejected, Retry
from omniroute.stores.books import Opener, open_file

ICONS: Final = ("chat", "mail", "plane", "hash", "phone", "card", "team", "plug")
"""The signs that the console has for a channel; one that says none shows a bubble of a chat."""


class Cap(enum.Flag):
    """What a platform can do.  The engine asks these, never a channel's name."""

    NONE = 0
    LIVE = enum.auto()  # somebody is waiting on the other side now, as in a chat
    THREADS = enum.auto()  # a conversation may be in a group or a topic: see `Inbound.place`
    EDIT_IN = enum.auto()  # customers' edits and deletions are told: `Inbound.kind`
    EDIT_OUT = enum.auto()  # see `Edits`
    DELETE_OUT = enum.auto()  # see `Deletes`
    FILES_IN = enum.auto()  # customers' files come with their bytes
    FILES_OUT = enum.auto()  # agents may attach files
    BUTTONS = enum.auto()  # an answer can be given by one press: `Outbound.question`
    TYPING = enum.auto()  # see `Types`
    READ_RECEIPTS = enum.auto()  # what became of a message of ours is told: delivered, read
    REACTIONS = enum.auto()  # customers' signs at a message are told: `Inbound.kind`
    AGENT_DESK = enum.auto()  # agents can work there, too: see `OffersDesk`
    START_CONVERSATION = enum.auto()  # we may write first
    COPIES = enum.auto()  # a message can go to others in copy
    TEMPLATES = enum.auto()  # see `Templates`


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached.

    *kind* is the name space of *value* (``email``, ``slack:T123``, ``webchat``); two equal
    addresses are one handle.  So are two forms of one address where that is sure: of kind
    ``email`` the domain's case and what a provider ignores; of kind ``phone``, or
    ``phone:mobile`` where a platform reaches mobile lines only, two ways to write a number.
    Give *value* in the platform's own form: it is what answers are sent to.  *verified* is true
    only for what the platform itself vouches for.  *unique* marks a name space that holds one
    value per person (a login, a CRM number): two different ones never come into one customer by
    themselves.
    """

    kind: str
    value: str
    verified: bool = False
    display: str = ""
    unique: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with its bytes.  *name* is display text, never a path."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a customer said, as the channel read it.

    *external_id* is the platform's id, unique within the channel account.  *conversation* is
    where an answer belongs on that channel.  *also_known_as* are further addresses of the sender;
    those marked verified join people, the others only suggest.  *html* is raw and will be
    sanitised by the engine.  *quoted* is text the channel cut away, kept to be shown on demand.
    *automatic* mail must not be answered automatically.  *unread* says why a part of the message
    could not be read; the message is shown with that remark and its raw bytes are kept.

    *answers* is the `Outbound.idempotency_key` of a message of ours that this one goes on from,
    where only somebody who has seen that message can know it (a token, a message id).  Who writes
    so from elsewhere than we wrote to is suggested to a person as the same customer; it joins
    nobody, since messages are passed on.

    *others* are further people whom the message names as its readers, such as those in copy; none
    of ours.  They become participants of the thread, and are joined to nobody.  *place* is empty
    where the sender and we are alone; ``shared`` where other people read and write there, as in a
    group; ``topic`` where the whole conversation is about one matter besides, as in a thread or a
    topic, and whoever writes there takes part in it.

    *kind* is ``message``, or what happened to the message that *external_id* names: ``edit`` (its
    *text* and *html* are these now), ``delete``, ``reaction`` (the sender's is *text*, none if it
    is empty); *sent_at* says when.  Such a one opens no thread; it may come before its message, and
    of two edits the later counts, whichever comes last.  Or *kind* is ``left``: the sender went
    away at *sent_at*, and who has not been answered yet counts as gone.  Of a message of ours it is
    ``delivered``, which reached the sender, or ``read``, which they have read
    (`Cap.READ_RECEIPTS`).  And it is ``choice`` where somebody pressed one of the choices of a
    message of ours (`Cap.BUTTONS`): *answers* is its key, *text* the `Choice.value`; or ``remark``
    for what they said about it in words.  Where that came over a link that only the receiver of
    that message has, *sender* may be left without an address.
    """

    external_id: str
    conversation: str
    sender: Address
    text: str
    sent_at: datetime  # aware
    subject: str = ""
    html: str = ""
    quoted: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    also_known_as: tuple[Address, ...] = ()
    files: tuple[File, ...] = ()
    automatic: bool = False
    unread: str = ""
    kind: str = "message"
    answers: str = ""
    others: tuple[Address, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message of ours that came back although the platform had taken it.

    *of* is the `Outbound.idempotency_key` of that message, or empty where the platform does not
    tell; such a report is shown to the admin.  *reason* is for the agent who wrote it, in the
    platform's words.  Where *permanent* is false somebody is still trying.  A *complaint* is from
    a recipient who did get it, and calls it unwanted.  *to* is whom it did not reach, where the
    platform says so: it may be somebody who was to get a copy.
    """

    of: str
    reason: str
    permanent: bool = True
    complaint: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A message that a platform has approved: it goes where plain words do not any more.

    *name* is one word, which no other template of the account has; agents write it.  In *text*
    stands ``{{variable}}`` where each of *variables* belongs; these are filled in their order.
    """

    name: str
    text: str
    variables: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: its *value*, a word or two, and what it *means*, if it is said."""

    value: str
    means: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a message asks where one press answers it (`Cap.BUTTONS`).

    Answers count *until* then, and may be changed.  *more* is what may be asked in words once one
    is given, empty where nothing is; *thanks* what is said then, both in *language*.  *instead* is
    for a message that goes out without choices after all: how to answer it by writing.
    """

    choices: tuple[Choice, ...]
    until: datetime  # aware
    more: str = ""
    thanks: str = ""
    language: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send.

    *idempotency_key* is the same for every attempt at this message.  *repeat* is true when an
    earlier attempt may have reached the customer; a channel that cannot suppress the second copy
    must mark it so that a person or a machine can tell.  *in_reply_to* and *references* are
    external ids of the thread on this channel, oldest first.  *quotes* is the external id of the
    message that the agent answers in particular, if they chose one.  *automatic* is true when no
    person wrote it; a channel marks it so, where the platform knows such a mark.  *copies* are
    others who get the message, too, and are shown in it; given only where the channel can
    (`Cap.COPIES`).  Where one of them is refused nobody gets it: raise `Rejected` naming them.
    *template* names the `Template` to send, with *values* for its variables; *text* is then what
    the customer will read, and no words of the agent's own (`Cap.TEMPLATES`).  *question* is there
    where the message asks something that one press can answer; given only where the channel can
    show that (`Cap.BUTTONS`).
    """

    idempotency_key: str
    conversation: str
    to: Address
    text: str
    subject: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender_name: str = ""
    files: tuple[File, ...] = ()
    repeat: bool = False
    quotes: str = ""
    automatic: bool = False
    copies: tuple[Address, ...] = ()
    template: str = ""
    values: tuple[str, ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change to one message of ours that the platform has.

    *external_ids* are those of its `Receipt` (an album has several); *text* is what it shall say
    now, empty where it is to be deleted.  *with_files*: files came with it.
    """

    conversation: str
    to: Address
    external_ids: tuple[str, ...]
    text: str = ""
    with_files: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform said yes."""

    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of `Channel.check`: *ok*, what was found, and what to do about it."""

    ok: bool
    found: str
    fix: str = ""

    @classmethod
    def after(cls, error: NotAuthorised | Rejected | Retry, platform: str, reaches: str) -> Health:
        """What a failed call says: credentials that open nothing, or no way to *reaches*."""
        if isinstance(error, NotAuthorised):
            return cls(False, f"{platform} does not know this token", error.fix)
        return cls(False, str(error), f"see whether this machine reaches {reaches}")


class Proofs(Protocol):
    """How a customer shows that another address is theirs, too.  *who* and *by* are addresses that
    the channel itself vouches for.  Whoever has shown it is one customer from then on, unless
    something stands against it.
    """

    async def send_link(self, who: Address, to: Address, page: str) -> None:
        """Send a link to *to*, which *who* claims: *page* and a token behind it.

        *page* is the address of a page of the channel's own, up to and with its last slash.  It
        shows a button, since machines follow links; who presses it has read the message.  Raises
        `Refused` as `send_code`.
        """

    async def confirm_link(self, token: str) -> Address | None:
        """The address at which *token* was read, and which is so proved to be theirs for whom it
        was sent; None if it is no good (any more)."""

    async def send_code(self, who: Address, to: Address) -> None:
        """Send a code to *to*, which *who* claims.

        Raises `Refused`: ``no_way`` where none can be sent, ``too_many``, ``not_sent``.
        """

    async def redeem_code(self, who: Address, code: str) -> Address:
        """The address that *who* has proved by typing its code.  Raises `Refused`: ``bad_code``."""

    async def make_link(self, who: Address, lasts: float = 3600.0) -> str:
        """A token of 43 characters (A-Z a-z 0-9 _ -): on another channel its bearer is *who*.

        Good once, and for *lasts* seconds, a week at most.
        """

    async def redeem_link(self, token: str, by: Address) -> bool:
        """Whether *by* has brought a good token, and so is whoever it was made for."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the engine lends a channel or a desk: a folder of its own, public facts and a secret.

    *secret* is the account's own and always the same: sign with it what comes back from outside.
    Where it is empty nothing can be signed, and nothing that seems to be is to be believed.
    *proofs* are there while a server runs.  Small things to remember belong in a `database`: a file
    in the folder stays on its machine when another takes over.
    """

    folder: Path  # exists, private to this account
    public_url: str  # without a trailing slash
    organisation: str = "OmniRoute"
    secret: bytes = field(default=b"", repr=False)
    proofs: Proofs | None = field(default=None, repr=False)
    opener: Opener = field(default=open_file, repr=False)

    def database(self, name: str) -> sqlite3.Connection:
        """A small SQLite database of the account's own, in autocommit mode, for any thread.

        It moves with whichever node writes: where several share a store what is committed lies
        there, and a commit waits for it unless ``PRAGMA synchronous`` is ``NORMAL``.  Plain tables
        that are never dropped; RETURNING inside a transaction only.  On a node that follows it is
        empty, and reading or writing raises an error.  Raises `sqlite3.Error`.
        """
        db = self.opener(self.folder / name)
        db.isolation_level = None
        return db


class Intake(Protocol):
    """The engine's ear."""

    def ready(self) -> None:
        """Say that listening has begun; the start of the server waits for it."""

    def writing(self, sender: Address) -> None:
        """Say that a customer is writing right now; shown to agents, and never kept."""

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Keep *raw* for good; when this returns, and not before, acknowledge.

        *raw* has been authenticated and carries all that `Channel.parse` needs.  A non-empty
        *key* already seen on this account is accepted again without effect.  Raises `Busy` when
        nothing can be promised now (answer 452, 503, or leave unacknowledged).
        """


@runtime_checkable
class Channel(Protocol):
    """A channel account.  The class is handed over by `omniroute_channels`.

    It is constructed as ``cls(account, config, site)``: *account* is the name the admin gave,
    *config* an instance of `Config`.  `Config` is a `msgspec.Struct` whose fields carry a
    description; secrets are of type `omniroute.Secret`.

    Eight more variables are looked at where they are there: *label*, what people call the
    channel (“Telegram”; the kind unless said); *icon*, its sign on the console:
    ``chat`` unless said, ``mail``, ``plane``, ``hash``, ``phone``, ``card``, ``team`` or ``plug``;
    *max_files*, how many files one message takes, and
    *max_file*, how many bytes each of them may have: agents are told before they send;
    *max_caption*, how many characters a message
    with files may have: longer text then goes first, in messages of its own; *counts*, how the
    platform counts both: ``characters`` unless said, ``utf16`` (an emoji is two, as in
    JavaScript), ``bytes`` of UTF-8, or ``gsm``, letters of an SMS: 153 to a part, where one sign
    beyond them makes the text wide, 67 to a part; *answer_window*, for how many seconds after a
    customer's message answers are taken (86,400 where a platform gives a day; an account may have
    its own): after that the next way to the customer is proposed, or a template; and *reaches*,
    the kinds of address at which we may write first, where that is not the channel's own kind
    alone (``("whatsapp", "phone")``).

    A ninth is for a place where people write and cannot be answered, such as a form: where
    *answered_by* names another kind of channel (``email``), answers go out over an account of
    that kind which may write first, to `Inbound.conversation`, which is then an address of that
    kind.  Nobody vouches for it, and it joins nobody.  `send` is not called.

    A tenth, *anywhere*, says whether several nodes may `listen` to the account at the same time,
    as where a sender connects to any of them.  A node that only follows calls `listen` and
    `routes` of such accounts, and nothing else; it passes requests on to the writer, and has these
    routes answer while nobody writes.  What is in a `Site.database` only the writer has: a route
    that asks for it then is answered with 503.  A channel that cannot do without it may keep what
    comes and leave the rest to the writer: see `StandsIn`.
    """

    kind: ClassVar[str]  # a slug: "email"
    caps: ClassVar[Cap]
    max_text: ClassVar[int]  # characters in one outbound message; the engine splits
    Config: ClassVar[type]
    account: str

    def parse(self, raw: bytes) -> Sequence[Inbound | Undelivered]:
        """Read what the intake kept.  PURE: no I/O, no clock; equal bytes, equal answer.

        What customers said, and reports of messages of ours that did not reach them.  An empty
        answer means "not for us" (own echo, unknown event).  Any exception sends the raw bytes to
        the dead letters with its text as the reason.
        """

    def routes(self) -> Sequence[BaseRoute]:
        """HTTP routes, mounted at ``/channels/<kind>/<account>``; may be empty."""

    async def listen(self, intake: Intake) -> None:
        """Serve until cancelled.  Called once; routes may be called before and answer 503."""

    async def send(self, out: Outbound) -> Receipt:
        """Make ONE platform call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""

    async def check(self) -> Health:
        """Look at credentials and reachability; plain language, with the fix.

        *found* says what is so, *fix* what to do: which setting, and where to get it; neither
        tells a secret.  Nothing is raised.  It may be called while nobody listens, and then leaves
        nothing open.
        """


@runtime_checkable
class Edits(Protocol):
    """What a channel with `Cap.EDIT_OUT` offers besides."""

    async def edit(self, change: Amendment) -> None:
        """Have a message of ours say something else; one that says so already is no failure.

        ONE platform call, which may be repeated.  Raises `Retry`, `Rejected` or `NotAuthorised`.
        """


@runtime_checkable
class Deletes(Protocol):
    """What a channel with `Cap.DELETE_OUT` offers besides."""

    async def delete(self, change: Amendment) -> None:
        """Take a message of ours away; one that is gone already is no failure.

        May be repeated.  Raises `Retry`, `Rejected` or `NotAuthorised`.
        """


@runtime_checkable
class Templates(Protocol):
    """What a channel with `Cap.TEMPLATES` offers besides."""

    def templates(self) -> Sequence[Template]:
        """What may be sent outside the *answer_window*, as it was last known.

        Called for each look at a thread, from any thread: it answers at once.
        """


@runtime_checkable
class Heeds(Protocol):
    """What a channel may offer besides: heeding who has said that they want nothing from it."""

    def unwanted(self, to: Address) -> bool:
        """Whether *to* has said so, and has not taken it back.

        Another way is proposed then, and nothing is sent.  Called for each look at a thread, from
        any thread: it answers at once.
        """


@runtime_checkable
class StandsIn(Protocol):
    """What a channel that is heard *anywhere* may offer besides: keeping what it cannot look into.

    A node that follows has nothing of what is in a `Site.database`, and no desk, so it may not know
    whose doing something is.  It keeps what came as it came, and the writer takes it in.
    """

    async def stand_in(self, intake: Intake) -> None:
        """In place of `Channel.listen` on a node that follows: have `routes` keep what they can.

        Until cancelled.  What *intake* accepts is given to `take_up` of the node that writes.
        """

    async def take_up(self, raw: bytes) -> None:
        """Take in what another node has kept, as if it came just now.

        Called while `listen` runs; it may be called again with the same.  Raises `Busy` where it
        cannot be kept now: it is called again.
        """


@runtime_checkable
class Types(Protocol):
    """What a channel with `Cap.TYPING` offers besides."""

    async def show_typing(self, conversation: str, to: Address) -> None:
        """Show the customer that somebody is writing, for the next seconds.

        Called at most every few seconds; whatever it raises is forgotten.
        """


@runtime_checkable
class Forgets(Protocol):
    """What a channel may offer besides: forgetting somebody of whom it keeps a copy of its own."""

    async def forget(self, values: Sequence[str]) -> None:
        """Delete what is kept of whoever has these addresses (`Address.value`).

        Called once a customer has been erased; may be called again.
        """


@runtime_checkable
class ReadsFiles(Protocol):
    """What the class of a channel may offer besides: reading files for ``omniroute parse KIND``.

    *forms* names the other ways in which the bytes of a file may be meant, each with a sentence;
    each is a flag of the command.
    """

    forms: ClassVar[Mapping[str, str]]

    @classmethod
    def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        """What is read out of *raw*, by the names of its fields, as JSON can hold it.  PURE.

        It needs no account and no settings.  *form* is empty or one of *forms*.  An exception
        becomes the file's ``error``; so does a field of that name which is not empty.  A field
        ``language`` of None is filled in by what the words of ``reply`` or ``text`` tell.
        """
