"""How often to go where each going costs the same, however many go: at once, or in strides.

A commit costs the processor several hand-overs between threads, and the disk an fsync; so does
each look of the views into the journal.  Who comes alone goes at once.  While many come, the next
going begins no sooner than a stride after the last one began, and takes all who have come.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Strides:
    """Of *seconds* each, while at least *many* go together.  For one thread."""

    def __init__(
        self, seconds: float, many: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """*clock* is in seconds."""
        self._seconds, self._many, self._clock = seconds, many, clock
        self._began, self._crowd = 0.0, False

    def wait(self) -> float:
        """Seconds until the next should go; 0 for at once."""
        if not self._crowd:
            return 0.0
        return max(0.0, self._began + self._seconds - self._clock())

    def begin(self) -> None:
        """They go now."""
        self._began = self._clock()

    def end(self, went: int) -> None:
        """So many went together."""
        self._crowd = went >= self._many
