"""The inbox: one thread that owns the writer, and the way there and back from the event loop.

The thread takes what has gathered, up to a batch, and has it decided and committed; only then is
anybody told, by a callback on the loop.  Asyncio stays outside of the thread.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, ClassVar, Final

from omniroute.core.engine import Deciders
from omniroute.core.inputs import AnyInput
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.errors import StoreError
from omniroute.logged import concerning, ids_of
from omniroute.runtime.clock import Clock
from omniroute.runtime.writer import Answered, Canned, Committed, Make, Puts, Writer
from omniroute.stores.api import Head, InDoubt, Moved, Store, Unavailable
from omniroute.stores.tiered import Held

log = logging.getLogger(__name__)

BATCH: Final = 100
LONGEST: Final = 60.0  # seconds that the thread sleeps although a timer may be far off


@dataclass(slots=True)
class Work:
    """One thing to decide.  *make* builds the input with the writer's time."""

    make: Make
    puts: Puts = field(default_factory=dict)
    done: Callable[[Answered | Exception], None] | None = None  # called on the loop
    ends_round: bool = False  # whatever comes after it is made when it is decided
    came: int | None = None  # when (ms) what it is about came to a node
    line: int | None = None  # `Inbox.failures` when its line began: later ones break the line


@dataclass(slots=True)
class Letting:
    """What the store may let go of after a round."""

    held: Held
    done: Callable[[int | Exception], None]  # called on the loop, with how many rows went
    ends_round: ClassVar[bool] = True


