"""The writer: decides inputs in rounds and commits each round in one transaction.

Synchronous and without a thread of its own: the inbox runs one in its thread, a simulation or a
seeding runs one on a virtual clock.  In a round the timers that are due go first; then the cold
rows the inputs name are absorbed, input by input is decided, and journal records and changed rows
are committed together, guarded by compare-and-swap on the head.  If the commit fails the round is
taken back from the state and nothing was so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from omniroute.core.effects import AnyEffect, Deliver
from omniroute.core.engine import Answer, Deciders, Decision, decide, keys
from omniroute.core.inputs import AnyInput, WritingEnded, WritingTaken, due_now
from omniroute.core.owners import queue_named
from omniroute.core.state import State
from omniroute.core.timers import Due
from omniroute.logged import concerning, ids_of
from omniroute.runtime import upgrading
from omniroute.runtime.clock import Clock
from omniroute.runtime.record import VERSION, Entry, decode, encode
from omniroute.runtime.rows import Owed, owed
from omniroute.stores.api import GENESIS, Head, Store
from omniroute.stores.tiered import Held, TieredStore

log = logging.getLogger(__name__)

TIMERS: Final = 500  # due timers taken into one round

Make: TypeAlias = Callable[[int], AnyInput]  # builds an input with the writer's time
Puts: TypeAlias = Mapping[str, bytes | None]  # rows; None deletes
Canned: TypeAlias = Callable[[Deliver, AnyInput], Puts]


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to an input, with the journal's number after it."""

    seq: int
    ok: bool
    code: str
    values: dict[str, str | int] = {}


@dataclass(frozen=True, slots=True)
class Committed:
    """What a round brought: the new head, the entries, and effects to perform."""

    head: Head
    entries: tuple[Entry, ...]
    effects: tuple[AnyEffect, ...]
    seconds: float = 0.0  # that deciding and committing took
    came: int | None = None  # when (ms) the oldest of what it is about came to a node


class PoisonedTimer(Exception):
    """A timer met a bug of ours; it is left alone from now on, so that the others run."""

    def __init__(self, due: Due) -> None:
        what = "agent" if isinstance(due[1], str) else "thread"
        what = "queue" if queue_named(due[1]) else what
        super().__init__(f"the timer of {what} {due[1]}, due {due[0]}, cannot be decided")
        self.due = due


class Writer:
    """Owns the state and the store.  One thread calls it, but for `forget`."""

    def __init__(
        self,
        store: Store,
        state: State,
        clock: Clock,
        *,
        deciders: Deciders | None = None,
        canned: Canned = lambda effect, input: {},
    ) -> None:
        self.state = state
        self.deciding: AnyInput | None = None  # the last that was, or that could not be
        self._store, self._clock, self._deciders, self._canned = store, clock, deciders, canned
        self._head: Head = store.head()
        self._latest = _latest(store, self._head)
        self._later: dict[str, None] = {}
        self._later_lock = threading.Lock()

    def forget(self, row: str) -> None:
        """Delete a row with the next commit, whenever that is; not worth one of its own."""
        with self._later_lock:
            self._later[row] = None

    def trim(self, held: Held) -> int:
        """Have the store let go of what the archive holds; how many rows went.

        Raises `StoreError`.
        """
        assert isinstance(self._store, TieredStore)
        return self._store.trim(self._head, held)

    def now(self) -> int:
        """The time of what is decided now: never before what the journal has (F39, F41)."""
        return max(self._latest, self._clock.now())

    @property
    def stands(self) -> tuple[Head, int]:
        """The journal's last record, and a time (ms) that is not after it."""
        latest = self._latest
        return self._head, latest

    def behind(self) -> bool:
        """Whether a timer is due."""
        due = self.state.due()
        return due is not None and due[0] <= self.now()

    def take(self, node: str, least: int = 0) -> Committed:
        """Begin to write as *node*, before anything else is decided.  Raises `StoreError`.

        *least* is the first thread's number that may be given, where that is not the next.
        """
        term = self.state.tenure.term + 1
        decided = _Round(self, self.now())
        try:
            decided.answer(
                [(lambda at: WritingTaken(f"writer/{node}/{term}", at, node, least), {})]
            )
            self._head = decided.commit()
            self._latest = decided.at
        except BaseException:
            self.state.rollback()
            raise
        self.state.settle()
        return Committed(self._head, tuple(decided.entries), tuple(decided.effects))

    def leave(self, node: str, in_doubt: Collection[str]) -> None:
        """Write no more as *node*, which may have sent what is *in_doubt*, by effect, and else
        nothing that is owed.  Raises `StoreError`.
        """
        key, after = f"writer/{node}/{self.state.tenure.term}/left", ""
        puts: dict[str, bytes | None] = {}
        while rows := self._store.scan("o/", after, 1000, self._head):
            for row, value in rows:
                if (one := owed(value)).effect.id in in_doubt:
                    puts[row] = encode(msgspec.structs.replace(one, in_doubt=True))
            after = rows[-1][0]
        self.round([(lambda at: WritingEnded(key, at, node), puts)])

    def round(self, works: Sequence[tuple[Make, Puts]]) -> tuple[Committed, list[Answered]]:
        """Decide and commit *works* in their order.  Whatever is raised, nothing has happened."""
        began = time.perf_counter()
        while True:
            try:
                decided = _Round(self, self.now())
                decided.run_timers()
                answers = decided.answer(works)
                self._head = decided.commit()
                self._latest = decided.at
            except PoisonedTimer as error:
                with concerning(ids_of(self.deciding)):
                    log.exception("a timer could not be decided")
                self.state.rollback()
                self.state.ignore_timer(*error.due)
                continue
            except BaseException:
                self.state.rollback()
                raise
            break
        self.state.settle()
        took = time.perf_counter() - began
        entries, effects = tuple(decided.entries), tuple(decided.effects)
        return Committed(self._head, entries, effects, took), answers


