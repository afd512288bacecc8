"""What one may ask: each query is answered from one snapshot of the views, in a thread.

Every query is authorised like every command, and raises `Refused` with a sentence for what the
actor may not see or what is not there.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from omniroute.application import listing, matches, past, reasons, search
from omniroute.application.authorize import (
    Action,
    Actor,
    Kind,
    Object,
    authorize,
    permitted,
)
from omniroute.application.changing import Caps, open_to
from omniroute.application.copies import ParticipantView
from omniroute.application.directory import Directory
from omniroute.application.dossier import Dossier
from omniroute.application.listing import Edge
from omniroute.application.pages import (
    AgentView,
    Board,
    Filter,
    Hit,
    OfferView,
    Reason,
    ThreadPage,
    ThreadRow,
)
from omniroute.application.ports import Clock
from omniroute.application.reasons import Waiting
from omniroute.application.reporting import Asked, Group, Report, by_day, report, zone_of
from omniroute.application.stats import Stats, stats
from omniroute.application.verbs import verbs
from omniroute.application.views import Views
from omniroute.application.voice import Voice
from omniroute.application.ways import Way, Ways
from omniroute.channel import Cap
from omniroute.core.model import Pace, Thread
from omniroute.core.paths import Path
from omniroute.core.timers import step_end
from omniroute.stores.api import Reader

P = ParamSpec("P")
T = TypeVar("T")

HITS = 50
"""Threads that a search shows at most."""


class Queries:
    """Answers from *views* and private rows, with the names of *directory*."""

    def __init__(
        self, views: Views, reader: Reader, directory: Callable[[], Directory], clock: Clock,
        voice: Voice, ways: Ways, caps: Caps = lambda kind: Cap.NONE,
    ) -> None:  # fmt: skip
        self._ways, self._caps = ways, caps
        self._views, self._reader, self._voice = views, reader, voice
        self._directory, self._clock = directory, clock

    async def board(self, actor: Actor) -> Board:
        """The live page of the agent who asks."""
        return await self._ask(self._board, actor)

    async def thread(self, actor: Actor, thread: int) -> ThreadPage:
        """Everything about a thread; of a folded one, the page of that it was joined to."""
        return await self._ask(self._thread, actor, thread)

    async def threads(
        self, actor: Actor, wanted: Filter = Filter(), after: Edge | None = None  # noqa: B008 — frozen
    ) -> tuple[ThreadRow, ...]:  # fmt: skip
        """The threads that *wanted* describes, latest message first; from *after* the last seen."""
        return await self._ask(self._threads, actor, wanted, after)

    async def stats(self, actor: Actor, since: int, until: int) -> Stats:
        """How it stands, and what came and went from *since* to before *until* (ms)."""
        authorize(actor, Action.STATS)
        return await asyncio.to_thread(self._stats, since, until)

    async def report(self, actor: Actor, asked: Asked) -> Report:
        """Every measure over a period, in groups if wanted.

        An agent sees by agent themselves alone; the rest of the report is everybody's.
        """
        authorize(actor, Action.STATS)
        asked.check()
        return await asyncio.to_thread(self._report, self._visible(actor, asked))

    async def by_day(self, actor: Actor, asked: Asked) -> tuple[Group, ...]:
        """The days of a report alone, however else it is grouped."""
        authorize(actor, Action.STATS)
        asked = msgspec.structs.replace(asked, by="day")
        asked.check()
        return await asyncio.to_thread(self._by_day, self._visible(actor, asked))

    async def search(self, actor: Actor, text: str, limit: int = 20) -> tuple[Hit, ...]:
        """Threads in which *text* was said, or of that name or number, the best first."""
        return await self._ask(self._search, actor, text, limit)

    async def why(self, actor: Actor, thread: int, *, brief: bool = False) -> str:
        """One screen: how it stands in a sentence, rule by rule, agent by agent, every decision.

        *brief* leaves rules and agents out, for where there is little room.
        """
        return await self._ask(self._why, actor, thread, brief)

    async def reasons(self, actor: Actor, thread: int) -> tuple[Reason, ...]:
        """Every recorded decision about a thread, the oldest first."""
        return await self._ask(self._reasons, actor, thread)

    async def agents(self, actor: Actor) -> tuple[AgentView, ...]:
        """The team."""
        authorize(actor, Action.COLLEAGUES)
        return await asyncio.to_thread(self._agents)

    async def card(self, actor: Actor, thread: int, agent: str) -> tuple[str, ...]:
        """The context card of a thread as *agent* is shown it."""
        return await self._ask(self._card, actor, thread, agent)

    async def _ask(
        self, query: Callable[Concatenate[Actor, P], T], actor: Actor,
        *arguments: P.args, **named: P.kwargs,
    ) -> T:  # fmt: skip
        authorize(actor, Action.READ)
        return await asyncio.to_thread(query, actor, *arguments, **named)

    # --- in a thread -----------------------------------------------------------------------------

    def _board(self, actor: Actor) -> Board:
        directory, me = self._directory(), actor.id
        with self._views.reading() as db:
            team = listing.team(db, directory)
            mine = next((view for view in team if view.id == me), None)
            if mine is None or actor.kind is not Kind.AGENT:
                raise self._voice.refused("no_such_agent", agent=me)
            lanes = {
                name: listing.thread_rows(db.execute(sql, arguments), directory)
                for name, sql, arguments in (
                    ("mine", listing.MINE, (me, listing.LANE)),
                    ("waiting", listing.WAITING, (listing.LANE,)),
                    ("others", listing.OTHERS, (me, listing.LANE)),
                    ("snoozed", listing.SNOOZED, (listing.LANE,)),
                    ("solved", listing.SOLVED, (listing.LANE // 4,)),
                )
            }
            return Board(
                me=mine,
                offers=self._offers(db, me, directory),
                team=team,
                queues=tuple(directory.queues),
                counts={row["lane"]: row["number"] for row in db.execute(listing.COUNTS, (me,))},
                **lanes,
            )

    def _offers(
        self, db: sqlite3.Connection, agent: str, directory: Directory
    ) -> tuple[OfferView, ...]:
        rows = db.execute(
            "SELECT thread FROM offers WHERE agent = ? AND state = 'pending' ORDER BY until, id",
            (agent,),
        ).fetchall()
        offers = []
        for row in rows:
            dossier = Dossier.find(db, row["thread"], directory, self._clock())
            if dossier is not None and (offer := dossier.offer(agent)) is not None:
                offers.append(offer)
        return tuple(offers)

    def _thread(self, actor: Actor, thread: int) -> ThreadPage:
        with self._views.reading() as db:
            dossier = self._dossier(db, thread)
            row, messages = dossier.row, dossier.messages()
            bodies = self._reader.get([f"b/{m['id']}" for m in messages]) if messages else {}
            offer = dossier.offer(actor.id)
            kept = self._ways.open(row.id)
            wraps_up = kept is not None and kept.wrap_until > 0 and kept.agent == actor.id
            held = any(m["state"] == "held" and m["agent"] == actor.id for m in messages)
            paths = self._ways.paths(kept) if kept is not None else ()
            ways, instead = dossier.ways(paths)
            here, copies = self._others(kept, dossier, paths, ways)
            return ThreadPage(
                row=row,
                card=dossier.card(actor.id, self._wait_band(db, dossier)),
                handles=dossier.handles,
                items=dossier.items(bodies, lambda row: open_to(actor, row, self._caps)),
                history=dossier.history(),
                reasons=dossier.reasons(),
                why_you=dossier.why(actor.id),
                offer=offer,
                replying_to=ways[0].text if ways else dossier.replying_to(),
                ways=ways,
                instead=instead,
                lasting=Cap.EDIT_OUT not in self._caps(ways[0].channel if ways else row.channel),
                likely=dossier.likely(),
                participants=here,
                copies=copies,
                templates=tuple(self._ways.templates(paths)),
                can=verbs(
                    actor,
                    row.phase,
                    row.agent,
                    offered=offer is not None,
                    held=held,
                    wraps_up=wraps_up,
                ),
                expected=self._expected(db, dossier),
                links=dossier.links(),
                rating=dossier.rating(),
            )

    def _others(
        self, kept: Thread | None, dossier: Dossier, paths: Sequence[Path], ways: Sequence[Way]
    ) -> tuple[tuple[ParticipantView, ...], tuple[str, ...]]:
        """Who takes part besides the customer, and who gets a copy by the way that is taken."""
        if kept is None or not kept.participants:
            return (), ()
        theirs = [handle.id for handle in dossier.handles]
        here = tuple(self._ways.conversations.of(kept, theirs))
        taken = next((p for p in paths if ways and p.handle == ways[0].handle), None)
        copied = self._ways.in_copy(kept, taken) if taken is not None else ()
        return here, tuple(one.address for one in copied)

    def _expected(self, db: sqlite3.Connection, dossier: Dossier) -> str:
        """How long it will probably wait, where it does, in a sentence."""
        if dossier.row.phase != "queued":
            return ""
        directory = self._directory()
        waiting = self._waiting(db, dossier, directory, self._clock())
        return reasons.expected_wait(dossier.row, waiting, directory)

    def _wait_band(self, db: sqlite3.Connection, dossier: Dossier) -> str:
        """The same, as a card has room for it."""
        if dossier.row.phase != "queued":
            return ""
        directory = self._directory()
        waiting = self._waiting(db, dossier, directory, self._clock())
        return reasons.wait_band(dossier.row, waiting, directory)

    def _threads(self, actor: Actor, wanted: Filter, after: Edge | None) -> tuple[ThreadRow, ...]:
        with self._views.reading() as db:
            return listing.thread_rows(listing.filtered(db, wanted, after), self._directory())

    def _stats(self, since: int, until: int) -> Stats:
        with self._views.reading() as db:
            return stats(db, self._clock(), since, until)

    def _visible(self, actor: Actor, asked: Asked) -> Asked:
        if asked.agent is None and asked.by == "agent":
            if permitted(actor, Action.AGENT_STATS, Object()):
                return asked
            asked = msgspec.structs.replace(asked, agent=actor.id)
        if asked.agent is not None:
            name = self._directory().name(asked.agent)
            authorize(actor, Action.AGENT_STATS, Object("", asked.agent, name))
        return asked

    def _report(self, asked: Asked) -> Report:
        directory = self._directory()
        zone = zone_of(asked, directory.zone)
        with self._views.reading() as db:
            return report(db, self._clock(), asked, directory.agents, zone)

    def _by_day(self, asked: Asked) -> tuple[Group, ...]:
        zone = zone_of(asked, self._directory().zone)
        with self._views.reading() as db:
            return by_day(db, self._clock(), asked, zone)

    def _search(self, actor: Actor, text: str, limit: int) -> tuple[Hit, ...]:
        with self._views.reading() as db:
            return search.search(db, self._directory(), text, max(1, min(limit, HITS)))

    def _why(self, actor: Actor, thread: int, brief: bool) -> str:
        directory, now = self._directory(), self._clock()
        with self._views.reading() as db:
            dossier = self._dossier(db, thread)
            waiting = self._waiting(db, dossier, directory, now)
            head = reasons.headline(dossier.row, waiting, directory, now)
            records = matches.records(db, dossier.row.id, "route")
            explained = () if brief else self._explained(dossier.row.id, records, now)
            return reasons.screen(head, dossier.reasons(), dossier.versions(), directory, explained)

    def _waiting(
        self, db: sqlite3.Connection, dossier: Dossier, directory: Directory, now: int
    ) -> Waiting:
        asked, until = dossier.asked()
        return Waiting(
            steps=dossier.steps,
            step=dossier.step_number,
            stranded=dossier.stranded,
            left=self._step_left(dossier.row.id, now),
            asked=asked,
            until=until,
            team=listing.team(db, directory),
            pace=self._pace(dossier.row.queue),
            ahead=dossier.ahead(),
        )

    def _explained(self, thread: int, records: Sequence[int], now: int) -> Sequence[str]:
        """Rule by rule and agent by agent; nothing where those rules are not kept."""
        return past.lines(self._reader, thread, records, self._ways.open(thread), now)

    def _step_left(self, thread: int, now: int) -> int | None:
        """What remains of the present step; its clock is in the thread's own row."""
        row = self._ways.open(thread)
        end = None if row is None else step_end(row)
        return None if end is None else end - now

    def _pace(self, queue: str) -> Pace:
        """How long threads of a queue have taken so far."""
        key = f"n/pace/{queue}"
        row = self._reader.get([key]).get(key)
        return Pace() if row is None else msgspec.json.decode(row, type=Pace)

    def _reasons(self, actor: Actor, thread: int) -> tuple[Reason, ...]:
        with self._views.reading() as db:
            return self._dossier(db, thread).reasons()

    def _agents(self) -> tuple[AgentView, ...]:
        with self._views.reading() as db:
            return listing.team(db, self._directory())

    def _card(self, actor: Actor, thread: int, agent: str) -> tuple[str, ...]:
        with self._views.reading() as db:
            dossier = self._dossier(db, thread)
            return dossier.card(agent, self._wait_band(db, dossier))

    def _dossier(self, db: sqlite3.Connection, thread: int) -> Dossier:
        found = None
        if 0 < thread < 2**63:  # what SQLite can hold
            found = Dossier.find(db, thread, self._directory(), self._clock())
        if found is None:
            raise self._voice.refused("unknown_thread", thread)
        return found
