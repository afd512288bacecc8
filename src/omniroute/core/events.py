"""What has happened, in the past tense: the journal's content.

An event holds ids, rule names, levels and times; never text, a name or an address.  `evolve` folds
events alone into the state, so each carries all it needs for that.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from omniroute.core.inputs import Member
from omniroute.core.model import (
    AgentId,
    CustomerId,
    Exclusion,
    Handle,
    HandleId,
    Held,
    Link,
    MessageId,
    Offer,
    Participant,
    Pause,
    Sharing,
    Sla,
    Status,
    Step,
    Target,
    ThreadId,
    Turned,
    Urgency,
)
from omniroute.core.trials import Trial


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag=True, tag_field="ev", gc=False):
    """Something that is so from now on."""


class ThreadEvent(Event, frozen=True):
    """Something that happened to one thread."""

    thread: ThreadId


# --- who is who ---


class HandleSeen(Event, frozen=True):
    """A handle appeared for the first time, as a customer of its own."""

    handle: Handle


class LinkAdded(Event, frozen=True):
    """Verified evidence, or a person, joined two customers, or strengthened one."""

    link: Link
    into: CustomerId
    gone: CustomerId = ""  # the customer that ceased to be, if there were two
    note: MessageId = ""  # why, where a person overruled what stood against it


class LinkSuggested(Event, frozen=True):
    """Evidence that only a person may act on; *veto* says what stands against it."""

    link: Link
    veto: str = ""


class LinkRetracted(Event, frozen=True):
    """Somebody took a link back; whether that parts anybody is another event's matter."""

    a: HandleId
    b: HandleId
    customer: CustomerId
    agent: AgentId = ""


class NotSame(Event, frozen=True):
    """A person said that two handles are two people; no evidence may join them again."""

    a: HandleId
    b: HandleId
    agent: AgentId = ""


class CustomerSplit(Event, frozen=True):
    """Handles that nothing holds to the others any more are a customer of their own."""

    customer: CustomerId
    into: CustomerId
    handles: tuple[HandleId, ...]
    history: tuple[ThreadId, ...] = ()  # closed threads that go with them
    open: bool = False  # the open thread goes with them
    threads: tuple[ThreadId, ...] = ()  # every open thread that does, other matters included


class HandleCalled(Event, frozen=True):
    """An address was used under another name; *sharing* is what is known of it now."""

    handle: HandleId
    sharing: Sharing


class HandleShared(Event, frozen=True):
    """Somebody said whether an address is several people's; nobody is joined over one that is."""

    handle: HandleId
    shared: bool
    by: AgentId = ""


class CustomerErased(Event, frozen=True):
    """The words of these messages and the names of these handles are gone; decisions stay."""

    handles: tuple[HandleId, ...]
    messages: tuple[MessageId, ...] = ()
    by: AgentId = ""


# --- a thread's conversation ---


class ThreadOpened(ThreadEvent, frozen=True):
    """A customer without open work wrote."""

    customer: CustomerId


class CustomerWrote(ThreadEvent, frozen=True):
    """A message of the customer's, on the handle it came by."""

    message: MessageId
    handle: HandleId
    channel: str
    account: str
    live: bool = False
    automatic: bool = False
    answerable: bool = True  # by a machine: somebody vouches for the sender, who is none
    words: str = ""  # keyed hash of what it says, where a bot may be asked to answer it
    mechanical: bool = False  # it answered a bot as a machine would
    language: str = ""  # its language, where customers may be asked how it was


class ParticipantsChanged(ThreadEvent, frozen=True):
    """Who is in the conversation besides the customer, whole; *agent* is whose doing it was."""

    participants: tuple[Participant, ...]
    agent: AgentId = ""


class ParticipantWrote(ThreadEvent, frozen=True):
    """A participant's own message in the conversation: it moves no answer and joins nobody."""

    message: MessageId
    handle: HandleId
    channel: str
    account: str
    automatic: bool = False


class MessageAmended(Event, frozen=True):
    """Whoever wrote a message changed or deleted it, somebody reacted to it, or has read it."""

    message: MessageId
    handle: HandleId
    how: str  # edited | deleted | reacted; of ours: delivered | read


class TopicTurned(ThreadEvent, frozen=True):
    """The customer's last message is about another matter, of which the owner is told; *meets*
    says whether the owner could serve that one too."""

    turned: Turned
    meets: bool = False


