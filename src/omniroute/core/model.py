"""The nouns of the core: values, frozen, without a word of text or an address in them.

Times are milliseconds since the epoch, UTC; spans are milliseconds.  What a person wrote, is
called or can be reached at lives outside, in rows that can be erased; here are ids and numbers.

``gc=False``: frozen values cannot refer to each other in a circle, so the garbage collector need
not walk a million of them to find out.
"""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

import msgspec

AgentId: TypeAlias = str
CustomerId: TypeAlias = str
HandleId: TypeAlias = str
MessageId: TypeAlias = str
ThreadId: TypeAlias = int
Fact: TypeAlias = str | int | float | bool | None
Needs: TypeAlias = dict[str, float]  # skill → level asked, 0..5


class Evidence(enum.StrEnum):
    """How sure we are that two handles are one person.  Only the first joins by itself."""

    VERIFIED = "verified"
    ASSERTED = "asserted"
    INFERRED = "inferred"


class Status(enum.StrEnum):
    """What an agent declares.  ``away`` still gets mail, ``transfers`` only what is handed over;
    ``draining`` keeps what they have, gets nothing new, and is offline once nothing is left."""

    ONLINE = "online"
    AWAY = "away"
    TRANSFERS = "transfers"
    DRAINING = "draining"
    OFFLINE = "offline"


class Phase(enum.StrEnum):
    """Where a thread stands; the transitions are in `states`."""

    NEW = "new"
    QUEUED = "queued"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    STRANDED = "stranded"
    HELD = "held"
    RESOLVED = "resolved"
    CLOSED = "closed"
    FOLDED = "folded"


