"""Says when the event loop stands still, and where; ends a process that never gets on.

Plugins share our loop: one that blocks it holds up every customer and every agent.  A thread looks
on, and when the loop has not come round for a while it names the line that the loop's thread is in.
After `LONGEST` it ends the process, since nothing else can: what was acknowledged is on the disk,
and a message under which that happens again and again is set aside (`omniroute.runtime.suspects`).
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

TICK: Final = 2.0  # seconds between two looks
LONGEST: Final = 60  # looks at a loop that stands still, after which the process is ended
EXIT: Final = 75  # EX_TEMPFAIL of sysexits.h: a service manager should start it again
STDERR: Final = 2
SHOWN: Final = 3  # calls that are named, the innermost last


def end_process() -> None:
    """Say where every thread is, and be gone: whoever blocks the loop would block a stop, too."""
    faulthandler.dump_traceback(STDERR, all_threads=True)
    os._exit(EXIT)


class Watchdog:
    """Watches the running loop from `start` to `stop`."""

    def __init__(
        self, *, tick: float = TICK, longest: int = LONGEST, end: Callable[[], None] = end_process
    ) -> None:
        """Look every *tick* seconds; call *end* when *longest* looks in a row were in vain."""
        self._tick, self._longest, self._end = tick, longest, end
        self.stalls = 0  # how often the loop has stood still
        self._came_round, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the loop that runs now, which is that of this thread."""
        loop, watched = asyncio.get_running_loop(), threading.get_ident()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, watched), name="watchdog", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Look no more; twice is harmless."""
        self._over.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, watched: int) -> None:
        while not self._over.wait(self._tick):
            self._came_round.clear()
            try:
                loop.call_soon_threadsafe(self._came_round.set)
            except RuntimeError:
                return  # the loop is closed
            if not self._came_round.wait(self._tick):
                self._stands_still(watched)

    def _stands_still(self, watched: int) -> None:
        self.stalls += 1
        log.error("the event loop stands still, in %s", where(watched))
        # Looks are counted and not seconds: a process that was suspended has missed one.
        for _ in range(self._longest):
            if self._came_round.wait(self._tick):
                log.warning("the event loop goes on")
                return
            if self._over.is_set():
                return
        log.critical("the event loop still stands, in %s; the process ends itself", where(watched))
        self._end()


def where(thread: int) -> str:
    """The innermost calls that *thread* is in: ``file:line function``; no values."""
    frame = sys._current_frames().get(thread)
    calls = traceback.extract_stack(frame)[-SHOWN:] if frame is not None else []
    return " ← ".join(f"{call.filename}:{call.lineno} {call.name}" for call in reversed(calls))