class Inbox:
    """Owns the writer from `start` to `stop`.

    Whoever hands in is told, whatever happens: with the answer, with the fault, or that nothing is
    decided any more, because the inbox was stopped or another has taken over the writing.
    """

    def __init__(
        self,
        store: Store,
        state: State,
        clock: Clock,
        *,
        deciders: Deciders | None = None,
        canned: Canned = lambda effect, input: {},
        on_commit: Callable[[Committed], None] = lambda committed: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self.state = state
        self._writer = Writer(store, state, clock, deciders=deciders, canned=canned)
        self._clock, self._on_commit, self._on_trouble = clock, on_commit, on_trouble
        self._queue: queue.SimpleQueue[Work | Letting | None] = queue.SimpleQueue()
        self.failures = 0  # of the store, so far
        self._over: StoreError | None = None  # why nothing is decided any more
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    # --- for callers ---

    def take(self, node: str, least: int = 0) -> Committed:
        """Have *node* be the writer, as the journal has it.  Before `start`; raises `StoreError`.

        From the commit on whoever wrote before finds that the head has moved, and stops.  *least*
        is the first number that a new thread may get, where that is not the next.
        """
        return self._writer.take(node, least)

    def leave(self, node: str, in_doubt: Collection[str]) -> None:
        """Have the journal say that *node* has stopped, and what it may have sent of what is owed.

        After `stop`; raises `StoreError`, as where another writes by now.
        """
        self._writer.leave(node, in_doubt)

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
    def stands(self) -> tuple[Head, int]:
        """The journal's last record, and a time (ms) that is not after it."""
        return self._writer.stands

    @property
    def depth(self) -> int:
        """How many inputs wait to be decided."""
        return self._queue.qsize()

    def put(self, work: Work) -> None:
        """Hand in; *work.done* is called after the commit.  From any thread."""
        self._hand_in(work)

    def _hand_in(self, what: Work | Letting) -> None:
        self._queue.put(what)
        if self._over is not None:
            self._turn_away(self._over)

    async def submit(self, make: Make, puts: Puts | None = None) -> Answered:
        """Decide one input and wait for its commit.  Raises `StoreError` if it failed."""
        return await self._submitted(Work(make, puts or {}))

    async def _submitted(self, work: Work) -> Answered:
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        work.done = functools.partial(_settle, future)
        self.put(work)
        return await future

    async def trim(self, held: Held) -> int:
        """Have the store let go of what *held* says, between two rounds; how many rows went.

        Raises `StoreError`.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._hand_in(Letting(held, functools.partial(_settle, future)))
        return await future

    def forget(self, row: str) -> None:
        """Delete a row with the next commit, whenever that is."""
        self._writer.forget(row)

    async def adopt(self, rules: RuleSet, puts: Puts, make: Make) -> Answered:
        """Decide by another rule set from now on; what comes after is observed under it, too."""

        def adopting(at: int) -> AnyInput:
            self.state.adopt(rules)
            return make(at)

        return await self._submitted(Work(adopting, puts, ends_round=True))

    # --- the thread ---

    def _run(self) -> None:
        running = True
        while running and self._over is None:
            batch = self._gather()
            running = not batch or batch[-1] is not None
            self._do([work for work in batch if work is not None])
        self._over = self._over or Unavailable("inbox", "is closed")
        self._turn_away(self._over)

    def _do(self, batch: Sequence[Work | Letting]) -> None:
        self._catch_up()
        if works := [work for work in batch if isinstance(work, Work)]:
            self._decide(works)
        for each in batch:
            if isinstance(each, Letting):
                self._let_go(each)

    def _let_go(self, letting: Letting) -> None:
        try:
            gone = self._writer.trim(letting.held)
        except StoreError as error:
            if isinstance(error, InDoubt | Moved):
                self._fail([], error)
            self._call(functools.partial(letting.done, error))
        else:
            self._call(functools.partial(letting.done, gone))

    def _gather(self) -> list[Work | Letting | None]:
        try:
            batch = [self._queue.get(timeout=self._patience())]
        except queue.Empty:
            return []
        while len(batch) < BATCH and batch[-1] is not None and not batch[-1].ends_round:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _patience(self) -> float | None:
        due = self.state.due()
        if due is None:
            return None
        return min(max(due[0] - self._clock.now(), 0) / 1000, LONGEST)

    def _catch_up(self) -> None:
        """Timers go before whatever was handed in, however many are due."""
        while self._over is None and self._writer.behind():
            if not self._decide([]):
                return

    def _decide(self, works: Sequence[Work]) -> bool:
        """Have *works* decided together, or one by one if one of them trips over a bug.

        Whether it went well; whoever handed in is told in any case.
        """
        if self._over is not None:
            self._tell(works, self._over)
            return False
        works = self._in_line(works)
        try:
            committed, answers = self._writer.round([(work.make, work.puts) for work in works])
        except StoreError as error:
            self._fail(works, error)
            return False
        except Exception as error:
            if len(works) > 1:
                for work in works:
                    self._decide([work])
                return False
            # A bug of ours: it must surface, and must not take the others with it.
            with concerning(ids_of(self._writer.deciding)):
                log.exception("an input could not be decided")
            self._tell(works, error)
            return False
        came = min((work.came for work in works if work.came is not None), default=None)
        committed = replace(committed, came=came)
        self._call(lambda: self._finish(committed, works, answers))
        return True

    def _in_line(self, works: Sequence[Work]) -> Sequence[Work]:
        """Those that may be decided; who stands in a line that has broken is sent back."""
        stands = [work.line is None or work.line == self.failures for work in works]
        if not all(stands):
            sent_back = [work for work, in_line in zip(works, stands, strict=True) if not in_line]
            self._tell(sent_back, Unavailable("inbox", "what came before it was not written"))
        return list(compress(works, stands))

    def _fail(self, works: Sequence[Work], error: StoreError) -> None:
        """Nothing was so.  Where another writes, or nobody knows what is written, we must stop."""
        self.failures += 1
        if isinstance(error, InDoubt | Moved):
            log.critical("nothing is decided any more: %s", error)
            self._over = error
        self._call(functools.partial(self._on_trouble, error))
        self._tell(works, error)

    def _turn_away(self, error: StoreError) -> None:
        """Tell whoever has handed something in that it will not be decided."""
        while True:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return
            if isinstance(work, Work):
                self._tell([work], error)
            elif work is not None:
                self._call(functools.partial(work.done, error))

    def _finish(
        self, committed: Committed, works: Sequence[Work], answers: Sequence[Answered]
    ) -> None:
        try:
            if committed.entries:
                self._on_commit(committed)
        finally:  # what is committed is answered, whatever becomes of those who only listen
            for work, answered in zip(works, answers, strict=True):
                if work.done is not None:
                    work.done(answered)

    def _tell(self, works: Sequence[Work], error: Exception) -> None:
        def tell() -> None:
            for work in works:
                if work.done is not None:
                    work.done(error)

        self._call(tell)

    def _call(self, callback: Callable[[], None]) -> None:
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback)


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    """What came of it, to whoever still waits."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
