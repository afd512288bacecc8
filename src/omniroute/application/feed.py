"""The record of what happened, for programs: the journal's events that mean something outside.

An event names threads, customers, agents, messages by their ids, as the journal does, and holds no
text, name or address.  A *place* (``4711.2-9f3ac2d1``) is the number of a record, that of the event
in it, and how the record's hash begins; it names an event for ever, and whoever asks for what came
after it misses nothing.  Should the journal lose its end and grow anew, other events have the same
numbers, and never the same place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from omniroute.application.authorize import Action, Actor, authorize
from omniroute.core import events as e
from omniroute.errors import Refused, StoreError
from omniroute.stores.api import Reader, Record

TYPES: Final[Mapping[type[e.Event], str]] = {
    e.HandleSeen: "customer.appeared",
    e.LinkAdded: "customer.joined",
    e.LinkSuggested: "customer.suggested",
    e.LinkRetracted: "customer.unlinked",
    e.NotSame: "customer.kept_apart",
    e.CustomerSplit: "customer.split",
    e.CustomerErased: "customer.erased",
    e.ThreadOpened: "thread.opened",
    e.CustomerWrote: "message.received",
    e.ParticipantWrote: "message.received_from_participant",
    e.MessageAmended: "message.amended",
    e.NoteAdded: "message.noted",
    e.ReplyReleased: "message.replied",
    e.AutomaticReplyReleased: "message.replied_automatically",
    e.ReplySent: "message.sent",
    e.ReplyFailed: "message.failed",
    e.WordsChanged: "message.changed",
    e.ThreadRouted: "thread.queued",
    e.StepBegan: "thread.relaxed",
    e.ThreadStranded: "thread.stranded",
    e.ThreadHeld: "thread.held",
    e.ThreadUnheld: "thread.unheld",
    e.OfferMade: "thread.offered",
    e.OfferEnded: "thread.offer_ended",
    e.ThreadAssigned: "thread.assigned",
    e.ThreadReleased: "thread.released",
    e.ThreadMoved: "thread.transferred",
    e.ThreadSnoozed: "thread.snoozed",
    e.ThreadWoken: "thread.woken",
    e.ThreadSolved: "thread.resolved",
    e.ThreadReopened: "thread.reopened",
    e.ThreadAbandoned: "thread.abandoned",
    e.ThreadClosed: "thread.closed",
    e.ThreadFolded: "thread.folded",
    e.ThreadUnfolded: "thread.unfolded",
    e.ThreadDivided: "thread.divided",
    e.MatterSplit: "thread.split",
    e.TagsSet: "thread.tagged",
    e.PrioritySet: "thread.prioritised",
    e.Escalated: "thread.escalated",
    e.TargetMissed: "thread.promise_missed",
    e.SurveyAsked: "survey.asked",
    e.SurveyAnswered: "survey.answered",
    e.SurveyRemarked: "survey.remarked",
    e.AgentJoined: "agent.joined",
    e.AgentLeft: "agent.left",
    e.StatusChanged: "agent.status",
    e.AgentUnresponsive: "agent.unresponsive",
    e.AgentBack: "agent.back",
    e.RulesActivated: "rules.activated",
}
"""What each is called outside.  Names and what they mean stay; more may come."""

INTERNAL: Final[frozenset[type[e.Event]]] = frozenset({
    e.HandleCalled, e.HandleShared, e.ParticipantsChanged, e.TopicTurned, e.ReplyHeld,
    e.ReplyWithdrawn, e.ReplyRecalled, e.ChangeSettled, e.ArticleProposed, e.ThreadPromoted,
    e.PromotionPlanned, e.AgeMoved, e.TargetStarted, e.TargetStopped, e.MarksPassed, e.DeadlineSet,
    e.StrandedReminded, e.QueueDeep, e.QueueEased, e.CustomerTold, e.Overflowed,
    e.OverflowPlanned, e.CustomerAway, e.HoursPlanned, e.ExclusionsEnded, e.HandedOff,
    e.HandedBack, e.DormancyPlanned, e.ThreadDormant, e.ThreadRoused, e.WrapUpBegan,
    e.WrapUpEnded, e.WeightSet, e.DesksLost, e.DeskReached, e.AgentGone, e.OwnerUnreachable,
    e.TrialBegan, e.TrialEnded, e.WriterChanged, e.WriterLeft, e.AutomaticRepliesPaused,
    e.AutomaticRepliesResumed, e.SurveyPlanned, e.SurveyEnded,
})  # fmt: skip
"""How a decision came about, and what only the engine needs: free to change."""

_NAMES: Final = {kind.__name__: name for kind, name in TYPES.items()}
LONGEST_WAIT: Final = 30  # seconds that a question for what is new may take
AT_ONCE: Final = 500  # records looked at in one go

MARK: Final = 4  # bytes of a hash that a place has

_place = re.compile(r"(\d{1,15})\.(\d{1,9})(?:-([0-9a-f]{8}))?")


class Happening(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event.  *id* is its place; *at* is ms since the epoch; *data* is particular to its type.

    *thread* is 0 and *customer*, *agent* and *message* are empty where it is about none.
    """

    id: str
    type: str
    at: int
    thread: int = 0
    customer: str = ""
    agent: str = ""
    message: str = ""
    data: dict[str, Any] = {}


