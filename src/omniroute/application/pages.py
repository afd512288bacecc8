"""What queries answer: plain values that a page, a program or a terminal shows."""

from __future__ import annotations

from typing import Any

import msgspec

from omniroute.application.copies import ParticipantView
from omniroute.application.likeness import Likely
from omniroute.application.ways import Way
from omniroute.channel import Template


class ThreadRow(msgspec.Struct, frozen=True):
    """A thread in a list.  Times are ms since the epoch, 0 where there is none."""

    id: int
    version: int
    phase: str  # queued offered assigned snoozed stranded resolved closed folded
    customer: str
    name: str  # the customer's display name, else their address
    verified: bool  # false: nobody vouches for the sender's address
    channel: str
    excerpt: str  # of the last customer message
    queue: str
    priority: int
    deadline: int
    since: int
    routing_since: int
    last_at: int  # of the last message
    waiting: bool  # for us
    agent: str
    agent_name: str
    tags: tuple[str, ...] = ()
    snoozed_until: int = 0
    turns: int = 0  # messages so far of the customer's, and of others in the conversation
    opens_at: int = 0  # until when it is held
    queued_since: int = 0  # a boost moves routing_since, not this


class HandleView(msgspec.Struct, frozen=True):
    """One way to reach the customer; ✓ only where *verified*."""

    id: str
    kind: str
    value: str
    display: str
    verified: bool
    sharing: str = ""  # suspected to be several people's; shared or single, as somebody said


class LinkView(msgspec.Struct, frozen=True):
    """Why two addresses are one person's, or may be.  *state*: live or suggested."""

    a: str
    b: str
    state: str
    text: str
    veto: str = ""  # what stands against a suggested one


class FileView(msgspec.Struct, frozen=True):
    """An attachment, to be fetched by its sha."""

    name: str
    media_type: str
    size: int
    sha: str


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a thread's timeline.

    *kind*: customer, reply, automatic, note, or event (then *text* is a sentence of ours).
    *state* of a reply: held, sending, sent, failed, withdrawn; *repeat* when it may have gone
    out twice.
    """

    seq: int
    at: int
    kind: str
    text: str
    message: str = ""
    channel: str = ""
    author: str = ""
    subject: str = ""
    quoted: str = ""
    html: bool = False  # a formatted version can be shown
    unread: str = ""
    files: tuple[FileView, ...] = ()
    verified: bool = True
    state: str = ""
    release_at: int = 0
    reason: str = ""
    repeat: bool = False
    agent: str = ""  # id of the agent who wrote it
    edited: int = 0  # when its sender changed it, ms since the epoch
    handle: str = ""  # of whoever wrote it, or whom it went to
    reactions: tuple[str, ...] = ()
    received: str = ""  # of ours, where the platform tells: delivered, read
    received_at: int = 0
    template: str = ""  # the platform's, of which *text* is what it says
    values: tuple[str, ...] = ()  # for its variables
    former: tuple[str, ...] = ()  # what it said before, the oldest first
    change: str = ""  # of ours: editing, edited, deleting, deleted, unchanged (see *reason*)
    can: tuple[str, ...] = ()  # ways open to the asker to change it: edit, delete


class OfferView(msgspec.Struct, frozen=True):
    """An offer pending for the agent who asks."""

    id: str
    until: int
    row: ThreadRow
    card: tuple[str, ...]  # at most nine lines


class AgentView(msgspec.Struct, frozen=True):
    """An agent as colleagues see them."""

    id: str
    name: str
    role: str
    status: str
    unresponsive: bool
    load: int
    capacity: int
    teams: tuple[str, ...]
    skills: dict[str, float]
    unreachable: bool = False  # on none of their desks


class Board(msgspec.Struct, frozen=True):
    """The live page of one agent."""

    me: AgentView
    offers: tuple[OfferView, ...]
    mine: tuple[ThreadRow, ...]
    waiting: tuple[ThreadRow, ...]  # queued, offered and stranded, in the queue's order
    others: tuple[ThreadRow, ...]  # with colleagues
    snoozed: tuple[ThreadRow, ...]
    solved: tuple[ThreadRow, ...]  # the latest
    team: tuple[AgentView, ...]
    queues: tuple[str, ...]
    counts: dict[str, int] = {}  # threads per lane, where a lane shows only its first


class Filter(msgspec.Struct, frozen=True):
    """Which threads to list; what is left empty does not matter."""

    phases: tuple[str, ...] = ()  # none named: all but the folded
    agent: str = ""
    queue: str = ""
    customer: str = ""
    tag: str = ""
    waiting: bool | None = None
    limit: int = 100


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recorded decision about a thread, in words and as recorded."""

    seq: int
    at: int
    text: str
    why: dict[str, Any] = {}


class Rating(msgspec.Struct, frozen=True):
    """How it was for the customer, as they said last; *at* is ms since the epoch."""

    measure: str  # csat, nps or ces
    score: int
    at: int
    thread: int
    agent: str  # whose help it was about
    remark: str = ""  # the beginning of what they said besides


class ThreadPage(msgspec.Struct, frozen=True):
    """Everything about one thread."""

    row: ThreadRow
    card: tuple[str, ...]
    handles: tuple[HandleView, ...]
    items: tuple[Item, ...]
    history: tuple[ThreadRow, ...]  # the customer's earlier threads
    reasons: tuple[Reason, ...]
    why_you: str
    offer: OfferView | None  # pending for the asker
    replying_to: str  # "joe@x.org by e-mail": where an answer goes now
    can: tuple[str, ...]  # verbs open to the asker: accept pass take reply note transfer ...
    expected: str = ""  # how long it will probably wait, in a sentence, while it does
    lasting: bool = False  # what goes out there cannot be changed any more
    links: tuple[LinkView, ...] = ()  # who joined the customer's addresses, or would
    ways: tuple[Way, ...] = ()  # how the customer can be answered, the first is taken
    instead: str = ""  # why that is not the usual way, or what speaks against it
    likely: tuple[Likely, ...] = ()  # who else the customer may be
    participants: tuple[ParticipantView, ...] = ()  # others in the conversation
    copies: tuple[str, ...] = ()  # who gets a copy of an answer, by address
    templates: tuple[Template, ...] = ()  # go to the customer even where plain words do not
    rating: Rating | None = None


class Hit(msgspec.Struct, frozen=True):
    """A thread found by its text, with the passage; *snippet* marks hits with ‹ and ›."""

    row: ThreadRow
    snippet: str


class Change(msgspec.Struct, frozen=True):
    """A live notice: something about these threads or agents is new as of *seq*."""

    seq: int
    threads: tuple[int, ...] = ()
    agents: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()  # agents who have a new offer
    wrote: tuple[str, ...] = ()  # agents whose customer wrote
    all: bool = False  # too much to list: look at everything again
    writing: tuple[int, ...] = ()  # threads whose customer is writing; nothing is new there yet
