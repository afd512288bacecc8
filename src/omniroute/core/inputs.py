"""What can happen to the core.  Every input carries its key, its time, ids and numbers.

The key names the cause: the same cause decided again yields the same effect ids.  What a rule or
a plugin found in the text arrives as facts and condition numbers, so a replay needs neither.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from omniroute.core.model import (
    AgentId,
    Caps,
    Evidence,
    Fact,
    HandleId,
    MessageId,
    Needs,
    Status,
    ThreadId,
)
from omniroute.core.owners import Owner, queue_named


class Input(msgspec.Struct, frozen=True, omit_defaults=True, tag=True, tag_field="in"):
    """The common part: *key* is unique per cause, *at* is when the writer took it up."""

    key: str
    at: int


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A handle as a message shows it."""

    id: HandleId
    kind: str
    unique: bool = False
    verified: bool = True
    realm: str = ""  # keyed hash of its domain, where it has one


class Claimed(msgspec.Struct, frozen=True):
    """The sender is said to have another handle too."""

    handle: Seen
    evidence: Evidence
    source: str


class MessageReceived(Input, frozen=True):
    """A customer said something on a channel."""

    message: MessageId
    channel: str
    account: str
    sender: Seen
    claims: tuple[Claimed, ...] = ()
    facts: dict[str, Fact] = {}
    observed: tuple[int, ...] = ()  # private conditions that hold, by number
    rules: str = ""  # the rule set whose numbers these are
    live: bool = False
    automatic: bool = False
    sent_at: int = 0
    trial: str = ""  # the rule set on trial then
    trial_observed: tuple[int, ...] = ()  # what holds of its private conditions
    name: str = ""  # keyed hash of the name it was written under
    named: tuple[HandleId, ...] = ()  # to whom else it was sent, as it says
    within: tuple[HandleId, ...] = ()  # in whose conversations it stands, as it proves
    shared: bool = False  # several people read the place where it was written
    words: str = ""  # keyed hash of what it says, where somebody waits on the other side

    def observed_under(self, version: str) -> tuple[int, ...]:
        """What holds of the private conditions of a rule set; numbers of others mean nothing."""
        if self.rules in ("", version):
            return self.observed
        return self.trial_observed if self.trial == version else ()


class SurveyScored(Input, frozen=True):
    """Somebody pressed a number below the question how it was.

    *question* is its message, *handle* whom it was sent to; *how* is ``page`` or ``button``.
    """

    question: MessageId
    handle: HandleId
    score: int
    how: str = "button"


class SurveyRemarked(Input, frozen=True):
    """Somebody said in words what could be better; *message* is the private row."""

    question: MessageId
    handle: HandleId
    message: MessageId


class AtDesk(Input, frozen=True, kw_only=True):
    """Something done at a desk; its kind, where it is known."""

    desk: str = ""


class MessageAmended(Input, frozen=True):
    """A customer changed, deleted, reacted to or has read a message; what it says now is a private
    row."""

    message: MessageId
    handle: HandleId
    how: str  # edited | deleted | reacted; of ours: delivered | read


class AgentInput(AtDesk, frozen=True):
    """Something an agent did, on any desk; *agent* is who did it."""

    agent: AgentId


class OfferAccepted(AgentInput, frozen=True):
    """Accept an offer; loses against whoever was first."""

    thread: ThreadId
    offer: str


class OfferDeclined(AgentInput, frozen=True):
    """Pass."""

    thread: ThreadId
    offer: str
    note: MessageId = ""


class ThreadClaimed(AgentInput, frozen=True):
    """Take a thread without an offer; may exceed capacity, and is recorded so."""

    thread: ThreadId


class ReplyWritten(AgentInput, frozen=True):
    """Answer the customer.  *seen* is how many messages of the customer's, and of participants, the
    writer had on screen.

    *to* is the handle that it goes to; unless named, the one that the customer wrote from last.
    To a handle that has not written in the thread it goes by *channel* and *account*, which must
    be able to begin a conversation.
    """

    thread: ThreadId
    message: MessageId
    seen: int
    anyway: bool = False
    hold: int = 0  # ms during which it can be undone
    to: HandleId = ""
    channel: str = ""
    account: str = ""
    copies: tuple[HandleId, ...] = ()  # participants of the thread who get one, too


class ReplyUndone(AgentInput, frozen=True):
    """Take back a reply that is still held."""

    thread: ThreadId
    message: MessageId