class Happenings(msgspec.Struct, frozen=True):
    """What happened after a place, the oldest first; ask for what comes after *next*."""

    items: tuple[Happening, ...]
    next: str


class Place(NamedTuple):
    """*mark* is empty where one goes by numbers alone."""

    seq: int
    number: int
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.seq}.{self.number}" + (self.mark and f"-{self.mark}")

    def is_in(self, record: Record) -> bool:
        """Whether it may be one of *record*."""
        return record.seq == self.seq and self.mark in ("", _mark(record.hash))


class _Line(msgspec.Struct):
    at: int
    ev: tuple[dict[str, Any], ...] = ()


_line = msgspec.json.Decoder(_Line).decode


def told(record: Record) -> Iterator[tuple[int, Happening]]:
    """The public events of a record, each with its number in it."""
    line = _line(record.body)
    for number, event in enumerate(line.ev, 1):
        if (type := _NAMES.get(event["ev"])) is not None:
            place = Place(record.seq, number, _mark(record.hash))
            yield number, _happening(str(place), type, line.at, event)


def _mark(hash: bytes) -> str:
    return hash[:MARK].hex()


def _happening(place: str, type: str, at: int, event: dict[str, Any]) -> Happening:
    said = {name: value for name, value in event.items() if name != "ev"}
    if "handle" in said and isinstance(said["handle"], dict):  # a handle that appeared
        handle = said.pop("handle")
        said |= {"handle": handle["id"], "kind": handle["kind"], "customer": handle["customer"]}
    if "member" in said:  # skills and shifts are the team's own business
        said = {"agent": said["member"]["id"]}
    if "offer" in said and isinstance(said["offer"], dict):
        offer = said.pop("offer")
        said |= {"offer": offer["id"], "agent": offer["agent"], "until": offer["until"]}
    common = {
        name: said.pop(name) for name in ("thread", "customer", "agent", "message") if name in said
    }
    return Happening(place, type, at, **common, data=said)


class Feed:
    """Reads the record for whoever may.  *reached* waits until a record is in the views."""

    def __init__(self, reader: Reader, reached: Callable[[int], Awaitable[None]]) -> None:
        self._reader, self._reached = reader, reached

    async def page(
        self, actor: Actor, after: str = "", limit: int = 100, wait: float = 0
    ) -> Happenings:
        """At most *limit* events after the place *after*, ``latest`` for the end of the record.

        Where there are none yet, waits up to *wait* seconds for one.  Raises `Refused`.
        """
        authorize(actor, Action.EVENTS)
        place = await self._begin(after)
        found = await asyncio.to_thread(self._read, place, limit)
        if found.items or wait <= 0:
            return found
        try:
            async with asyncio.timeout(min(wait, LONGEST_WAIT)):
                while not found.items:
                    place = place_of(found.next)
                    await self._reached(place.seq + 1)
                    found = await asyncio.to_thread(self._read, place, limit)
        except (TimeoutError, StoreError):
            pass  # nothing happened, or we stop: they ask again
        return found

    async def _begin(self, after: str) -> Place:
        if after == "latest":
            seq, hash = await asyncio.to_thread(self._reader.head)
            return Place(seq, _ALL, _mark(hash))
        if not after:
            return Place(0, _ALL)
        return place_of(after)

    def _read(self, place: Place, limit: int) -> Happenings:
        """Events after one, and where the next question begins.

        The record of *place* is looked at again: for the rest of it, and whether it is that one.
        """
        items: list[Happening] = []
        last = place
        after = max(place.seq - 1, 0)
        while records := self._reader.tail(after, AT_ONCE):
            for record in records:
                if record.seq == place.seq and not place.is_in(record):
                    raise _lost(place)
                for number, happening in told(record):
                    if (record.seq, number) <= place[:2]:
                        continue
                    if len(items) == limit:
                        return Happenings(tuple(items), items[-1].id)
                    items.append(happening)
            after = records[-1].seq
            last = Place(after, _ALL, _mark(records[-1].hash))
            if len(items) == limit or len(records) < AT_ONCE:
                break
        if last == place and place.mark and self._reader.head()[0] < place.seq:
            raise _lost(place)
        return Happenings(tuple(items), str(last))


_ALL: Final = 999_999_999
"""The number of the last event of a record, whatever it is."""


def place_of(text: str) -> Place:
    """The place that *text* names.  Raises `Refused`."""
    found = _place.fullmatch(text)
    if found is None:
        fix = "pass on the “next” of the page before, or “latest”"
        raise Refused("bad_place", f"“{text[:40]}” is no place in the record — {fix}")
    return Place(int(found[1]), int(found[2]), found[3] or "")


def _lost(place: Place) -> Refused:
    fix = "ask after an earlier event; those that are still there keep their id"
    return Refused("lost_place", f"The record has lost {place} and gone on otherwise — {fix}")
