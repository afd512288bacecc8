"""Rates as platforms enforce them.  Both answer how long to wait, in seconds; 0 means: go ahead."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """A token bucket: *burst* at once, then *rate* a second."""

    burst: float
    rate: float
    _level: float | None = None
    _at: float = 0.0

    def spend(self, now: float) -> float:
        """Take one, or say how long until there is one."""
        level = self.burst if self._level is None else self._level
        level = min(self.burst, level + (now - self._at) * self.rate)
        self._level, self._at = (level - 1 if level >= 1 else level), now
        return 0.0 if level >= 1 else (1 - level) / self.rate


@dataclass
class Window:
    """At most *most* within any *span* seconds."""

    most: int
    span: float
    _sent: deque[float] = field(default_factory=deque)

    def left(self, now: float) -> float:
        """How long until there is room."""
        while self._sent and self._sent[0] <= now - self.span:
            self._sent.popleft()
        return self._sent[0] + self.span - now if len(self._sent) >= self.most else 0.0

    def count(self, now: float) -> None:
        """One more."""
        self._sent.append(now)
