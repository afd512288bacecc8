"""The world: nodes that die and start again, customers and agents who do not wait for them.

One seed decides everything: when customers write, what agents do, which callback of which node runs
next, how each call of the platform and of the store fares, where a process dies, and how long one
stands still without knowing it.  After a while everything goes well, and then nothing may be
missing, doubled or left over (`omniroute.faults.judge`).
"""

from __future__ import annotations

import gc
import heapq
import itertools
import logging
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.core.events import ReplyReleased, WriterChanged
from omniroute.core.model import Status
from omniroute.errors import StoreError
from omniroute.faults.acts import Act, any_act
from omniroute.faults.archiving import LOSSES as SET_BACKS
from omniroute.faults.archiving import Keeper
from omniroute.faults.erasing import AGAIN, HEARD, LATER, TIMES, Erasing, plan_of
from omniroute.faults.judge import broken
from omniroute.faults.life import RULES, TEAM, Life, Outside, Ways
from omniroute.faults.loop import Killed
from omniroute.faults.platform import Platform, Said
from omniroute.runtime import crashpoints
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.rows import owed
from omniroute.stores.api import Reader, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.stores.memory_exchange import MemoryExchange
from omniroute.stores.tiered import first_kept
from omniroute.testing.machine import MONDAY

STILL: Final = 60_000  # ms that a process stands still, at most
FREEZES: Final = 20  # of all nodes, where there are several
STOPS: Final = 4  # of a writer, in order, at any time
STOPPED: Final = 0.5  # of the times that it does not hear what became of a message
LOSSES: Final = 6  # of what they tell each other
FAILOVERS: Final = 12  # to a copy of the store that is behind
BEHIND: Final = (3_000, 90_000)  # ms, at most
HORIZON: Final = 600_000  # ms after which nothing that was committed is lost any more
SKEW: Final = 10_000  # ms between a node's clock and the world's, at most
HASTY: Final = 0.3  # of the writers fall soon after they began
SPAN: Final = 3_600_000  # ms in which things go wrong
OUTAGE: Final = 600_000  # ms that something is away altogether
AFTER: Final = 4 * 3_600_000  # ms in which they go well, at most
CUSTOMERS: Final = tuple("abcdefgh")
T = TypeVar("T")
SHM: Final = Path("/dev/shm")  # noqa: S108 - a disk in memory: a process that dies loses nothing


@dataclass(slots=True)
class Verdict:
    """What a seed came to."""

    seed: int
    broken: list[str]
    counts: Counter[str]


@dataclass(slots=True)
class Seat:
    """A machine: its disk stays, its processes come and go."""

    outside: Outside
    life: Life | None = None
    terms: int = 0  # of its process, so far
    frozen: int = 0  # until then its process stands still, in ms


