"""The one writer: takes inputs in order, decides, commits, and only then tells anyone.

A thread of its own owns the core's state and the store.  It takes what has gathered, lets the
timers that are due go first, absorbs the cold rows the inputs name, decides input by input and
commits journal records and changed rows in one transaction.  If the commit fails the round is
rolled back and its askers are told; nothing was so.  Asyncio stays outside: callers wait for a
future that is resolved on their loop after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from omniroute.core.effects import AnyEffect, Deliver
from omniroute.core.engine import Answer, Deciders, Decision, decide, keys
from omniroute.core.inputs import AnyInput, TimerDue
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.errors import StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.stores.api import Head, Moved, Store

log = logging.getLogger(__name__)

BATCH: Final = 100
TIMERS: Final = 500  # due timers taken into one commit

Puts: TypeAlias = Mapping[str, bytes | None]


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to an input, with the journal's number after it."""

    seq: int
    ok: bool
    code: str
    values: dict[str, str | int] = {}


@dataclass(slots=True)
class Work:
    """One thing to decide.  *make* builds the input with the writer's time."""

    make: Callable[[int], AnyInput]
    puts: Puts = field(default_factory=dict)
    done: Callable[[Answered | Exception], None] | None = None  # called on the loop


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit brought: the new head, the entries, and effects to perform."""

    head: Head
    entries: tuple[Entry, ...]
    effects: tuple[AnyEffect, ...]


class Inbox:
    """Owns the state and the store from `start` to `stop`."""

    def __init__(
        self,
        store: Store,
        state: State,
        clock: Clock,
        *,
        deciders: Deciders | None = None,
        canned: Callable[[Deliver, AnyInput], Puts] = lambda effect, input: {},
        on_commit: Callable[[Committed], None] = lambda committed: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self.state = state
        self._store, self._clock, self._deciders = store, clock, deciders
        self._canned = canned
        self._on_commit, self._on_trouble = on_commit, on_trouble
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._later: dict[str, None] = {}
        self._later_lock = threading.Lock()
        self._head: Head = store.head()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    # --- for callers ---

    def start(self) -> None:
        """Begin to decide.  Call on the event loop that callers live on."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Decide what was handed in so far, then end the thread."""
        if self._thread.is_alive():
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    @property
    def depth(self) -> int:
        """How many inputs wait to be decided."""
        return self._queue.qsize()

    def put(self, work: Work) -> None:
        """Hand in; *work.done* is called after the commit.  From any thread."""
        self._queue.put(work)

    async def submit(self, make: Callable[[int], AnyInput], puts: Puts | None = None) -> Answered:
        """Decide one input and wait for its commit.  Raises `StoreError` if it failed."""
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()

        def done(answer: Answered | Exception) -> None:
            if future.done():
                return
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

        self._queue.put(Work(make, puts or {}, done))
        return await future

    def forget(self, row: str) -> None:
        """Delete a row with the next commit, whenever that is; not worth one of its own."""
        with self._later_lock:
            self._later[row] = None

    async def adopt(self, rules: RuleSet, puts: Puts, make: Callable[[int], AnyInput]) -> Answered:
        """Decide by another rule set from now on."""

        def adopting(at: int) -> AnyInput:
            self.state.adopt(rules)
            return make(at)

        return await self.submit(adopting, puts)

    # --- the thread ---

    def _run(self) -> None:
        running = True
        while running:
            batch = self._gather()
            if batch and batch[-1] is None:
                running = False
            works = [work for work in batch if work is not None]
            try:
                self._round(works)
            except Moved as error:
                log.critical("another writer took over: %s", error)
                self._tell(works, error)
                self._trouble(error)
                return
            except StoreError as error:
                self._tell(works, error)
                self._trouble(error)

    def _gather(self) -> list[Work | None]:
        try:
            batch = [self._queue.get(timeout=self._patience())]
        except queue.Empty:
            return []
        while len(batch) < BATCH and batch[-1] is not None:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _patience(self) -> float | None:
        due = self.state.due()
        if due is None:
            return None
        return min(max(due[0] - self._clock.now(), 0) / 1000, 60.0)

    def _round(self, works: Sequence[Work]) -> None:
        """Decide and commit *works* together, or one by one if one of them trips over a bug."""
        try:
            self._decide_and_commit(works)
        except StoreError:
            self.state.rollback()
            raise
        except Exception as error:
            self.state.rollback()
            if len(works) <= 1:
                # A bug of ours: it must surface, and must not take the others with it.
                log.exception("an input could not be decided")
                self._tell(works, error)
                return
            for work in works:
                self._round([work])

    def _decide_and_commit(self, works: Sequence[Work]) -> None:
        at = self._clock.now()
        entries: list[Entry] = []
        effects: list[AnyEffect] = []
        puts: dict[str, bytes | None] = {}
        self._timers(at, entries, effects)
        answers = self._answers(works, at, entries, effects, puts)
        head = self._head
        if entries:
            for effect in effects:
                puts["o/" + effect.id] = encode(effect)
            with self._later_lock:
                later, self._later = self._later, {}
            rows = {**dict.fromkeys(later), **puts, **self.state.changed()}
            try:
                head = self._store.commit(self._head, [encode(entry) for entry in entries], rows)
            except BaseException:
                with self._later_lock:
                    self._later.update(later)
                raise
            self._head = head
        self.state.settle()
        committed = Committed(head, tuple(entries), tuple(effects))
        self._call(lambda: self._finish(committed, answers))

    def _timers(self, at: int, entries: list[Entry], effects: list[AnyEffect]) -> None:
        """What is due goes first, earliest first (routing.md 2)."""
        seen: set[tuple[int, int]] = set()
        while (due := self.state.due()) is not None and due[0] <= at and len(seen) < TIMERS:
            if due in seen:
                raise AssertionError(f"the timer of thread {due[1]} does not run down")
            seen.add(due)
            timer = TimerDue(f"timer/{due[1]}/{due[0]}", at, due[1], due[0])
            self._absorb([timer])
            self._note(timer, decide(self.state, timer, self._deciders), entries, effects)

    def _answers(
        self,
        works: Sequence[Work],
        at: int,
        entries: list[Entry],
        effects: list[AnyEffect],
        puts: dict[str, bytes | None],
    ) -> list[tuple[Work, Answered]]:
        inputs = [work.make(at) for work in works]
        before = self._store.get(["d/" + input.key for input in inputs], self._head)
        known = {key: msgspec.json.decode(row, type=Answered) for key, row in before.items()}
        self._absorb(inputs)
        answers: list[tuple[Work, Answered]] = []
        for work, input in zip(works, inputs, strict=True):
            row = "d/" + input.key
            if row not in known:
                self._absorb([input])
                decision = decide(self.state, input, self._deciders)
                answered = self._note(input, decision, entries, effects)
                for effect in decision.effects:
                    if isinstance(effect, Deliver) and effect.reply:
                        puts.update(self._canned(effect, input))
                if decision.events:
                    known[row] = answered
                    puts[row] = encode(answered)
                    puts.update(work.puts)
                answers.append((work, answered))
            else:
                answers.append((work, known[row]))
        return answers

    def _absorb(self, inputs: Sequence[AnyInput]) -> None:
        while missing := [key for input in inputs for key in keys(self.state, input)]:
            rows = self._store.get(missing, self._head)
            for key in missing:
                if not self.state.knows(key):
                    self.state.absorb(key, rows.get(key))

    def _note(
        self,
        input: AnyInput,
        decision: Decision,
        entries: list[Entry],
        effects: list[AnyEffect],
    ) -> Answered:
        if decision.events:
            entries.append(
                Entry(
                    VERSION,
                    input.at,
                    input,
                    decision.events,
                    decision.why,
                    tuple(effect.id for effect in decision.effects),
                    self.state.counters.rules,
                )
            )
            effects.extend(decision.effects)
        return _answered(decision.answer, self._head[0] + len(entries))

    # --- telling ---

    def _finish(self, committed: Committed, answers: Sequence[tuple[Work, Answered]]) -> None:
        if committed.entries:
            self._on_commit(committed)
        for work, answered in answers:
            if work.done is not None:
                work.done(answered)

    def _tell(self, works: Sequence[Work], error: Exception) -> None:
        def tell() -> None:
            for work in works:
                if work.done is not None:
                    work.done(error)

        self._call(tell)

    def _trouble(self, error: StoreError) -> None:
        self._call(lambda: self._on_trouble(error))

    def _call(self, callback: Callable[[], None]) -> None:
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)


def _answered(answer: Answer, seq: int) -> Answered:
    return Answered(seq, answer.ok, answer.code, answer.values)
