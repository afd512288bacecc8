"""Time, as one value that is handed in."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since the epoch, UTC."""

    def now(self) -> int:
        """The present moment."""


class SystemClock:
    """The machine's clock, which never goes back while the process lives (F39)."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """The present moment, or the latest one given out if the machine's clock went back."""
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last
