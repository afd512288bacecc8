"""How long to wait between tries."""

from __future__ import annotations

import random

DAY = 86_400.0


class Pauses:
    """Ever longer, from *first* to *longest* seconds, unless the other side says how long."""

    def __init__(self, first: float, longest: float) -> None:
        self._own, self._longest = first, longest

    def next(self, after: float | None = None) -> float:
        """Seconds until the next try; not less than *after*, if that is a span at all."""
        # Jitter spreads the retries of many lanes; it decides nothing.
        own = self._own * random.uniform(0.8, 1.2)  # noqa: S311
        self._own = min(self._own * 2, self._longest)
        return min(after, DAY) if after is not None and after > 0 else own