class _Round:
    """What one round gathers before its commit."""

    def __init__(self, writer: Writer, at: int) -> None:
        self._writer, self._state, self.at = writer, writer.state, at
        self.entries: list[Entry] = []
        self.effects: list[AnyEffect] = []
        self._puts: dict[str, bytes | None] = {}

    def run_timers(self) -> None:
        """What is due goes first, earliest first (routing.md 2)."""
        seen: set[Due] = set()
        while (due := self._state.due()) is not None and due[0] <= self.at:
            if len(seen) >= TIMERS:
                return
            timer = due_now(self.at, *due)
            self._absorb([timer])
            try:
                if due in seen:
                    raise AssertionError("the timer does not run down")
                self._decide(timer)
            except Exception as error:
                raise PoisonedTimer(due) from error
            seen.add(due)

    def answer(self, works: Sequence[tuple[Make, Puts]]) -> list[Answered]:
        """Decide each input, or give the answer it got when it came before."""
        inputs = [make(self.at) for make, _ in works]
        known = self._known(["d/" + input.key for input in inputs])
        self._absorb(inputs)
        answers = []
        for (_, puts), input in zip(works, inputs, strict=True):
            row = "d/" + input.key
            if row not in known:
                self._absorb([input])
                decision, answered = self._decide(input, puts)
                if decision.events:
                    known[row] = answered
                    self._puts[row] = encode(answered)
                answers.append(answered)
            else:
                answers.append(known[row])
        return answers

    def commit(self) -> Head:
        """Write records and rows together; the head after it."""
        writer = self._writer
        if not self.entries:
            return writer._head
        with writer._later_lock:
            later, writer._later = writer._later, {}
        rows = {**dict.fromkeys(later), **self._puts, **self._state.changed()}
        if writer._head == GENESIS:
            rows.update(upgrading.signed())
        try:
            return writer._store.commit(writer._head, list(map(encode, self.entries)), rows)
        except BaseException:
            with writer._later_lock:
                writer._later.update(later)
            raise

    def _known(self, rows: Sequence[str]) -> dict[str, Answered]:
        found = self._writer._store.get(rows, self._writer._head)
        return {key: msgspec.json.decode(row, type=Answered) for key, row in found.items()}

    def _absorb(self, inputs: Sequence[AnyInput]) -> None:
        """Take in the cold rows that the inputs name, until they name none."""
        while missing := [key for input in inputs for key in keys(self._state, input)]:
            rows = self._writer._store.get(missing, self._writer._head)
            for key in missing:
                if not self._state.knows(key):
                    self._state.absorb(key, rows.get(key))

    def _decide(self, input: AnyInput, puts: Puts | None = None) -> tuple[Decision, Answered]:
        """Decide; what follows from it is written with the round, and *puts* if anything does."""
        self._writer.deciding = input
        decision = decide(self._state, input, self._writer._deciders)
        private = dict(puts or {}) if decision.events else {}
        seq = self._writer._head[0] + len(self.entries) + bool(decision.events)
        for place, effect in enumerate(decision.effects):
            self._puts["o/" + effect.id] = encode(Owed(seq, place, effect, self._state.tenure.term))
            if isinstance(effect, Deliver) and effect.reply:
                private.update(self._writer._canned(effect, input))
        self._puts.update(private)
        if decision.events:
            self._record(input, decision, tuple(private))
        return decision, _answered(decision.answer, seq)

    def _record(self, input: AnyInput, decision: Decision, rows: tuple[str, ...]) -> None:
        effects = tuple(effect.id for effect in decision.effects)
        rules = self._state.counters.rules
        self.entries.append(
            Entry(VERSION, input.at, input, decision.events, decision.why, effects, rules, rows)
        )
        self.effects.extend(decision.effects)


def _latest(store: Store, head: Head) -> int:
    """The time of the last record; another machine, whose clock is ahead, may have written it."""
    last = store.tail(head[0] - 1, 1) if head[0] else []
    return decode(last[0].body).at if last else 0


def _answered(answer: Answer, seq: int) -> Answered:
    return Answered(seq, answer.ok, answer.code, answer.values)
