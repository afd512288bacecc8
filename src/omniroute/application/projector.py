"""The thread that keeps the views in step with the journal, and tells who waits for them.

`wake` is called from the writer after every commit and only rings a bell.  Everybody else lives on
the event loop: `at_least` waits until a record is in the tables, `on_change` hears what is new.
While much is committed the tables follow in strides, unless somebody waits.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

from omniroute.application.pages import Change
from omniroute.application.views import Views
from omniroute.errors import StoreError
from omniroute.runtime.strides import Strides
from omniroute.stores.api import Unavailable

log = logging.getLogger(__name__)

STRIDE: Final = 0.05  # seconds from one look into the journal to the next, at least
MANY: Final = 16  # records that are folded at a look, where so much is committed

Listener = Callable[[Change], None]


class Projector:
    """Runs *views* in a thread of its own, from `start` to `stop`."""

    def __init__(self, views: Views, pause: float = 1.0) -> None:
        """*pause*: seconds until the next attempt when the journal or the disk fails."""
        self._views, self._pause = views, pause
        self._bell, self._end = threading.Event(), threading.Event()
        self._hurry = threading.Event()  # somebody waits, or it is to end
        self._strides = Strides(STRIDE, MANY)
        self._thread = threading.Thread(target=self._run, name="views", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._applied = 0  # as the event loop knows it
        self._stopped = False
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._listeners: list[Listener] = []
        views.alarm = self.wake

    # --- on the event loop -----------------------------------------------------------------------

    def start(self) -> None:
        """Begin to follow the journal; the running event loop is told of changes."""
        self._loop = asyncio.get_running_loop()
        self._applied = self._views.applied
        self._thread.start()
        self.wake()

    async def stop(self) -> None:
        """Finish the batch in hand and end; whoever waits gets `Unavailable`."""
        self._end.set()
        self._hurry.set()
        self._bell.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._stop_waiting()

    async def at_least(self, seq: int) -> None:
        """Return when record *seq* is in the tables.

        Bound the wait with `asyncio.timeout`: after a change of journal there may be no such
        record.  Raises `Unavailable` when the thread has ended.
        """
        if seq <= self._applied:
            return
        if self._stopped:
            raise _ended()
        done = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (seq, next(self._order), done))
        self._hurry.set()
        await done

    @property
    def awaited(self) -> int:
        """How many wait for records that are not in the tables yet."""
        return len(self._waiting)

    @property
    def following(self) -> bool:
        """Whether the tables are kept in step; false after a fault of ours has ended the thread."""
        return self._thread.is_alive() and not self._stopped

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Have *listener* called, on the event loop, after each batch; returns how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _tell(self, change: Change) -> None:
        self._applied = change.seq
        while self._waiting and self._waiting[0][0] <= change.seq:
            done = heapq.heappop(self._waiting)[2]
            if not done.done():
                done.set_result(None)
        for listener in tuple(self._listeners):
            listener(change)

    def _stop_waiting(self) -> None:
        self._stopped = True
        for _, _, done in self._waiting:
            if not done.done():
                done.set_exception(_ended())
        self._waiting.clear()

    # --- from any thread -------------------------------------------------------------------------

    def wake(self) -> None:
        """There may be something new."""
        self._bell.set()

    # --- in the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            failing = False
            while not self._end.is_set():
                self._bell.wait()
                if not self._waiting and (wait := self._strides.wait()):
                    self._hurry.wait(wait)
                self._hurry.clear()
                self._bell.clear()
                try:
                    self._strides.begin()
                    self._strides.end(self._drain())
                    if failing:
                        log.info("views: following the journal again")
                    failing = False
                except (StoreError, sqlite3.Error) as error:
                    if not failing:
                        log.error("views: cannot follow the journal, trying again: %s", error)
                    failing = True
                    self._end.wait(self._pause)
                    self._bell.set()
        finally:
            self._call(self._stop_waiting)

    def _drain(self) -> int:
        """Fold all there is; how many records that were."""
        before = last = self._views.applied
        while not self._end.is_set() and (change := self._views.step()) is not None:
            self._call(self._tell, change)
            last = change.seq
        return last - before

    def _call(self, what: Callable[..., None], *arguments: object) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:  # the loop has ended before us; nobody is there to be told
            self._end.set()


def _ended() -> Unavailable:
    return Unavailable("views", "no longer follow the journal", "see the log, then start again")
