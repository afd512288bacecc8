"""One life of the node: a process from its start to its death, in order or by a kill."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Final

from omniroute.channel import Receipt
from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.desk import Card, CardKind, Door
from omniroute.errors import StoreError
from omniroute.faults.archiving import FaultyArchive, MemoryArchive
from omniroute.faults.erasing import Plan
from omniroute.faults.loop import Killed, VirtualLoop
from omniroute.faults.platform import Line, Platform
from omniroute.faults.stepping import SteppedInbox, SteppedSpool
from omniroute.faults.store import Chance, FaultyExchange, FaultyReader, FaultyStore
from omniroute.plugins import Plugins
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.erasures import Erasures, Search, marks_in
from omniroute.runtime.files import Files
from omniroute.runtime.follower import Follower
from omniroute.runtime.handover import HandedIn, Handover
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.lease import Lease, take_turns
from omniroute.runtime.node import Node, Parts
from omniroute.runtime.record import encode
from omniroute.runtime.refilling import refill
from omniroute.runtime.rows import Body
from omniroute.runtime.spool import Spool
from omniroute.runtime.suspects import Suspects
from omniroute.runtime.trimming import Trimming
from omniroute.runtime.writer import Answered
from omniroute.server.following import ERASING
from omniroute.server.leftovers import Leftovers
from omniroute.stores.api import Head, InDoubt, Moved, Reader, Store, Unavailable
from omniroute.stores.archive import Forked, Gap
from omniroute.stores.exchange import Exchange
from omniroute.stores.tiered import TieredStore, Trimmable

LEASE: Final = 20.0  # seconds
LOOK: Final = 5.0
HAND: Final = 3.0
KEYED: Final = Keyed(b"k" * 32)
REOPEN: Final = 300_000  # ms, so that customers who are done grow cold and come again
KEEP: Final = 60_000  # ms for which closed threads stay in the store; most lives are short
RULES: Final = tuple(
    RuleSet(
        f"r{number}",
        Defaults("general"),
        queues={"general": Queue("general", reopen_window_ms=REOPEN)},
    )
    for number in range(2)
)
TEAM: Final = tuple(i.Member(name, desks=("bell",)) for name in ("ana", "bo", "cem"))


class Bell:
    """A desk that shows every card."""

    kind: ClassVar[str] = "bell"

    def routes(self) -> Sequence[Any]:
        return ()

    async def start(self, door: Door) -> None: ...

    async def present(self, card: Card) -> Receipt:
        return Receipt()


def _behind(store: Store, archive: Reader) -> int:
    return refill(store, archive, behind=True)


def _in_time(exchange: Exchange, suspects: Suspects) -> HandedIn:
    return HandedIn(exchange, suspects, pace=HAND)


@dataclass(frozen=True, slots=True)
class Ways:
    """What a life is made of; a mutant has one of these that is wrong."""

    store: Callable[[Store, Chance], Store] = FaultyStore
    spool: Callable[[Path], SteppedSpool] = SteppedSpool
    inbox: type[Inbox] = SteppedInbox
    line: type[Line] = Line
    exchange: Callable[[Exchange, Chance], Any] = FaultyExchange
    handover: type[Handover] = Handover
    handed: Callable[[Exchange, Suspects], HandedIn] = _in_time
    changed: Callable[[Node], None] = lambda node: None
    archive: Callable[[MemoryArchive, Random], FaultyArchive] = FaultyArchive
    refill: Callable[[Store, Reader], int] = _behind
    tiered: Callable[[Trimmable, Reader], TieredStore] = TieredStore
    trimming: type[Trimming] = Trimming
    search: Callable[[Spool, Keyed], Search] = Search
    leftovers: type[Leftovers] = Leftovers


@dataclass(slots=True)
class Outside:
    """What a life finds in the world and what stays when it ends."""

    folder: Path
    store: Store
    platform: Platform
    clock: Callable[[], int]  # ms
    ways: Ways = field(default_factory=Ways)
    exchange: Exchange | None = None  # where there are several nodes
    skew: int = 0  # ms that its clock is ahead
    archive: MemoryArchive | None = None
    trims: bool = False  # whether the store lets go of what the archive has
    erased: sqlite3.Connection | None = None  # the book of who was


class Life:
    """A process.  `begin` may raise `Killed` or `StoreError`: then it never lived."""

    def __init__(self, number: int, outside: Outside, chance: Chance) -> None:
        self.number, self.dead, self.over, self.writes = number, False, False, False
        self._outside, self._chance = outside, chance
        self.loop = VirtualLoop(lambda: outside.clock() / 1000)
        self.spool: SteppedSpool | None = None
        self.node: Node
        self.line: Line
        self.terms = 0  # how often it began to write
        self.looked = 0  # when (ms) its disk was last looked through for who was erased
        self._over = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None

    def begin(self, rules: RuleSet) -> None:
        """Open everything and start."""
        self.loop.within(lambda: self._begin(rules))

    def _begin(self, rules: RuleSet) -> None:
        self.line = self._outside.ways.line(self._outside.platform, self.number)
        self._open_spool()
        if self._outside.exchange is None:
            self._make_node(None)
            self._starting = self.loop.create_task(self.node.start(rules, b"rules", TEAM))
        else:
            exchange = self._outside.ways.exchange(self._outside.exchange, self._chance)
            self._starting = self.loop.create_task(self._take_turns(exchange, rules))

    def _open_spool(self) -> SteppedSpool:
        self.spool = self._outside.ways.spool(self._outside.folder / "spool")
        return self.spool

    def _make_node(self, exchange: Exchange | None) -> None:
        outside, ways = self._outside, self._outside.ways
        assert self.spool is not None
        store = ways.store(outside.store, self._chance)
        trimming: Trimming | None = None
        archive = outside.archive
        if archive is not None and self._made_whole(store, archive) and outside.trims:
            assert isinstance(store, Trimmable)
            behind: Any = FaultyReader(archive.reader(), self._chance)
            alone, clock = store.reader(), self._clock()
            trimming = ways.trimming(alone, archive.reader(), archive.homes, clock, KEEP)
            store = ways.tiered(store, behind)
        parts = Parts(
            store,
            self.spool,
            Files(outside.folder / "files"),
            KEYED,
            Plugins(),
            {("pipe", "a"): self.line},
            {"bell": Bell()},
            {},
            self._clock(),
            exchange=exchange,
            trimming=trimming,
        )
        self.node = Node(
            parts,
            card=_card,
            names=str.title,
            on_trouble=self._trouble,
            inbox=ways.inbox,
            handed=ways.handed,
        )
        if archive is not None and self.node.keeping is not None:
            self.node.keeping.archived = archive.head
            self.node.keeping.has_been = self._has_been
        ways.changed(self.node)
        book = outside.erased if exchange is not None else None
        marks = Erasures(book, KEYED, self._clock()) if book is not None else None
        self._leftovers = ways.leftovers(self.node, erasures=marks)

    def _made_whole(self, store: Store, archive: MemoryArchive) -> bool:
        """As `omniroute.server.archiving.make_whole`."""
        make = self._outside.ways.refill if self._outside.trims else refill
        try:
            make(store, archive.reader())
        except (Forked, Gap):
            return False
        return True

    def _has_been(self, at: Head) -> bool:
        archive = self._outside.archive
        return archive is not None and [r[:2] for r in archive.tail(at[0] - 1, 1)] == [at]

    def _clock(self) -> SystemClock:
        return SystemClock(lambda: (self._outside.clock() + self._outside.skew) * 1_000_000)

    # --- one of several ---

    async def _take_turns(self, exchange: Exchange, rules: RuleSet) -> None:
        assert self.spool is not None
        lease = Lease(exchange, self.spool.name, seconds=LEASE, pace=LOOK)

        @asynccontextmanager
        async def follow() -> AsyncIterator[None]:
            spool = self.spool or self._open_spool()
            follower = Follower(
                spool,
                exchange,
                [self.line],
                self._clock(),
                handover=self._outside.ways.handover,
                pace=HAND,
            )
            follower.handover.keeping.has_been = self._has_been
            erasing = self._erase_beside(follower, spool)
            try:
                await follower.start()
                yield
            finally:
                for task in erasing:
                    task.cancel()
                await follower.stop()
                await self._close_spool()

        @asynccontextmanager
        async def write() -> AsyncIterator[asyncio.Event]:
            self.spool = self.spool or self._open_spool()
            self._over = asyncio.Event()
            try:
                self._make_node(exchange)
                try:
                    await self._leftovers.catch_up()
                    await self.node.start(rules, b"rules", TEAM)
                    self.writes = True
                    self.terms += 1
                    yield self._over
                finally:
                    self.writes = False
                    await self.node.stop()
            finally:
                await self._close_spool()

        await take_turns(lease, follow, write)

    def _erase_beside(self, follower: Follower, spool: Spool) -> list[asyncio.Task[None]]:
        """As `omniroute.server.following` does: delete what lies here of people who were erased."""
        book = self._outside.erased
        if book is None:
            return []
        search = self._outside.ways.search(spool, KEYED)

        async def forget() -> None:
            if self._chance.at("exchange"):
                raise Unavailable("the store", "is away")
            began = self._outside.clock()
            await search.drop(marks_in(book))
            self.looked = began

        async def again_and_again() -> None:
            while True:
                with suppress(StoreError):
                    await forget()
                await asyncio.sleep(ERASING)

        follower.handover.keeping.before_feeding = forget
        return [asyncio.create_task(again_and_again())]

    async def _close_spool(self) -> None:
        spool, self.spool = self.spool, None
        if spool is not None:
            await spool.close()

    # --- as the world sees it ---

    @property
    def ready(self) -> bool:
        """Whether it takes messages."""
        return not self.dead and self._started() and self.line.intake is not None

    @property
    def deciding(self) -> bool:
        """Whether it believes that it writes, and takes agents' doings."""
        if self._outside.exchange is not None:
            return not self.dead and self.writes
        return self.ready

    def _started(self) -> bool:
        task = self._starting
        if self._outside.exchange is not None:
            return task is not None and not task.done()
        return task is not None and task.done() and task.exception() is None

    def step(self) -> None:
        """Run one callback."""
        try:
            self.loop.step()
        except Killed:
            self.kill()
        task = self._starting
        if task is not None and task.done() and (task.cancelled() or task.exception()):
            self.over = True

    def stop(self) -> None:
        """As a service manager does; `over` once that is done."""
        assert self._starting is not None
        self.loop.within(self._starting.cancel)

    def kill(self) -> None:
        """As a power cut would; what is on the disk stays."""
        self.dead = True
        if self.spool is not None:
            self.spool.break_off()
            self.spool = None

    def does(self, work: Awaitable[Any], then: Callable[[BaseException | None], None]) -> None:
        """Have *work* done in this process; *then* hears how it ended, unless that died before."""

        async def doing() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - the world wants to know it
                then(error)
            else:
                then(None)

        self.loop.within(lambda: self.loop.create_task(doing()))

    def asks(self, make: Callable[[int], i.AnyInput], text: str = "") -> Awaitable[Answered]:
        """An agent does something; *text* is what they wrote, if that is an answer."""
        puts: Mapping[str, bytes | None] = {}
        if text:
            puts = {f"b/{text}": encode(Body(text=text))}
        return self.node.inbox.submit(make, puts)

    async def erases(self, key: str, plan: Plan) -> bool:
        """Erase somebody, as `omniroute.application.customers` does; whether it is done.

        Where somebody still works for them, that is ended.
        """
        answer = await self.node.inbox.submit(
            lambda at: i.EraseAsked(key, at, plan.handles, plan.messages, "ana"), plan.puts
        )
        if answer.ok:
            await self._leftovers.forget(plan.values, ())
        elif isinstance(thread := answer.values.get("thread"), int):
            await self.node.inbox.submit(
                lambda at: i.ThreadResolved(key=f"{key}/ends", at=at, agent="ana", thread=thread)
            )
        return answer.ok

    def _trouble(self, error: StoreError) -> None:
        if not isinstance(error, InDoubt | Moved):
            return
        if self._outside.exchange is None:
            self.over = True
        self._over.set()


async def _card(effect: Present) -> Card:
    return Card(
        effect.id, effect.agent, CardKind(effect.kind), effect.thread, effect.version,
        effect.offer, effect.until, (f"thread {effect.thread}",), effect.reason,
    )  # fmt: skip