class MatterSplit(ThreadEvent, frozen=True):
    """An agent made a thread of its own, *into*, of the customer's last message."""

    into: ThreadId
    agent: AgentId


class NoteAdded(ThreadEvent, frozen=True):
    """A note for colleagues."""

    message: MessageId
    agent: AgentId


class ReplyHeld(ThreadEvent, frozen=True):
    """A reply was written and can still be undone."""

    held: Held


class ReplyWithdrawn(ThreadEvent, frozen=True):
    """A held reply was undone; nobody outside saw it."""

    message: MessageId
    agent: AgentId


class WordsChanged(ThreadEvent, frozen=True):
    """An agent changed or deleted an answer or a note; *effect* takes that to the customer."""

    message: MessageId
    agent: AgentId
    how: str  # edited | deleted
    effect: str = ""


class ChangeSettled(ThreadEvent, frozen=True):
    """What became of a change on its way to the customer."""

    message: MessageId
    effect: str
    how: str
    outcome: str  # sent, or why not


class ReplyReleased(ThreadEvent, frozen=True):
    """A reply went to the outbox."""

    message: MessageId
    agent: AgentId
    handle: HandleId
    effect: str
    copies: tuple[HandleId, ...] = ()  # participants who got one, too


class AutomaticReplyReleased(ThreadEvent, frozen=True):
    """A canned reply went to the outbox."""

    message: MessageId
    handle: HandleId
    reply: str
    effect: str


class ArticleProposed(ThreadEvent, frozen=True):
    """An article may answer the customer; agents are asked if it does not."""

    rule: str
    article: str


class ReplyRecalled(ThreadEvent, frozen=True):
    """A bot's reply that is on its way is to be stopped, if it has not left."""

    message: MessageId
    agent: AgentId
    effect: str


class ReplySent(ThreadEvent, frozen=True):
    """The platform took the reply; *repeat* if it may have had it before."""

    message: MessageId
    effect: str
    repeat: bool = False
    handle: HandleId = ""  # that can be reached again


class ReplyFailed(ThreadEvent, frozen=True):
    """The reply will not arrive; the agent is told."""

    message: MessageId
    effect: str
    outcome: str
    handle: HandleId = ""  # that cannot be reached; empty where the message was at fault
    realm: str | None = None  # it came back from there, and counts; empty where none is known


# --- where it waits ---