class ChangeAsked(AgentInput, frozen=True):
    """Change or delete what was said before; what it says now is a private row.

    *author* wrote it.  A note has no *effect*; an answer has the one that sent it, to *handle*.
    """

    thread: ThreadId
    message: MessageId
    how: str  # edited | deleted
    author: AgentId
    handle: HandleId = ""
    effect: str = ""


class NoteWritten(AgentInput, frozen=True):
    """Say something to colleagues only."""

    thread: ThreadId
    message: MessageId


class TransferAsked(AgentInput, frozen=True):
    """Hand a thread to an agent or to a queue, with the reason as a note.

    *warm*: whoever gives it stays responsible until the agent accepts.  *restart*: in the queue it
    begins to wait anew, as the last of its priority.
    """

    thread: ThreadId
    note: MessageId
    to_agent: AgentId = ""
    to_queue: str = ""
    warm: bool = False
    restart: bool = False


class SnoozeAsked(AgentInput, frozen=True):
    """Put a thread aside until a time or until the customer writes."""

    thread: ThreadId
    until: int


class ThreadResolved(AgentInput, frozen=True):
    """The customer has what they came for."""

    thread: ThreadId


class NewMatter(AgentInput, frozen=True):
    """Make a thread of its own of the customer's last message."""

    thread: ThreadId


class ReopenAsked(AgentInput, frozen=True):
    """Take a resolved thread up again."""

    thread: ThreadId


class WrapUpDone(AgentInput, frozen=True):
    """The work after a solved thread is done."""

    thread: ThreadId


class TagsChanged(AgentInput, frozen=True):
    """Add and remove tags."""

    thread: ThreadId
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class ParticipantsAsked(AgentInput, frozen=True):
    """From now on these get a copy of every answer, and those are no part of the conversation."""

    thread: ThreadId
    add: tuple[HandleId, ...] = ()
    remove: tuple[HandleId, ...] = ()


class PriorityChanged(AgentInput, frozen=True):
    """Set a thread's priority; higher goes first."""

    thread: ThreadId
    priority: int


class BoostAsked(AgentInput, frozen=True):
    """Have a thread count as *by* ms older in line; below 0, as younger."""

    thread: ThreadId
    by: int


class StatusDeclared(AgentInput, frozen=True):
    """An agent says whether they can be asked."""

    status: Status


class CustomerLeft(Input, frozen=True):
    """The customer gave up waiting: closed the chat, hung up, said that it is settled.

    Of a *thread*, or of whichever is open of whoever has a *handle*; of that one only if they have
    not written since they were gone (*since*, ms).
    """

    thread: ThreadId = 0
    handle: HandleId = ""
    since: int = 0


class MergeAsked(AgentInput, frozen=True):
    """Say that two handles are one person; *note* is the reason, where something speaks against."""

    a: HandleId
    b: HandleId
    note: MessageId = ""

    @property
    def both(self) -> tuple[HandleId, HandleId]:
        """The two."""
        return self.a, self.b


class LinkDenied(AgentInput, frozen=True):
    """Not the same person: take back the link of two handles, or refuse a suggested one."""

    a: HandleId
    b: HandleId

    @property
    def both(self) -> tuple[HandleId, HandleId]:
        """The two."""
        return self.a, self.b


class SplitAsked(AgentInput, frozen=True):
    """Part these handles from the rest of their customer, whatever holds them together."""

    handles: tuple[HandleId, ...]


class ShareDeclared(Input, frozen=True):
    """An address is several people's, or after all one person's; *by* is who says so."""

    handle: HandleId
    shared: bool = True
    by: AgentId = ""


class ResumeAsked(Input, frozen=True):
    """A pause of automatic replies is to end: in a realm, or everywhere where that is empty."""

    realm: str
    by: AgentId = ""


class EraseAsked(Input, frozen=True):
    """What these handles of one customer said and are called is erased; *by* is who ordered it."""

    handles: tuple[HandleId, ...]
    messages: tuple[MessageId, ...] = ()
    by: AgentId = ""


class HandlesProved(Input, frozen=True):
    """Somebody has shown that both are theirs: by a code, or a link that is good once."""

    a: Seen
    b: Seen
    source: str = ""


class PersonImported(Input, frozen=True):
    """A list says that these addresses are one person's; *by* is who imports it, if an agent."""

    handles: tuple[Seen, ...]
    evidence: Evidence = Evidence.ASSERTED
    by: AgentId = ""


class TimerDue(Input, frozen=True):
    """The time of a thread has come: an offer, a step, a snooze, a window or an undo ends."""

    thread: ThreadId
    due: int


class AgentTimerDue(Input, frozen=True):
    """The time of an agent has come: a shift ends, or they were gone for long enough."""

    agent: AgentId
    due: int


