"""The thread that owns the spool's file: it takes what was asked, writes it, answers all at once.

A batch is whatever has come while the one before was written, so it is as large as an fsync is
slow; where many come on a fast disk, a batch begins no sooner than `STRIDE` after the one before.
What can wait for company (`done`, `settle`, `sweep`) goes with the
next batch, or alone after `PATIENCE`; if it cannot be written now it is tried again.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from omniroute.errors import Refused
from omniroute.runtime.crashpoints import reach
from omniroute.runtime.spool_file import Arrival, Entry, SpoolFile
from omniroute.runtime.spool_kept import Known
from omniroute.runtime.strides import Strides
from omniroute.stores.api import InDoubt, Unavailable

PATIENCE = 0.25
"""Seconds that what can wait waits for something that cannot."""

STRIDE = 0.005
"""Seconds from one batch to the next, at least, while there are `MANY` arrivals in each."""

MANY = 4

BATCH = 512
"""Requests of a kind in one transaction: the first of a burst need not wait for the last."""

BATCH_BYTES = 8 * 1024 * 1024
"""Raw bytes in one transaction, about."""

ROOM = 64 * 1024 * 1024
"""Bytes of arrivals that may wait to be written; what comes on top is refused, to come again."""

ARRIVAL = 1024
"""Bytes that an arrival takes besides its raw, about."""

PAGE = 4096

Question = Callable[[], object]
Waiting = asyncio.Future[object]
T = TypeVar("T")


class Answers(NamedTuple):
    """What a transaction has to tell the event loop; *new* counts the entries that are new now."""

    outcomes: list[tuple[Waiting, object]]
    entries: list[Entry]
    done: list[int]
    new: int


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    arrivals: list[tuple[Waiting, Arrival]] = field(default_factory=list)
    questions: list[tuple[Waiting, Question]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    sweeps: list[tuple[int, bytes]] = field(default_factory=list)
    known: Known | None = None

    def urgent(self) -> bool:
        """Somebody waits for it."""
        return bool(self.arrivals or self.questions)

    def empty(self) -> bool:
        return not (self.urgent() or self.done or self.settled or self.sweeps or self.known)

    def size(self) -> int:
        """Bytes that arrivals add to the database."""
        return sum(len(arrival.raw) for _, arrival in self.arrivals if not arrival.file)


class SpoolThread:
    """Runs from construction to `close`; its methods are called on the event loop."""

    def __init__(self, file: SpoolFile, min_free: int, answer: Callable[[Answers], None]) -> None:
        """Write to *file*; *answer* is called on the loop of whoever asked last."""
        self.commits = 0
        self.room = ROOM
        self._came = self._went = 0  # bytes of arrivals: the one is the loop's, the other ours
        self._file = file
        self._min_free = min_free
        self._answer = answer
        self._asked: deque[tuple[Waiting, Arrival | Question]] = deque()
        self._done: deque[int] = deque()
        self._settled: deque[str] = deque()
        self._sweeps: deque[tuple[int, bytes]] = deque()
        self._known: deque[Known] = deque(maxlen=1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed: asyncio.Future[None] | None = None
        self._failed = False
        self._strides = Strides(STRIDE, MANY)
        self._wake = threading.Event()
        self._begin()

    def _begin(self) -> None:
        self._running = threading.Thread(target=self._run, name="spool", daemon=True)
        self._running.start()

    async def ask(self, asked: Arrival | Question) -> object:
        """Have *asked* written, and return its outcome once it is on the disk."""
        if self._closed is not None:
            raise Unavailable(str(self._file.path), "the spool is closed")
        if isinstance(asked, Arrival):
            self._admit(asked)
        self._loop = asyncio.get_running_loop()
        future: Waiting = self._loop.create_future()
        self._asked.append((future, asked))
        self._wake_up()
        return await future

    def done(self, ids: Iterable[int]) -> None:
        self._done.extend(ids)
        self._wake_up()

    def settle(self, eids: Iterable[str]) -> None:
        self._settled.extend(eids)
        self._wake_up()

    def sweep(self, before: int) -> None:
        self._sweeps.append((before, b""))
        self._wake_up()

    def note(self, known: Known) -> None:
        """Have this written with whatever is said to be done afterwards."""
        self._known.append(known)

    def take_back(self) -> list[int]:
        """What is said to be done and not yet taken to be written: it is not to be."""
        return _take(self._done, len(self._done))

    async def close(self) -> None:
        """Write what was asked, close the file and end; closing twice is harmless."""
        await asyncio.shield(self._end())

    def abandon(self) -> None:
        """As `close`, at once: for whoever has not asked anything yet."""
        self._end()
        self._running.join()

    def _end(self) -> asyncio.Future[None]:
        if self._closed is None:
            self._loop = asyncio.get_running_loop()
            self._closed = self._loop.create_future()
            self._wake.set()
        return self._closed

    def check_space(self, size: int) -> None:
        """Raise `Unavailable` if *size* bytes more would leave too little of the disk."""
        disk = os.statvfs(self._file.path.parent)
        free = disk.f_bavail * disk.f_frsize
        if free - size < self._min_free:
            fault = f"the disk is nearly full: {free >> 20} MB free, {self._min_free >> 20} wanted"
            raise Unavailable(str(self._file.path), fault, "free some space")

    def _admit(self, arrival: Arrival) -> None:
        """Raise `Unavailable` if more arrives than the disk can take and memory should hold."""
        size = _weight(arrival)
        if self._came - self._went + size > self.room:
            self._file.unlink([arrival.file] if arrival.file else [])
            fault = f"{self.room >> 20} MB wait to be written already"
            raise Unavailable(str(self._file.path), fault, "its disk is slower than what arrives")
        self._came += size

    def _wake_up(self) -> None:
        # The thread clears the event before it takes what was asked: a set event is enough.
        if not self._wake.is_set():
            self._wake.set()

    # -- in the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if not self._hurry():
                self._wake.wait(PATIENCE)
                self._wake.clear()
            if wait := self._strides.wait():
                time.sleep(wait)
            closing = self._closed
            if closing is not None:
                self._sweeps.clear()  # the next one finds what this one leaves
            self._strides.begin()
            batch = self._take()
            arrivals = len(batch.arrivals)
            self._write(batch)
            self._strides.end(arrivals)
            if closing is not None and not self._asked and (self._failed or not self._lazy()):
                break
            if closing is not None or self._asked or self._lazy():
                self._wake.set()
        self._file.close()
        self._tell(lambda: closing.set_result(None))

    def _hurry(self) -> bool:
        many = len(self._done) >= BATCH or len(self._settled) >= BATCH
        return bool(self._asked) or self._closed is not None or (many and not self._failed)

    def _lazy(self) -> bool:
        last = self._closed is not None and self._known  # alone it is not worth a transaction
        return bool(self._done or self._settled or self._sweeps or last)

    def _take(self) -> Batch:
        batch = Batch()
        size = 0
        while self._asked and size < BATCH_BYTES and len(batch.arrivals) < BATCH:
            future, asked = self._asked.popleft()
            if isinstance(asked, Arrival):
                batch.arrivals.append((future, asked))
                size += len(asked.raw)
                self._went += _weight(asked)
            else:
                batch.questions.append((future, asked))
        batch.done = _take(self._done, BATCH)
        batch.settled = _take(self._settled, BATCH)
        batch.sweeps = _take(self._sweeps, 1)
        if self._known and (self._closed is not None or not batch.empty()):
            batch.known = self._known.popleft()  # last, so that it is not behind what is done
        return batch

    def _write(self, batch: Batch) -> None:
        outcomes: list[tuple[Waiting, object]] = []
        if batch.arrivals:
            try:
                self.check_space(batch.size())
            except Unavailable as full:
                outcomes = self._refuse(batch, full)
        if batch.empty():
            self._tell_outcomes(outcomes)
            return
        try:
            answers = self._commit(batch)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            self._failed = True
            self._put_back(batch)
            outcomes += self._refuse(batch, error)
            outcomes += [(future, _told(error)) for future, _ in batch.questions]
            self._tell_outcomes(outcomes)
            return
        self._failed = False
        self._tell(lambda: self._answer(answers._replace(outcomes=outcomes + answers.outcomes)))

    def _commit(self, batch: Batch) -> Answers:
        urgent = batch.urgent()
        if urgent:
            reach("spool.before_write")
        with self._file.transaction():
            if batch.known is not None:  # before what is said to be done, which is noted with it
                self._file.kept.note(batch.known)
            outcomes, entries, unused = self._add(batch)
            for future, question in batch.questions:
                outcome = _outcome(question)
                outcomes.append((future, outcome))
                if isinstance(outcome, Entry):
                    entries.append(outcome)
            unused += self._file.finish(batch.done)
            self._file.settle(batch.settled)
            onward = [(before, self._file.sweep(before, after)) for before, after in batch.sweeps]
            if urgent:
                reach("spool.before_fsync")
        self.commits += 1
        if urgent:
            reach("spool.after_fsync")
        self._sweeps.extend((before, after) for before, after in onward if after is not None)
        self._file.unlink(unused)
        rows = 2 * len(batch.arrivals) + len(batch.questions) + len(batch.done)
        self._file.sqlite.wrote(rows + len(batch.settled) + batch.size() // PAGE)
        entries.sort(key=lambda entry: entry.id)
        return Answers(outcomes, entries, batch.done, self._file.new)

    def _add(self, batch: Batch) -> tuple[list[tuple[Waiting, object]], list[Entry], list[str]]:
        added = self._file.add([arrival for _, arrival in batch.arrivals])
        outcomes: list[tuple[Waiting, object]] = []
        entries: list[Entry] = []
        unused: list[str] = []
        for (future, arrival), (id, is_new) in zip(batch.arrivals, added, strict=True):
            outcomes.append((future, id))
            if is_new:
                entries.append(Entry(id, *arrival[:5], tries=0))
            elif arrival.file:
                unused.append(arrival.file)
        return outcomes, entries, unused

    def _refuse(self, batch: Batch, error: Exception) -> list[tuple[Waiting, object]]:
        if not isinstance(error, InDoubt):
            self._file.unlink(arrival.file for _, arrival in batch.arrivals if arrival.file)
        refused: list[tuple[Waiting, object]] = [(f, _told(error)) for f, _ in batch.arrivals]
        batch.arrivals = []
        return refused

    def _put_back(self, batch: Batch) -> None:
        self._done.extendleft(reversed(batch.done))
        self._settled.extendleft(reversed(batch.settled))
        self._sweeps.extendleft(reversed(batch.sweeps))
        if batch.known is not None and not self._known:
            self._known.append(batch.known)

    def _tell_outcomes(self, outcomes: list[tuple[Waiting, object]]) -> None:
        if outcomes:
            self._tell(lambda: self._answer(Answers(outcomes, [], [], self._file.new)))

    def _tell(self, message: Callable[[], object]) -> None:
        if self._loop is None:
            return  # nobody has asked for anything
        try:
            self._loop.call_soon_threadsafe(message)
        except RuntimeError:
            pass  # the loop is closed: nobody is left to be told


def _weight(arrival: Arrival) -> int:
    return len(arrival.raw) + ARRIVAL


def _take(items: deque[T], limit: int) -> list[T]:
    return [items.popleft() for _ in range(min(limit, len(items)))]


def _outcome(question: Question) -> object:
    try:
        return question()
    except Refused as refusal:
        return refusal  # changed nothing; the rest of the batch goes on


def _told(error: Exception) -> Exception:
    """*error* as one caller hears it; each gets an exception of their own to raise."""
    if isinstance(error, Unavailable | InDoubt):
        return Unavailable(*error.args)  # in doubt is enough not to promise anything
    return error
