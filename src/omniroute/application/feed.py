"""The record of what happened, for programs: the journal's events that mean something outside.

An event names threads, customers, agents, messages by their ids, as the journal does, and holds no
text, name or address.  A *place* (``4711.2``) is the number of a record and of the event in it; it
names an event for ever, and whoever asks for what came after it misses nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

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
    e.AutomaticRepliesResumed,
})  # fmt: skip
"""How a decision came about, and what only the engine needs: free to change."""

_NAMES: Final = {kind.__name__: name for kind, name in TYPES.items()}
LONGEST_WAIT: Final = 30  # seconds that a question for what is new may take
AT_ONCE: Final = 500  # records looked at in one go

_place = re.compile(r"(\d{1,15})\.(\d{1,9})")


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


class _Line(msgspec.Struct):
    at: int
    ev: tuple[dict[str, Any], ...] = ()


_line = msgspec.json.Decoder(_Line).decode


def told(record: Record) -> Iterator[tuple[int, Happening]]:
    """The public events of a record, each with its number in it."""
    line = _line(record.body)
    for number, event in enumerate(line.ev, 1):
        if (type := _NAMES.get(event["ev"])) is not None:
            yield number, _happening(f"{record.seq}.{number}", type, line.at, event)


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
        seq, number = await self._begin(after)
        found = await asyncio.to_thread(self._read, seq, number, limit)
        if found.items or wait <= 0:
            return found
        try:
            async with asyncio.timeout(min(wait, LONGEST_WAIT)):
                while not found.items:
                    seq, number = place_of(found.next)
                    await self._reached(seq + 1)
                    found = await asyncio.to_thread(self._read, seq, number, limit)
        except (TimeoutError, StoreError):
            pass  # nothing happened, or we stop: they ask again
        return found

    async def _begin(self, after: str) -> tuple[int, int]:
        if after == "latest":
            return (await asyncio.to_thread(self._reader.head))[0], _ALL
        if not after:
            return 0, _ALL
        return place_of(after)

    def _read(self, seq: int, number: int, limit: int) -> Happenings:
        """Events after one, and where the next question begins.

        The record in which a page ended is looked at again, for the rest of it.
        """
        items: list[Happening] = []
        after = max(seq - 1, 0) if number != _ALL else seq
        while records := self._reader.tail(after, AT_ONCE):
            for record in records:
                for place, happening in told(record):
                    if (record.seq, place) <= (seq, number):
                        continue
                    if len(items) == limit:
                        return Happenings(tuple(items), items[-1].id)
                    items.append(happening)
            after = records[-1].seq
            if len(items) == limit or len(records) < AT_ONCE:
                break
        return Happenings(tuple(items), f"{max(after, seq)}.{_ALL}")


_ALL: Final = 999_999_999
"""The number of the last event of a record, whatever it is."""


def place_of(text: str) -> tuple[int, int]:
    """The place that *text* names.  Raises `Refused`."""
    found = _place.fullmatch(text)
    if found is None:
        fix = "pass on the “next” of the page before, or “latest”"
        raise Refused("bad_place", f"“{text[:40]}” is no place in the record — {fix}")
    return int(found[1]), int(found[2])
