"""Tells plugins what has been committed; none of them can hold up or harm anything by it.

Each observer has a line of its own, so that a slow one delays itself alone.  An async observer is
called on the event loop and given up after a while; a plain one, which may block, is called on a
thread of its own and waited for, since no thread can be stopped.  What an observer cannot take in
time is dropped, the oldest first, and that is said.  A line lives in memory: whoever must learn of
every event reads the journal.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from omniroute.hookspecs import Notice
from omniroute.logged import concerning
from omniroute.plugins import Observer
from omniroute.runtime.patience import Overdue, Unruly, within

log = logging.getLogger(__name__)

SECONDS: Final = 5.0  # that an observer may take for one notice
BACKLOG: Final = 10_000  # notices that wait for one observer


class Observers:
    """All observers, each with its line."""

    def __init__(
        self, observers: Sequence[Observer], *, seconds: float = SECONDS, backlog: int = BACKLOG
    ) -> None:
        self._lines = [_Line(observer, seconds, backlog) for observer in observers]

    def __bool__(self) -> bool:
        return bool(self._lines)

    def tell(self, notices: Sequence[Notice]) -> None:
        """Have everybody told, in this order."""
        for line in self._lines:
            line.put(notices)

    async def run(self) -> None:
        """Tell until cancelled."""
        await asyncio.gather(*(line.run() for line in self._lines))


class _Line:
    def __init__(self, observer: Observer, seconds: float, backlog: int) -> None:
        self._observer, self._seconds = observer, seconds
        self._waiting: deque[Notice] = deque()
        self._backlog, self._dropped = backlog, 0
        self._wake = asyncio.Event()
        self._thread: _Thread | None = None

    def put(self, notices: Sequence[Notice]) -> None:
        self._waiting.extend(notices)
        while len(self._waiting) > self._backlog:
            self._waiting.popleft()
            if not self._dropped:
                self._complain("is too slow; notices are dropped")
            self._dropped += 1
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._tell(self._waiting.popleft())
                if self._dropped:
                    self._complain(f"missed {self._dropped} notices")
                    self._dropped = 0
        finally:
            if self._thread is not None:
                self._thread.end()

    async def _tell(self, notice: Notice) -> None:
        with concerning(thread=notice.thread):
            try:
                await (self._await(notice) if self._observer.is_async else self._call(notice))
            except Overdue as error:
                self._complain(f"is given up: {error}")
            except Exception:
                log.exception("plugin %s: omniroute_event raised", self._observer.plugin)

    async def _await(self, notice: Notice) -> None:
        answer = self._observer.tell(notice)
        assert inspect.isawaitable(answer)
        await within(self._seconds, answer)

    async def _call(self, notice: Notice) -> None:
        if self._thread is None:
            self._thread = _Thread(f"observer {self._observer.plugin}")
        called = asyncio.wrap_future(self._thread.call(lambda: self._observer.tell(notice)))
        called.add_done_callback(_forget)
        done, _ = await asyncio.wait({called}, timeout=self._seconds)
        if not done:
            self._complain(f"has been busy for {self._seconds:g} s; what it is to be told waits")
        answer = await called
        if inspect.isawaitable(answer):
            await within(self._seconds, answer)

    def _complain(self, of: str) -> None:
        log.error("plugin %s: omniroute_event %s", self._observer.plugin, of)


def _forget(called: asyncio.Future[object]) -> None:
    """What comes after we were told to stop is not reported as an error that nobody looked at."""
    if not called.cancelled():
        called.exception()


class _Thread:
    """One thread that calls what it is given, in order, and whose hanging keeps nobody alive."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], object], Future[object]] | None]
        self._calls = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def call(self, function: Callable[[], object]) -> Future[object]:
        future: Future[object] = Future()
        self._calls.put((function, future))
        return future

    def end(self) -> None:
        self._calls.put(None)

    def _run(self) -> None:
        while (asked := self._calls.get()) is not None:
            function, future = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except SystemExit:
                future.set_exception(Unruly("called sys.exit"))
            except Exception as error:  # noqa: BLE001 - whatever it is, the line says it
                future.set_exception(error)