class Sharing(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Under which names an address was used, and what that makes of it.

    *how*: ``suspected`` to be several people's, ``shared`` or ``single`` as somebody said.
    """

    how: str = ""
    called: tuple[tuple[str, int], ...] = ()  # keyed hash of a name, when it was last heard


class Handle(msgspec.Struct, frozen=True, gc=False):
    """An address on a channel, by its keyed hash.

    *kind* is the name space; *unique* says that a person has one value there; *verified* is false
    for an address nobody vouches for, which is another handle than the same address vouched for.
    """

    id: HandleId
    customer: CustomerId
    kind: str
    since: int
    unique: bool = False
    verified: bool = True
    sharing: Sharing | msgspec.UnsetType = msgspec.UNSET  # unset while nothing was heard
    realm: str | msgspec.UnsetType = msgspec.UNSET  # keyed hash of the domain, where it has one


class Link(msgspec.Struct, frozen=True, gc=False):
    """Retractable evidence that two handles are one person; *a* < *b*."""

    a: HandleId
    b: HandleId
    evidence: Evidence
    source: str  # a channel's kind, or an agent
    at: int
    live: bool = True


class Rated(msgspec.Struct, frozen=True, gc=False):
    """How somebody answered a question of that *measure* last, and from where."""

    measure: str
    score: int
    at: int
    handle: HandleId


class Past(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A closed thread in its customer's history, and the handles that wrote in it."""

    thread: ThreadId
    handles: tuple[HandleId, ...] = ()  # the last is whoever wrote last
    agent: AgentId = ""  # who solved it
    at: int = 0  # when


class Customer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A connected component of live links.  Its id is that of its oldest handle."""

    id: CustomerId
    handles: tuple[HandleId, ...]
    links: tuple[Link, ...] = ()
    suggested: tuple[Link, ...] = ()
    not_same: tuple[tuple[HandleId, HandleId], ...] = ()  # said by a person; one end is ours
    open: ThreadId | None = None  # the one thread not yet closed, that goes on with a message
    history: tuple[Past, ...] = ()  # closed ones, oldest first
    last_agent: AgentId = ""
    last_at: int = 0  # when the last thread was resolved
    beside: tuple[ThreadId, ...] = ()  # open ones of which a new matter was split off
    told: tuple[tuple[str, int], ...] = ()  # by ourselves of late: the reply's name, and when
    rounds: tuple[int, ...] = ()  # when a bot answered what was not live; the last few
    chats: tuple[int, ...] = ()  # when a bot answered what was live; the last few
    surveyed: int = 0  # when they were last asked how it was
    rated: tuple[Rated, ...] = ()  # what they answered; the last for each handle and measure


class Pause(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Automatic replies say nothing for a while: in one *realm*, or everywhere where that is empty.

    *because*: so many were ``sent`` within an hour, or so many messages ``came_back``.
    """

    realm: str
    because: str
    since: int
    until: int
    count: int  # replies sent, or messages that came back, within the hour
    handle: HandleId = ""  # of whom the last one came back; its domain is the realm's


class Automation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What machines of ours have said of late to people who do not wait on the other side.

    Counted by slots of time: when one began, and how many in it.
    """

    sent: tuple[tuple[int, int], ...] = ()  # automatic replies
    returned: tuple[tuple[str, int, int], ...] = ()  # what came back, by realm
    pauses: tuple[Pause, ...] = ()


IDLE = Automation()
"""While nothing has been said."""


class Sla(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is promised, in ms on the *clock* of a calendar; no name is the wall clock."""

    first_reply: int = 86_400_000
    clock: str = ""
    next_reply: int | None = None
    resolution: int | None = None


USUAL_SLA: Final = Sla()
"""What a row leaves out: the very object, for an equal one would be written."""


class Target(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One promise that is being kept or not: *kind* is first_reply, next_reply or resolution.

    While its clock runs it has a *due* time; while the clock stands, so much *left* (below 0 when
    it is late).  Times and spans in ms, spans on the *clock* of a calendar.
    """

    kind: str
    span: int  # what was promised
    since: int
    clock: str = ""
    due: int = 0
    left: int = 0
    late: bool = False  # it was not kept, and that was said
    marks: tuple[int, ...] = ()  # when escalation rules are looked at, while it runs
    fired: tuple[str, ...] = ()  # escalation rules that have acted
    lent: bool = (
        False  # of a thread that was folded into this one: stands whatever else is promised
    )


class Ask(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What an agent must be like, said in more ways than a level for each skill; all of it holds.

    *need* are skills with their levels, *agents* are those of whom they are one; of each group of
    *any* at least one must hold, and nothing of *none*.
    """

    need: tuple[tuple[str, float], ...] = ()
    agents: tuple[AgentId, ...] = ()
    any: tuple[tuple[Ask, ...], ...] = ()
    none: tuple[Ask, ...] = ()


class Step(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A relaxation step: the whole requirement in force for a span of the step clock."""

    need: Needs = {}
    span: int | None = None  # None: to the end
    agents: tuple[AgentId, ...] = ()  # only these, when named
    queue: str = ""  # moves to another queue, when named
    skip_if: str = ""  # "nobody_present" | "nobody_free"
    broadcast: bool = False  # offer to everybody at once
    tell: str = ""  # what the agent is told about the relaxation
    article: str = ""  # nobody is asked while the customer reads this
    add: tuple[str, ...] = ()  # teams that may serve it besides the queue's
    cost: float | None = None  # skills may be stood in for at this many levels lost; None: any
    priority: int | None = None  # the thread's from here on, where one is named
    prefer: tuple[AgentId, ...] = ()  # who goes before all others, in this order
    crowd: bool = False  # the named agents are asked though they are full
    notify: tuple[str, ...] = ()  # agents, and teams whose leads, are told that it began
    ask: Ask | None = None  # what is asked besides the levels of `need`


class Offer(msgspec.Struct, frozen=True, gc=False):
    """A proposal of a thread to one agent, pending until *until*."""

    id: str
    agent: AgentId
    at: int
    until: int


class Held(msgspec.Struct, frozen=True, gc=False):
    """A reply that waits for its undo to run out."""

    message: MessageId
    agent: AgentId
    handle: HandleId
    release: int
    input: str  # key of the input that made it, so that its effect id is the same for ever
    answers: MessageId = ""  # the customer's last message on that handle when it was written
    begins: tuple[str, str] | msgspec.UnsetType = msgspec.UNSET  # channel and account, if it opens
    copies: tuple[HandleId, ...] | msgspec.UnsetType = msgspec.UNSET  # who gets one besides


class Exclusion(msgspec.Struct, frozen=True, gc=False):
    """Who is not asked again for this thread, and why: declined, missed, gave, handed_off.

    Not before *until*, or never where that is 0.
    """

    agent: AgentId
    reason: str
    until: int = 0


class Voice(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one handle has said in a thread: the part that goes with it when people are parted."""

    handle: HandleId
    since: int  # its first message here
    at: int  # its last one that a person wrote; 0: none yet
    message: MessageId = ""
    channel: str = ""
    live: bool = False
    turns: int = 0
    replies: int = 0  # released to this handle
    waiting: bool = False
    failed: str = ""  # how our last message to it failed, until one arrives or they write
    before: Voice | None = None  # as it was before its last message, less what was before that


class Participant(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Somebody else in a conversation, who is not its customer, nor joined to them by it.

    *how*: ``named`` in a message of the customer's, ``there`` in a place that several people read,
    ``added`` by an agent; ``removed`` by one, which outlasts being named again.
    """

    handle: HandleId
    how: str
    by: HandleId = ""  # the customer's address that brought them in; none where an agent did
    copied: bool = False  # gets a copy of every answer
    at: int = 0  # when they wrote last
    message: MessageId = ""


class Urgency(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What makes a thread urgent, kept while threads are joined so that it can be parted again."""

    priority: int = 0
    deadline: int = 0
    routing_since: int = 0
    tags: tuple[str, ...] = ()


class Fold(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A thread that was folded into this one."""

    thread: ThreadId
    handle: HandleId  # who wrote in it first
    urgency: Urgency
    resolved: bool = False  # what is done makes nothing urgent
    agent: AgentId = ""  # who had it
    took: bool = False  # that agent has the joined thread through it
    targets: tuple[Target, ...] = ()  # what was promised in the other thread before it came


class Turned(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the rules make of a later message in a thread, as if it had opened one."""

    rule: str
    rules: str
    queue: str
    steps: tuple[Step, ...]
    priority: int
    deadline: int
    weight: int = 1
    tags: tuple[str, ...] = ()


class Survey(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The question how it was, from when it is planned until it is over.  Times in ms.

    *rule* is the survey of the rule set, *measure* its scale.  It is asked when *due*, which is 0
    from then on; answers count *until* then.
    """

    rule: str
    measure: str  # csat | nps | ces
    due: int = 0
    until: int = 0
    message: MessageId = ""  # the question
    handle: HandleId = ""  # whom it went to
    agent: AgentId = ""  # whose help it is about
    queue: str = ""
    channel: str = ""
    score: int | None = None
    remark: MessageId = ""  # what they said besides
    over: bool = False


class Thread(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One piece of work for one customer, across every channel."""

    id: ThreadId
    customer: CustomerId
    since: int
    phase: Phase = Phase.NEW
    version: int = 0
    # where it waits
    queue: str = ""
    rule: str = ""
    rules: str = ""  # version of the rule set it was queued under
    priority: int = 20
    deadline: int = 0
    routing_since: int = 0  # the age that counts in line; a boost moves it
    queued_since: int = 0  # since when it really waits
    promote_at: int = 0  # when its priority rises next, while it waits; 0 for never
    sla: Sla = USUAL_SLA
    targets: tuple[Target, ...] = ()  # promises that run or stand
    steps: tuple[Step, ...] = ()
    step: int = 0
    step_used: int = 0  # of the present step, up to `clock_since`
    clock_since: int | None = None  # None while the step clock stands
    offers: tuple[Offer, ...] = ()
    offered: int = 0  # how many offers were ever made; numbers the next
    excluded: tuple[Exclusion, ...] = ()
    # who has it
    agent: AgentId = ""
    last_agent: AgentId = ""
    weight: int = 1
    live: bool = False
    # the conversation
    channel: str = ""  # kind of the last customer message's channel
    handle: HandleId = ""  # where the last customer message came from
    message: MessageId = ""  # the last customer message
    turns: int = 0  # customer messages so far
    asides: int = 0  # messages of others in the conversation so far
    replies: int = 0  # answers released so far
    waiting: bool = True  # for us
    held: tuple[Held, ...] = ()
    tags: tuple[str, ...] = ()
    snoozed_until: int = 0
    away_until: int = 0  # the customer left; unless they are back by then it is abandoned
    closes_at: int = 0  # when its queue closes next, while it waits there
    opens_at: int = 0  # until when it is held
    dormant_at: int = 0  # when it falls dormant, if the customer stays silent
    dormant: bool = False  # kept by its agent at no weight until the customer writes
    woken_at: int = 0  # when the customer woke it; 0 once answered
    wake_until: int = 0  # until when its agent has to answer, or it is queued
    wrap_until: int = 0  # solved, and its weight stays so long
    resolved_at: int = 0
    reopen_until: int = 0
    voices: tuple[Voice, ...] = ()  # the first opened it; those of what was folded come last
    own: Urgency | None = None  # before anything was folded into it
    folds: tuple[Fold, ...] = ()  # in their order
    folded_into: ThreadId | None = None
    turned: Turned | None = None  # the other matter that the owner was told of
    busy: int = 0  # ms of the agent's time so far, up to `busy_since`
    busy_since: int = 0  # 0 while nobody works on it
    deflected: bool = False  # an article was proposed in it
    added: tuple[str, ...] = ()  # teams that overflow has added
    overflowed: tuple[int, ...] = ()  # overflow rules that have held, by their places
    overflow_at: int = 0  # when to look at the others
    remind_at: int = 0  # stranded: when leads are told again
    stranded: str = ""  # why it was stranded last
    answerable: bool = True  # by a machine
    by_machine: bool = False  # the last that came from there; no bot answers it
    told_stranded: bool = False  # the customer has been told
    acts: int = 0  # of rules, since somebody did something
    moves: tuple[int, ...] = ()  # when somebody handed it on; the last few
    handed_off: bool = False  # by a bot to people: it says no more here
    sending: tuple[tuple[MessageId, str], ...] = ()  # a bot's answers on their way, by effect
    participants: tuple[Participant, ...] = ()  # in the order in which they came
    answered: tuple[str, ...] = ()  # what held of the message as it was routed; see `lasting`
    words: str = ""  # keyed hash of what the customer said last, where somebody waits
    mechanical: int = 0  # so many times in a row they answered a bot as a machine would
    language: str = ""  # of what the customer said last, where somebody may ask them how it was
    survey: Survey | None = None


class Caps(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an agent holds at most of one kind or of one queue, in units, whatever room is left."""

    chat: int | None = None  # work of which somebody waits on the other side
    later: int | None = None  # all other work, such as mail
    queues: dict[str, int] = {}


class Agent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who does work: what they know, what they carry, whether they can be asked."""

    id: AgentId
    teams: tuple[str, ...] = ()
    skills: Needs = {}
    capacity: int = 5
    role: str = "agent"  # agent | lead | admin
    kind: str = "human"  # human | bot
    desks: tuple[str, ...] = ("web",)
    slow: dict[str, int] = {}  # desks that need longer for an offer, and how long (ms)
    chatless: tuple[str, ...] = ()  # desks from which nobody can chat
    shift: str = ""  # the calendar of their hours
    reads: tuple[str, ...] = ()  # queues in which they do not reply
    caps: Caps | None = None
    status: Status = Status.OFFLINE
    lost: tuple[str, ...] = ()  # desks on which nobody reaches them
    beating: tuple[str, ...] = ()  # desks that have said of themselves that they are there
    shift_end: int = 0  # when they begin to drain
    give_back_at: int = 0  # offline: when what waits for us goes to others
    flag_at: int = 0  # beyond reach: when a lead is told of what they have
    gone: bool = False  # offline for so long that it has gone to others
    employed: bool = True
    unresponsive: bool = False
    misses: int = 0
    days: tuple[tuple[int, int, int], ...] = ()  # the last week: day, threads taken, hard ones
    strain: float = 0.0  # the share of hard ones among them
    live_load: int = 0
    mail_load: int = 0
    queue_loads: dict[str, int] = {}  # of the queues that `caps` names
    threads: tuple[ThreadId, ...] = ()
    idle_since: int = 0
    last_assigned: int = 0

    @property
    def load(self) -> int:
        """Units in use by assignments and pending offers."""
        return self.live_load + self.mail_load


class Pace(msgspec.Struct, frozen=True, gc=False):
    """How much of an agent's time threads of a queue have taken: how many, and the mean (ms)."""

    handled: int = 0
    mean: float = 0.0
    taken: int = 0  # how many were given to somebody, of the last `REMEMBERED`
    in_time: float = 0.0  # the share of those that came within the queue's aim
    alerted_at: int = 0  # when it was last said that too many wait; 0: they do not
    remind_at: int = 0  # when it is said again, if it is so still; 0: not by itself


NO_PACE = Pace()
"""Of a queue of which nothing is known."""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An eligible agent with the tuple that ranks them; the smallest wins."""

    agent: AgentId
    rank: tuple[float | str, ...]