class ThreadRouted(ThreadEvent, frozen=True):
    """The rules gave the thread a queue and a requirement; it waits from now."""

    rule: str
    rules: str
    queue: str
    steps: tuple[Step, ...]
    priority: int
    deadline: int
    routing_since: int
    weight: int = 1
    tags: tuple[str, ...] = ()
    enriched: tuple[str, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    sla: Sla | None = None  # None: as it was
    targets: tuple[Target, ...] | None = None  # None: as they were
    promote_at: int = 0  # 0: as it was
    answered: tuple[str, ...] | None = None  # by yes, of what `lasting` asks; None: as it was


class ThreadPromoted(ThreadEvent, frozen=True):
    """It has waited for a span: its priority rises by one, and again at *next*."""

    priority: int
    due: int
    next: int


class PromotionPlanned(ThreadEvent, frozen=True):
    """From when on, while it waits, its priority rises; 0 for never."""

    at: int


class AgeMoved(ThreadEvent, frozen=True):
    """A boost: in line it counts as waiting since then; how long it really waits is unchanged."""

    routing_since: int
    agent: AgentId


class TargetStarted(ThreadEvent, frozen=True):
    """The clock of a promise runs, for the first time or again.  *nearest*: the next one due."""

    target: Target
    nearest: int


class TargetStopped(ThreadEvent, frozen=True):
    """The clock of a promise stands, or is done with.

    *how*: ``met`` (also if it was late), ``paused`` with so much *left*, or ``dropped``.  *took* is
    what ran on it, in ms.
    """

    kind: str
    how: str
    nearest: int
    left: int = 0
    took: int = 0


class TargetMissed(ThreadEvent, frozen=True):
    """A promise was not kept."""

    kind: str
    due: int


class MarksPassed(ThreadEvent, frozen=True):
    """A moment came at which an escalation rule is looked at; these are still to come."""

    kind: str
    marks: tuple[int, ...]


class Escalated(ThreadEvent, frozen=True):
    """An escalation rule acted: what it changed, of what it could."""

    rule: str
    kind: str  # of the promise
    priority: int
    tags: tuple[str, ...]
    add: tuple[str, ...] = ()


class DeadlineSet(ThreadEvent, frozen=True):
    """The queue's own deadline, for a thread to which nothing is promised now."""

    deadline: int


class StepBegan(ThreadEvent, frozen=True):
    """The next relaxation step is in force; *used* is what ran of it before the event's time."""

    step: int
    due: int
    used: int = 0
    queue: str = ""
    skipped: str = ""
    priority: int | None = None


class ThreadStranded(ThreadEvent, frozen=True):
    """It waits and nothing scheduled can change that."""

    reason: str  # no_candidate | all_excluded | nobody_present | loop
    remind_at: int = 0


class StrandedReminded(ThreadEvent, frozen=True):
    """It is stranded still, and leads were told once more."""

    remind_at: int


class QueueDeep(Event, frozen=True):
    """So many wait in a queue that somebody was told, and will be again at *remind_at* (ms; 0: not
    by itself)."""

    queue: str
    waiting: int
    remind_at: int = 0


class QueueEased(Event, frozen=True):
    """A queue that was deep is so no more."""

    queue: str


class CustomerTold(ThreadEvent, frozen=True):
    """The customer was told that it may take a while; once, until somebody has it."""


class Overflowed(ThreadEvent, frozen=True):
    """An overflow rule of the queue holds: these teams may serve it, too."""

    rule: int  # its place in the queue's list
    add: tuple[str, ...]
    next_at: int = 0  # when to look at the other rules


class OverflowPlanned(ThreadEvent, frozen=True):
    """When the queue's overflow rules are looked at next; 0 for never."""

    at: int


class CustomerAway(ThreadEvent, frozen=True):
    """The customer left, and keeps place and age if they are back by then."""

    until: int


class HoursPlanned(ThreadEvent, frozen=True):
    """When the queue in which it waits closes next."""

    closes: int


class ThreadHeld(ThreadEvent, frozen=True):
    """Its queue is closed until then: nobody is asked, and its clocks stand."""

    until: int


class ThreadUnheld(ThreadEvent, frozen=True):
    """Its queue is open again."""


class OfferMade(ThreadEvent, frozen=True):
    """The thread was proposed to an agent."""

    offer: Offer


class ExclusionsEnded(ThreadEvent, frozen=True):
    """These agents may be asked for the thread again."""

    agents: tuple[AgentId, ...]


class OfferEnded(ThreadEvent, frozen=True):
    """An offer reached its one final state."""

    offer: str
    agent: AgentId
    how: str  # accepted | declined | expired | rescinded | cancelled | failed
    since: int = 0  # when it really ended, if that was before the event's time
    exclusion: Exclusion | None = None


# --- who has it ---


class ThreadAssigned(ThreadEvent, frozen=True):
    """An agent is responsible."""

    agent: AgentId
    how: str  # accept | claim | reply | transfer | fold | auto
    over: bool = False  # beyond capacity, by override
    by: AgentId = ""  # whose decision it was, if another's
    in_time: bool | None = None  # whether it came within the queue's aim, where one is measured


class ThreadReleased(ThreadEvent, frozen=True):
    """The agent is no longer responsible."""

    agent: AgentId
    how: str  # transfer | claim | fold | left | gone
    exclusion: Exclusion | None = None


class ThreadMoved(ThreadEvent, frozen=True):
    """Somebody handed it on."""

    agent: AgentId
    to: str  # an agent or a queue


class HandedOff(ThreadEvent, frozen=True):
    """A bot has handed it to people, and says nothing more here."""

    agent: AgentId
    excluded: tuple[Exclusion, ...] = ()  # the bots of the team


class HandedBack(ThreadEvent, frozen=True):
    """Somebody gave it to a bot after all."""

    agent: AgentId


class ThreadSnoozed(ThreadEvent, frozen=True):
    """Put aside until a time or a customer message."""

    agent: AgentId
    until: int


class DormancyPlanned(ThreadEvent, frozen=True):
    """When it falls dormant, should the customer stay silent."""

    at: int


class ThreadDormant(ThreadEvent, frozen=True):
    """The customer has long been silent: its agent keeps it, and it weighs nothing."""

    agent: AgentId


class ThreadRoused(ThreadEvent, frozen=True):
    """The customer wrote in a dormant thread: its agent has it in full, *over* capacity or not."""

    agent: AgentId
    until: int  # unless answered by then it is queued
    over: bool = False


class WrapUpBegan(ThreadEvent, frozen=True):
    """It is solved, and its agent has work with it until then."""

    agent: AgentId
    until: int


class WrapUpEnded(ThreadEvent, frozen=True):
    """Its agent is free of it."""

    agent: AgentId
    how: str  # time | agent | left


class ThreadWoken(ThreadEvent, frozen=True):
    """A snooze ended."""

    how: str  # time | customer | agent


class ThreadSolved(ThreadEvent, frozen=True):
    """Resolved; a customer message before *reopen_until* takes it up again.

    *how* is ``deflected`` where no agent had a part in it: an article was the answer.
    """

    agent: AgentId
    reopen_until: int
    how: str = ""


class ThreadReopened(ThreadEvent, frozen=True):
    """Taken up again, by the customer or by an agent."""

    how: str


class ThreadAbandoned(ThreadEvent, frozen=True):
    """The customer left before anybody took it; history from now on."""


class ThreadClosed(ThreadEvent, frozen=True):
    """History from now on."""


class ThreadFolded(ThreadEvent, frozen=True):
    """Two open threads turned out to be one customer's; this one goes on in the other."""

    into: ThreadId
    agent: AgentId = ""  # who had it
    took: bool = False  # and has the other now, because of it
    lends: bool = False  # what was promised in it is kept in the other; before, it gave way there


class ThreadUnfolded(ThreadEvent, frozen=True):
    """Two people after all: a folded thread is one of its own again."""

    out_of: ThreadId
    handles: tuple[HandleId, ...]  # whose messages in the other thread come with it
    alone: Urgency  # of this one
    rest: Urgency  # of the other
    participants: tuple[HandleId, ...] = ()  # who goes with it
    targets: tuple[Target, ...] | None = None  # promises of this one as they are from now on
    left: tuple[Target, ...] | None = None  # and of the other


class ThreadDivided(ThreadEvent, frozen=True):
    """Two people wrote in one thread; what these handles said is a thread of its own."""

    into: ThreadId  # a new number
    customer: CustomerId  # whose it is
    out_of: CustomerId  # who keeps the rest
    handles: tuple[HandleId, ...]
    participants: tuple[HandleId, ...] = ()  # who goes with it


class WeightSet(ThreadEvent, frozen=True):
    """It goes on on another kind of channel, and weighs as one there does."""

    weight: int


class TagsSet(ThreadEvent, frozen=True):
    """The thread's tags, whole."""

    tags: tuple[str, ...]


class PrioritySet(ThreadEvent, frozen=True):
    """The thread's priority, by an agent."""

    priority: int
    agent: AgentId


# --- how it was ---


class SurveyPlanned(ThreadEvent, frozen=True):
    """The customer will be asked how it was at *due*, unless they write before."""

    survey: str  # the rule
    measure: str
    due: int


class SurveyAsked(ThreadEvent, frozen=True):
    """The question is on its way; it is about *agent*, who solved the thread, and its queue."""

    survey: str
    measure: str
    message: MessageId
    handle: HandleId
    until: int
    agent: AgentId = ""
    queue: str = ""
    channel: str = ""


class SurveyAnswered(ThreadEvent, frozen=True):
    """What the customer says; the last answer counts.  Another one is taken *until* then."""

    survey: str
    measure: str
    score: int
    until: int
    how: str  # page | button | number
    message: MessageId = ""  # in which it came, where that was one
    agent: AgentId = ""
    queue: str = ""
    channel: str = ""


class SurveyRemarked(ThreadEvent, frozen=True):
    """The customer said in words, which are a private row, what could be better."""

    survey: str
    message: MessageId
    handle: HandleId


class SurveyEnded(ThreadEvent, frozen=True):
    """No answer counts any more, or the question is not asked after all.

    *how*: ``cancelled`` (the thread went on), ``expired``, ``undelivered``, ``dropped`` (something
    spoke against asking when the time came), or ``done`` (it was answered, and that stands).
    """

    survey: str
    how: str


# --- machines of ours ---


class AutomaticRepliesPaused(Event, frozen=True):
    """No automatic replies go out to who does not wait on the other side, in a realm or at all."""

    pause: Pause


class AutomaticRepliesResumed(Event, frozen=True):
    """An admin ended a pause before its time."""

    realm: str
    by: AgentId = ""


# --- agents and rules ---


class AgentJoined(Event, frozen=True):
    """An agent is on the team, or changed there; *shift_end* is that of the shift they are in."""

    member: Member
    shift_end: int = 0


class AgentLeft(Event, frozen=True):
    """An agent is no longer on the team."""

    agent: AgentId


class StatusChanged(Event, frozen=True):
    """An agent declared a status, or a shift ended; what follows at its time is said with it."""

    agent: AgentId
    status: Status
    shift_end: int = 0
    give_back_at: int = 0


class AgentUnresponsive(Event, frozen=True):
    """Missed too many offers; shown as away until any act of theirs."""

    agent: AgentId


class AgentBack(Event, frozen=True):
    """An agent who was taken for absent did something, and so can be reached on *desks*."""

    agent: AgentId
    desks: tuple[str, ...] = ()


class DesksLost(Event, frozen=True):
    """Nobody reaches an agent on these desks; *flag_at* if those were the last of theirs."""

    agent: AgentId
    desks: tuple[str, ...]
    flag_at: int = 0


class DeskReached(Event, frozen=True):
    """A desk says that its agent is there."""

    agent: AgentId
    desk: str


class AgentGone(Event, frozen=True):
    """An agent has been offline for so long that what waits for us goes to others."""

    agent: AgentId


class OwnerUnreachable(Event, frozen=True):
    """Nobody has reached an agent for so long that leads are told of what they have."""

    agent: AgentId


class RulesActivated(Event, frozen=True):
    """A rule set became the active one."""

    version: str


class TrialBegan(Event, frozen=True):
    """A rule set is on trial beside the active one."""

    trial: Trial


class TrialEnded(Event, frozen=True):
    """No rule set is on trial any more."""

    version: str
    how: str  # stopped | replaced


# --- the nodes ---


class WriterChanged(Event, frozen=True):
    """Another node writes the journal, and performs what is decided, from now on.

    Numbers of threads below *least* may have been given by a journal that is lost.
    """

    node: str
    term: int
    least: int = 0


class WriterLeft(Event, frozen=True):
    """The node that writes has stopped in order: what is owed and not in doubt was not sent."""

    node: str
    term: int


AnyEvent: TypeAlias = (
    HandleSeen
    | HandleCalled
    | HandleShared
    | LinkAdded
    | LinkSuggested
    | LinkRetracted
    | NotSame
    | CustomerSplit
    | CustomerErased
    | ThreadOpened
    | CustomerWrote
    | ParticipantsChanged
    | ParticipantWrote
    | MessageAmended
    | TopicTurned
    | MatterSplit
    | NoteAdded
    | ReplyHeld
    | ReplyWithdrawn
    | ReplyReleased
    | AutomaticReplyReleased
    | ArticleProposed
    | ReplyRecalled
    | WordsChanged
    | ChangeSettled
    | ReplySent
    | ReplyFailed
    | ThreadRouted
    | ThreadPromoted
    | PromotionPlanned
    | AgeMoved
    | TargetStarted
    | TargetStopped
    | TargetMissed
    | MarksPassed
    | Escalated
    | DeadlineSet
    | StepBegan
    | ThreadStranded
    | StrandedReminded
    | CustomerTold
    | QueueDeep
    | QueueEased
    | Overflowed
    | OverflowPlanned
    | CustomerAway
    | HoursPlanned
    | ThreadHeld
    | ThreadUnheld
    | OfferMade
    | OfferEnded
    | ExclusionsEnded
    | ThreadAssigned
    | ThreadReleased
    | ThreadMoved
    | HandedOff
    | HandedBack
    | ThreadSnoozed
    | DormancyPlanned
    | ThreadDormant
    | ThreadRoused
    | WrapUpBegan
    | WrapUpEnded
    | ThreadWoken
    | ThreadSolved
    | ThreadReopened
    | ThreadAbandoned
    | ThreadClosed
    | ThreadFolded
    | ThreadUnfolded
    | ThreadDivided
    | WeightSet
    | TagsSet
    | PrioritySet
    | SurveyPlanned
    | SurveyAsked
    | SurveyAnswered
    | SurveyRemarked
    | SurveyEnded
    | AutomaticRepliesPaused
    | AutomaticRepliesResumed
    | AgentJoined
    | AgentLeft
    | StatusChanged
    | AgentUnresponsive
    | AgentBack
    | DesksLost
    | DeskReached
    | AgentGone
    | OwnerUnreachable
    | RulesActivated
    | TrialBegan
    | TrialEnded
    | WriterChanged
    | WriterLeft
)
