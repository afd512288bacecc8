"""Token buckets, one for each key, in memory: how fast one visitor of an open door may be."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 50_000  # the longest unused go first; theirs are full again anyway


class Rate:
    """Lets *burst* through at once and then *per_minute*, for each key; *clock* is in seconds.

    0 per minute is without limit.
    """

    def __init__(
        self, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Take one for *key* and return 0, or return the seconds until there is one to take."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        left, since = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        may = left >= 1
        self._left[key] = (left - 1 if may else left, now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return 0.0 if may else (1 - left) / self._per_second