@dataclass
class World:
    """One run.  *events* is how many things happen from outside, to so many *nodes*.

    Where the store *forgets*, it goes on now and then with a copy that lacks the last commits.
    """

    seed: int
    events: int = 120
    ways: Ways = field(default_factory=Ways)
    nodes: int = 1
    forgets: bool = False
    archive: bool = False  # whether there is one, and the store is set back now and then
    erases: bool = False  # whether people ask to be forgotten
    now: int = MONDAY
    trace: Callable[[str], None] = lambda line: None
    counts: Counter[str] = field(default_factory=Counter)
    promised: set[str] = field(default_factory=set)  # answers of agents that were taken
    done: dict[str, Act] = field(default_factory=dict)  # what agents were told is done
    gone: set[str] = field(default_factory=set)  # keys of inputs whose commits were lost
    slipped: set[str] = field(default_factory=set)  # answers that left in a journal that was lost
    seats: list[Seat] = field(default_factory=list)
    _plan: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - a simulation
        self.platform = Platform(self.chance)
        self.store = MemoryStore()
        self._order, self._ids, self._lives = (itertools.count(1) for _ in range(3))
        self._healed, self._store_back = False, 0
        fate = Random(f"archive {self.seed}")  # noqa: S311 - seeds without one stay as they are
        self.keeper = Keeper(self.store, fate, self.ways.archive) if self.archive else None
        if self.keeper is not None:
            self.keeper.forks = self.forgets and fate.random() < 0.5
        self.erasing: Erasing | None = None
        if self.erases:
            self.erasing = Erasing(Random(f"erasures {self.seed}"))  # noqa: S311 - as above
        self._came: dict[str, int] = {}  # when (ms) messages were acknowledged
        self._graves: list[Life] = []
        self._stepping: Life | None = None

    # --- running ---

    def run(self) -> Verdict:
        """Live through it and judge."""
        place = SHM if SHM.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="faults-", dir=place) as folder:
            self._settle(Path(folder))
            crashpoints.watch(self._passed)
            logging.disable(logging.CRITICAL)  # the log of what was meant to go wrong
            random.seed(self.seed)  # waits between tries have chance in them
            try:
                self._script()
                self._until(lambda: self.now >= MONDAY + SPAN)
                self._heal()
                self._until(lambda: self.now >= MONDAY + SPAN + AFTER or self._at_rest())
                found = broken(self)
                self.counts["answers sent"] = len(self.platform.delivered)
                self.counts["marked"] = sum(got.repeat for got in self.platform.delivered)
                if self.shared and not found:
                    self.counts["takeovers"] = self._takeovers()
                if self.archive:
                    self.counts["records in the archive alone"] = first_kept(self.store) - 1
            finally:
                crashpoints.watch(None)
                for seat in self.seats:
                    if seat.life is not None:
                        seat.life.kill()
                self._bury()
                if self.erasing is not None:
                    self.erasing.book.close()
                logging.disable(logging.NOTSET)
        return Verdict(self.seed, found, self.counts)

    def _settle(self, folder: Path) -> None:
        """Give each node its disk."""
        horizon = HORIZON if self.forgets else 0
        common = MemoryExchange(lambda: self.now / 1000, self.store, horizon)
        exchange = self._exchange = common if self.shared else None
        for number in range(self.nodes):
            disk = folder / f"node{number}"
            disk.mkdir()
            outside = Outside(
                disk, self.store, self.platform, lambda: self.now, self.ways, exchange,
                skew=self.chance.randint(-SKEW, SKEW) if self.nodes > 1 else 0,
                erased=self.erasing.book if self.erasing is not None else None,
                archive=self.keeper.inner if self.keeper is not None else None,
                trims=self.keeper is not None and not self.keeper.forks,
            )  # fmt: skip
            self.seats.append(Seat(outside))

    def _until(self, over: Callable[[], bool]) -> None:
        """Step by step: what is due runs, one callback at a time; then time moves on."""
        while not over():
            due = self._due()
            next_event = self._plan[0][0] if self._plan else None
            step_now = [seat for at, seat in due if at <= self.now]
            event_now = next_event is not None and next_event <= self.now
            if step_now and not (event_now and self.chance.random() < 0.3):
                self._step(self._one(step_now))
            elif event_now:
                heapq.heappop(self._plan)[2]()
            else:
                times = [int(at) + 1 for at, _ in due]
                times += [] if next_event is None else [next_event]
                if not times:
                    return
                self.now = max(self.now + 1, min(times))

    def _clear_away(self, seat: Seat) -> None:
        """A process that has died is started again a little later."""
        life = seat.life
        if life is not None and life.dead:
            life.kill()
            seat.life, seat.terms = None, 0
            self._later(self.chance.randint(10, 20_000), partial(self._start, seat))

    def _due(self) -> list[tuple[float, Seat]]:
        """When each process has something to do, in ms."""
        found = []
        for seat in self.seats:
            life = seat.life
            if life is not None and not life.dead and (due := life.loop.due) is not None:
                found.append((max(due * 1000, seat.frozen), seat))
        return found

    def _one(self, of: list[T]) -> T:
        return of[0] if len(of) == 1 else self.chance.choice(of)

    def _step(self, seat: Seat) -> None:
        """One callback of a process; one that has died, or must not go on, is started again."""
        life = self._stepping = seat.life
        assert life is not None
        life.step()
        if life.terms > seat.terms:
            seat.terms = life.terms
            if self.chance.random() < HASTY:
                self._later(self.chance.randint(1, 5_000), partial(self._fell, seat, life))
        if life.over and not life.dead:
            self.counts["stopped by themselves or in order"] += 1
            life.kill()
        self._clear_away(seat)

    def _start(self, seat: Seat) -> None:
        if seat.life is not None:
            return
        life = self._stepping = Life(next(self._lives), seat.outside, self)
        self._graves.append(life)
        try:
            life.begin(RULES[self.chance.randrange(len(RULES))])
        except (Killed, StoreError) as error:
            self.trace(f"life {life.number} never began: {error!r}")
            life.kill()
            self._later(self.chance.randint(10, 5_000), partial(self._start, seat))
            return
        self.counts["starts"] += 1
        self.trace(f"{self._clock()} life {life.number} begins")
        seat.life = life

    def _bury(self) -> None:
        """Let go of what dead processes were in the middle of; nobody wants to hear of that."""
        before, sys.unraisablehook = sys.unraisablehook, lambda unraisable: None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for life in self._graves:
                    life.loop.abandon()
                self._graves.clear()
                self._stepping = None
                for seat in self.seats:
                    seat.life = None
                gc.collect()
        finally:
            sys.unraisablehook = before

    # --- what goes wrong ---

    def at(self, place: str) -> str:
        """How a call of the store fares."""
        if self._healed:
            return ""
        self._passed(place)
        if self.now < self._store_back and place != "store.after_commit":
            return "away"
        dice = self.chance.random()
        if "commit" in place and dice < 0.01:
            self.counts["answers lost"] += 1
            return "lost"
        if place != "store.after_commit" and dice < 0.02:
            self.counts["store away"] += 1
            return "away"
        return ""

    def _passed(self, place: str) -> None:
        """A place where a process may die, and its disk be full."""
        if self._healed:
            return
        if self.chance.random() < 0.004:
            self.counts["kills"] += 1
            self.trace(f"{self._clock()} killed at {place}")
            if self._stepping is not None:
                self._stepping.dead = True
            raise Killed(place)
        if place == "spool.before_fsync" and self.chance.random() < 0.01:
            self.counts["disk full"] += 1
            raise Unavailable("the spool", "the disk is full")

    def _power_cut(self) -> None:
        """The process is gone between two steps, whatever it waits for."""
        seat = self._one(self.seats)
        if seat.life is not None:
            self.counts["kills"] += 1
            self.trace(f"{self._clock()} killed")
            seat.life.dead = True
            self._clear_away(seat)

    def _stop(self) -> None:
        """A writer is stopped in order, as to be upgraded; another takes over."""
        writing = [seat for seat in self.seats if seat.life is not None and seat.life.deciding]
        if writing and not self._healed:
            seat = self._one(writing)
            assert seat.life is not None
            self.counts["stops"] += 1
            self.trace(f"{self._clock()} life {seat.life.number} stops")
            seat.life.stop()

    def _doubtful(self) -> None:
        """Now and then a writer is stopped that does not know whether a message has left."""
        if self.nodes > 1 and self.chance.random() < STOPPED:
            self._later(self.chance.randint(10, 3_000), self._stop)

    def _outage(self) -> None:
        """For ten minutes the store is away, or the platform down."""
        self.counts["outages"] += 1
        if self.chance.random() < 0.5:
            self._store_back = self.now + OUTAGE
        else:
            self.platform.down = True
            self._later(OUTAGE, self._platform_is_back)

    def _platform_is_back(self) -> None:
        self.platform.down = False

    def _heal(self) -> None:
        """From now on all goes well; a process that lives may have to see to it itself."""
        self._healed = self.platform.healed = True
        for seat in self.seats:
            seat.frozen = 0
            if seat.life is not None and self.chance.random() < 0.5:
                seat.life.kill()
                seat.life = None
            self._later(10, partial(self._start, seat))

    def _fell(self, seat: Seat, life: Life) -> None:
        """A writer falls soon after it began, with what an earlier one left on its hands."""
        if not self._healed and not life.dead:
            self.counts["writers that soon fell"] += 1
            life.dead = True
            self._clear_away(seat)

    def _forget(self) -> None:
        """What nodes tell each other is lost."""
        if self._exchange is not None and not self._healed:
            self.counts["exchanges lost"] += 1
            self._exchange.forget()

    def _fall_behind(self, after: int = 0) -> None:
        """A copy of the store is behind from now on, and *after* so many ms it is the store."""
        assert self._exchange is not None
        store, exchange = self.store.copy(), self._exchange.copy()
        book = self.erasing.book.serialize() if self.erasing is not None else b""
        after = after or self.chance.randint(1, self.chance.choice(BEHIND))
        self._later(after, partial(self._fail_over, store, exchange, book))

    def _fail_over(self, store: MemoryStore, exchange: MemoryExchange, book: bytes) -> None:
        """The store goes on without its last commits, and perhaps with some lost before."""
        assert self._exchange is not None
        if self._healed:
            return
        kept = {record.hash for record in store.tail(0, 1_000_000)}
        lost = [record for record in self.store.tail(0, 1_000_000) if record.hash not in kept]
        self.counts["failovers"] += 1
        self.counts["commits lost"] += len(lost)
        self.trace(f"{self._clock()} the store has lost {len(lost)} records")
        for entry in (decode(record.body) for record in lost):
            self._lost(entry)
        if self.keeper is not None:
            self.keeper.falls_behind()
        self.store.become(store)
        self._exchange.become(exchange)
        if self.erasing is not None:
            self.erasing.book.deserialize(book)

    def _lost(self, entry: Entry) -> None:
        """What agents did is gone, and may be done otherwise; what left, has left."""
        self.gone.add(entry.input.key)
        if (act := self.done.pop(entry.input.key, None)) is not None:
            self.promised.discard(act.answer)
        for event in entry.ev:
            if isinstance(event, ReplyReleased):
                self.slipped.add(event.message)

    def _archives(self, keeper: Keeper) -> None:
        """The archive follows, when it comes to it."""
        if self._healed:
            return
        before = keeper.forked
        try:
            keeper.look()
        except StoreError as error:
            self.counts["archive failures"] += 1
            self.trace(f"{self._clock()} archive: {error}")
        if keeper.forked and not before:
            self.counts["forks"] += 1
            self.trace(f"{self._clock()} the archive has gone on in a journal that is lost")
            # What is decided now has numbers that the archive has given to something else.
            self._later(1, partial(self._fall_behind, max(BEHIND)))
            for _ in range(5):
                self._later(self.chance.randint(1, 30_000), self._write)
        self._later(keeper.wait, partial(self._archives, keeper))

    def _lose(self, keeper: Keeper) -> None:
        """The store is as it was a while ago."""
        if not self._healed and keeper.lose():
            self.counts["stores set back"] += 1
            self.trace(f"{self._clock()} the store is at record {self.store.head()[0]} again")

    def _freeze(self) -> None:
        """A process stands still for a while, and does not know it when it goes on."""
        seat = self.chance.choice(self.seats)
        if not self._healed and seat.life is not None:
            seat.frozen = self.now + self.chance.randint(1_000, STILL)
            self.counts["processes that stood still"] += 1
            self.trace(f"{self._clock()} life {seat.life.number} stands still")

    def _at_rest(self) -> bool:
        """Whether nothing is under way any more."""
        if any(at < self.now + 60_000 for at, *_ in self._plan):
            return False
        lives = [seat.life for seat in self.seats]
        if any(life is None or life.spool is None or not life.ready for life in lives):
            return False
        if any(life.spool.depth for life in lives if life is not None and life.spool is not None):
            return False
        if self.erases and self.now < MONDAY + SPAN + LATER:
            return False  # disks are looked through now and then
        writers = self.deciding
        if len(writers) != 1 or writers[0].node.outbox.depth or self._owed():
            return False
        return not any(thread.held for thread in writers[0].node.state.threads.values())

    def _takeovers(self) -> int:
        """How often another node began to write."""
        entries = map(decode, (record.body for record in self.reader().tail(0, 1_000_000)))
        changes = sum(isinstance(event, WriterChanged) for entry in entries for event in entry.ev)
        return max(changes - 1, 0)

    @property
    def shared(self) -> bool:
        """Whether others may write, or the store forget: there is a lease, and an exchange."""
        return self.nodes > 1 or self.forgets

    def _owed(self) -> bool:
        rows = self.store.scan("o/")
        if not self.shared:
            return bool(rows)
        return any(not isinstance(owed(row).effect, Present) for _, row in rows)

    def reader(self) -> Reader:
        """What a node can read, once all goes well: the archive where the store lets go of rows."""
        if self.keeper is None or self.keeper.forks:
            return self.store.reader()
        return self.keeper.reader()

    @property
    def ready(self) -> list[Life]:
        """Who takes messages in."""
        return [seat.life for seat in self.seats if seat.life is not None and seat.life.ready]

    @property
    def deciding(self) -> list[Life]:
        """Who believes that it writes."""
        return [seat.life for seat in self.seats if seat.life is not None and seat.life.deciding]

    # --- what happens outside ---

    def _script(self) -> None:
        for seat in self.seats:
            self._later(1, partial(self._start, seat))
        for _ in range(FREEZES if self.nodes > 1 else 0):
            self._later(self.chance.randrange(SPAN * 9 // 10), self._freeze)
        for _ in range(LOSSES if self.nodes > 1 else 0):
            self._later(self.chance.randrange(SPAN * 9 // 10), self._forget)
        for _ in range(FAILOVERS if self.forgets else 0):
            self._later(self.chance.randrange(SPAN * 9 // 10), self._fall_behind)
        self.platform.on_doubt = self._doubtful
        for _ in range(STOPS if self.nodes > 1 else 0):
            self._later(self.chance.randrange(SPAN * 9 // 10), self._stop)
        if (keeper := self.keeper) is not None:
            self._later(keeper.wait, partial(self._archives, keeper))
            for _ in range(SET_BACKS):
                at = keeper.chance.randrange(SPAN * 8 // 10)
                self._later(at, keeper.remember)
                self._later(at + keeper.chance.randrange(SPAN // 10), partial(self._lose, keeper))
        for _ in range(self.events):
            at = self.chance.randrange(SPAN * 9 // 10)
            self._later(at, self._write if self.chance.random() < 0.5 else self._act)
        for _ in range(self.events // 20):
            self._later(self.chance.randrange(SPAN), self._power_cut)
        if self.events > 20 and self.chance.random() < 0.5:
            self._later(self.chance.randrange(SPAN - OUTAGE), self._outage)
        if (erasing := self.erasing) is not None:
            for _ in range(TIMES):
                at = erasing.chance.randrange(SPAN * 9 // 10)
                self._later(at, partial(self._erase, erasing, erasing.chance.choice(CUSTOMERS)))
        for number, member in enumerate(TEAM):
            self._later(2_000 + number, partial(self._online, member.id))

    def _later(self, after: int, what: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (self.now + after, next(self._order), what))

    def _online(self, name: str) -> None:
        """Somebody comes, and says so until it is heard."""
        self._ask(
            lambda at: i.StatusDeclared(key=f"on/{name}/{at}", at=at, agent=name,
                                        status=Status.ONLINE),
            again=lambda: self._online(name),
        )  # fmt: skip

    def _write(self) -> None:
        """Somebody writes; now and then several at once."""
        for _ in range(self.chance.choice((1, 1, 1, 1, 5))):
            self._write_one()

    def _write_one(self) -> None:
        number = next(self._ids)
        who = self.chance.choice(CUSTOMERS)
        self.counts["messages"] += 1
        key = f"webhook {number}" if self.chance.random() < 0.7 else ""
        self._deliver(Said(f"m{number}", who, f"text {number}", key))

    def _deliver(self, said: Said) -> None:
        """The platform's webhook: again and again until it is acknowledged, and sometimes after."""
        retry = self.chance.randint(500, 20_000)
        if not (ready := self.ready):
            return self._later(retry, lambda: self._deliver(said))
        life = self._one(ready)
        assert life.line.intake is not None

        def ended(error: BaseException | None) -> None:
            if error is None:
                self.platform.acknowledged[said.id] = said
                self._came.setdefault(said.id, self.now)
                if self.chance.random() < 0.1:
                    self.counts["duplicates"] += 1
                    self._later(retry, lambda: self._deliver(said))

        life.does(life.line.intake.accept(said.raw(), key=said.key), ended)

        def check() -> None:
            if said.id not in self.platform.acknowledged:
                self._deliver(said)

        return self._later(30_000, check)

    def _act(self) -> None:
        """An agent does something to a thread."""
        if not (deciding := self.deciding):
            return self._later(1_000, self._act)
        if len(deciding) > 1:
            self.counts["two that believed to write"] += 1
        life = self._one(deciding)
        act = any_act(self.chance, list(life.node.state.threads.values()), next(self._ids))
        if act is None:
            return self._later(5_000, self._act)
        return self._ask(act.make, text=act.answer, taken=lambda: self._taken(act))

    def _erase(self, erasing: Erasing, who: str) -> None:
        """Somebody is erased, once nobody works for them any more."""
        if self._healed:
            return None
        again = partial(self._later, AGAIN, partial(self._erase, erasing, who))
        if not (deciding := self.deciding) or (plan := plan_of(self.reader(), who)) is None:
            return again()
        life, key = erasing.chance.choice(deciding), f"erase/{next(self._ids)}"
        erasing.asks(key, plan, self.now)
        self.counts["erasures asked"] += 1

        async def asking() -> None:
            if not await life.erases(key, plan):
                erasing.refused(key)
                return again()
            erasing.ends(key, self.now)
            erasing.told.add(key)
            if erasing.on_disk(key, life):
                erasing.faults.append(f"said to be erased and on the writer's disk: {key}")
            self._later(HEARD, partial(self._heard, erasing, key, self.counts["failovers"], {}))
            self.counts["erasures"] += 1
            return self.trace(f"{self._clock()} {key}: {who} is erased")

        def ended(error: BaseException | None) -> None:
            if error is not None:
                erasing.ends(key, self.now)

        return life.does(asking(), ended)

    def _heard(
        self, erasing: Erasing, key: str, failovers: int, seen: dict[int, tuple[int, set[bytes]]]
    ) -> None:
        """What lay on disks of somebody is gone when they have been looked through once more."""
        if self.counts["failovers"] > failovers:
            return  # what was said of it may be lost, though it is done
        lives = [life for life in (seat.life for seat in self.seats) if life and not life.dead]
        for life in lives:
            at, lay = seen.get(life.number, (self.now, set()))
            if life.looked > at and lay & erasing.on_disk(key, life):
                erasing.faults.append(f"erased and on another node's disk: {key}")
        if not seen:
            there = {life.number: (self.now, erasing.on_disk(key, life)) for life in lives}
            self._later(HEARD, partial(self._heard, erasing, key, failovers, there))

    def may_be_gone(self, said: Said) -> bool:
        """Whether a message that was acknowledged need not be there, for its writer was erased."""
        return self.erasing is not None and self.erasing.excuses(said, self._came[said.id])

    def _taken(self, act: Act) -> None:
        if act.key in self.gone:
            return
        self.done[act.key] = act
        if act.answer:
            self.promised.add(act.answer)

    def _ask(
        self,
        make: Callable[[int], i.AnyInput],
        *,
        text: str = "",
        taken: Callable[[], None] = lambda: None,
        again: Callable[[], None] | None = None,
    ) -> None:
        if not (deciding := self.deciding):
            if again is not None:
                self._later(3_000, again)
            return
        life = self._one(deciding)

        async def asking() -> None:
            answer = await life.asks(make, text)
            self.counts["acts"] += 1
            if answer.ok:
                taken()

        def ended(error: BaseException | None) -> None:
            if error is not None and again is not None:
                self._later(3_000, again)

        life.does(asking(), ended)

    def _clock(self) -> str:
        return f"{(self.now - MONDAY) / 1000:9.3f} s"
