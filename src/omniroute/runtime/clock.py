"""Time, as one value that is handed in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since the epoch, UTC."""

    def now(self) -> int:
        """The present moment."""


class SystemClock:
    """The machine's clock, which never goes back while the process lives (F39)."""

    def __init__(self, nanoseconds: Callable[[], int] = time.time_ns) -> None:
        """Read the time from *nanoseconds*, since the epoch."""
        self._read = nanoseconds
        self._last = 0
        self._turn = threading.Lock()  # the loop and the writer ask at the same time

    def now(self) -> int:
        """The present moment, or the latest one given out if the machine's clock went back."""
        with self._turn:
            self._last = max(self._last, self._read() // 1_000_000)
            return self._last