class QueueTimerDue(Input, frozen=True):
    """The time of a queue has come: it is said again that too many wait, if it is so still."""

    queue: str
    due: int


AnyTimer: TypeAlias = TimerDue | AgentTimerDue | QueueTimerDue


def due_now(at: int, due: int, owner: Owner) -> AnyTimer:
    """The input of what `State.due` names, taken up at *at*."""
    key = f"timer/{owner}/{due}"
    if queue := queue_named(owner):
        return QueueTimerDue(key, at, queue, due)
    if isinstance(owner, str):
        return AgentTimerDue(key, at, owner, due)
    return TimerDue(key, at, owner, due)


class DeskSignal(Input, frozen=True):
    """A desk says of itself whether its agent can be reached there.

    *failed*: what it had shown them came back, so it counts without an earlier sign of life.
    """

    agent: AgentId
    desk: str
    up: bool
    failed: bool = False


class Delivered(Input, frozen=True):
    """The outbox has an outcome for an effect: ``sent`` or a failure with a reason code.

    Of a card, *desks* are the agent's desks that could not take it; all of them if it failed.
    """

    effect: str
    thread: ThreadId
    outcome: str  # sent | rejected | not_authorised | gave_up | bounced | complained
    message: MessageId = ""
    offer: str = ""
    repeat: bool = False
    desks: tuple[str, ...] = ()
    handle: HandleId = ""  # the way that it went or failed; empty where the message was at fault
    change: str = ""  # edited | deleted, where it is a change of *message* that was to be sent


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent as the team file has them, less name and address.

    *slow* are desks that need longer for an offer than queues allow, with the least time (ms);
    *chatless* those from which nobody can serve a customer who waits on the other side;
    *shift* is the calendar of their hours, *reads* are queues in which they do not reply.
    """

    id: AgentId
    teams: tuple[str, ...] = ()
    skills: Needs = {}
    capacity: int = 5
    role: str = "agent"
    desks: tuple[str, ...] = ("web",)
    slow: dict[str, int] = {}
    chatless: tuple[str, ...] = ()
    shift: str = ""
    reads: tuple[str, ...] = ()
    kind: str = "human"  # human | bot
    caps: Caps | None = None


class TeamLoaded(Input, frozen=True):
    """The team file was read; who is no longer in it leaves."""

    members: tuple[Member, ...]


class Reseen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A waiting thread as another rule set sees it: its facts, and which conditions hold."""

    thread: ThreadId
    facts: dict[str, Fact] = {}
    observed: tuple[int, ...] = ()


class RulesLoaded(Input, frozen=True):
    """A rule set becomes the active one.

    Waiting threads stay under the rules they were queued by, except those in *reseen*.
    """

    version: str
    by: AgentId = ""
    reseen: tuple[Reseen, ...] = ()


class RulesTried(Input, frozen=True):
    """A rule set goes on trial as a `core.trials.Trial` has it; no version ends the trial."""

    version: str = ""
    mode: str = ""
    share: float = 0.0
    until: int = 0
    by: AgentId = ""


class RowsRemade(Input, frozen=True):
    """A version that makes other rows of the same events has made the store's rows anew."""


class WritingTaken(Input, frozen=True):
    """A node begins to write; *node* is the name of its spool.

    Where a journal that is lost may have given numbers to threads, *least* is above them: whoever
    still knows one of those must not find somebody else's thread by it.
    """

    node: str
    least: int = 0


class WritingEnded(Input, frozen=True):
    """A node has stopped in order, and sends nothing more; what it may have sent is in the rows."""

    node: str


AnyInput: TypeAlias = (
    MessageReceived
    | MessageAmended
    | SurveyScored
    | SurveyRemarked
    | OfferAccepted
    | OfferDeclined
    | ThreadClaimed
    | ReplyWritten
    | ReplyUndone
    | ChangeAsked
    | NoteWritten
    | TransferAsked
    | SnoozeAsked
    | ThreadResolved
    | NewMatter
    | ReopenAsked
    | WrapUpDone
    | TagsChanged
    | ParticipantsAsked
    | PriorityChanged
    | BoostAsked
    | StatusDeclared
    | CustomerLeft
    | MergeAsked
    | LinkDenied
    | SplitAsked
    | EraseAsked
    | ShareDeclared
    | ResumeAsked
    | PersonImported
    | HandlesProved
    | TimerDue
    | AgentTimerDue
    | QueueTimerDue
    | DeskSignal
    | Delivered
    | TeamLoaded
    | RulesLoaded
    | RulesTried
    | RowsRemade
    | WritingTaken
    | WritingEnded
)
