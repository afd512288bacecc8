"""An event loop whose time is the world's and which runs one step when it is told to.

It is an ordinary asyncio loop without sockets and threads: what would run in a thread runs at once.
Each node has one, so that a process that dies is a loop that is never stepped again.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable
from functools import partial
from typing import Any, Final

STUBBORN: Final = 100  # times that something may wait for something else while it ends


class Killed(BaseException):
    """The process ends here; nothing of ours catches it."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs on the seconds that *time* tells."""

    _ready: Any  # handles, in order
    _scheduled: Any  # a heap of timer handles

    def __init__(self, time: Callable[[], float]) -> None:
        super().__init__()
        self._time = time
        self.faults: list[dict[str, Any]] = []
        self._tasks: list[asyncio.Task[Any]] = []  # kept, so that none is collected in mid-air
        self.set_exception_handler(lambda loop, context: self.faults.append(context))

    def time(self) -> float:
        """The world's time, in seconds."""
        return self._time()

    @property
    def due(self) -> float | None:
        """When there is something to run: now, later, or never."""
        while self._scheduled and self._scheduled[0]._cancelled:
            heapq.heappop(self._scheduled)
        if self._ready:
            return self.time()
        return self._scheduled[0]._when if self._scheduled else None

    def step(self) -> None:
        """Run the next callback that is due.  Raises `Killed` if the process ended in it."""
        while self._scheduled and self._scheduled[0]._when <= self.time():
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            if not timer._cancelled:
                self._ready.append(timer)
        while self._ready:
            handle = self._ready.popleft()
            if not handle._cancelled:
                self.within(handle._run)
                return

    def within(self, work: Callable[[], Any]) -> Any:
        """Do *work* as if the loop ran; another may be in the middle of a step."""
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            return work()
        finally:
            events._set_running_loop(before)

    def abandon(self) -> None:
        """End what was in the middle of something, here and not wherever garbage is collected.

        What it does about its end is undone as well: with a loop at hand, what it begins is a task
        of ours, and what it waits for never comes.
        """
        while self._tasks:
            self.within(partial(_end, self._tasks.pop().get_coro()))
        self.close()

    def create_task(self, coro: Any, **options: Any) -> Any:
        """As asyncio's."""
        task = super().create_task(coro, **options)
        self._tasks.append(task)
        return task

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """As `call_soon`: there is one thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Run *func* at once."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            future.set_exception(error)
        return future

    def _process_events(self, event_list: Any) -> None: ...

    def _write_to_self(self) -> None: ...

    def is_running(self) -> bool:
        """Whether a step of it is being run."""
        return events._get_running_loop() is self


def _end(coroutine: Any) -> None:
    for _ in range(STUBBORN):
        try:
            coroutine.close()
        except RuntimeError:
            continue  # it waits for something first, which never comes
        except BaseException:  # noqa: BLE001 - nobody wants to hear of it any more
            return
        else:
            return
