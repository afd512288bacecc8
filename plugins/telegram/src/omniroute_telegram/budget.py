"""How fast a bot may write: 30 messages a second, about one in a chat, 20 a minute in a group.

Whoever wants to write waits for a turn.  In each chat the more important goes first: an answer to a
customer before a note about it, a note before the refreshing of a card.  A chat that Telegram has
told to wait holds up itself and no other.
"""

from __future__ import annotations

import asyncio
import enum
import heapq
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final


class Rank(enum.IntEnum):
    """What goes first."""

    ANSWER = 0  # to a customer, or to an agent who waits for it
    POST = 1  # a new line or a card
    REFRESH = 2  # of what is shown already
    MARK = 3  # a receipt


HAIR: Final = 1e-6  # of a turn: so little is not waited for, and no clock could


class Bucket:
    """*burst* turns at once, then one every *every* seconds."""

    def __init__(self, burst: int, every: float, now: float) -> None:
        self._burst, self._every = burst, every
        self._level, self._at = float(burst), now

    def wait(self, now: float) -> float:
        """Seconds until there is a turn."""
        self._level = min(self._burst, self._level + (now - self._at) / self._every)
        self._at = now
        missing = 1 - self._level
        return missing * self._every if missing > HAIR else 0.0

    def take(self) -> None:
        """Use a turn."""
        self._level -= 1


class Window:
    """At most *most* turns in any *span* seconds."""

    def __init__(self, most: int, span: float) -> None:
        self._most, self._span = most, span
        self._taken: deque[float] = deque()
        self._now = 0.0

    def wait(self, now: float) -> float:
        """Seconds until there is a turn."""
        self._now = now
        while self._taken and self._taken[0] <= now - self._span:
            self._taken.popleft()
        return 0.0 if len(self._taken) < self._most else self._taken[0] + self._span - now

    def take(self) -> None:
        """Use a turn."""
        self._taken.append(self._now)


@dataclass
class _Lane:
    bucket: Bucket | Window
    waiting: list[tuple[int, int]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: float = 0.0


OVERALL: Final = 28, 1.0  # a margin below Telegram's 30
PRIVATE: Final = 10, 1.0  # short bursts are let through
GROUP: Final = 19, 60.0  # a margin below its 20


class Budget:
    """Turns of one bot."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._all = Window(*OVERALL)
        self._lanes: dict[int, _Lane] = {}
        self._numbers = itertools.count()

    async def turn(self, chat: int, rank: Rank) -> None:
        """Wait for a turn in a chat and use it."""
        lane, me = self._lane(chat), (int(rank), next(self._numbers))
        heapq.heappush(lane.waiting, me)
        try:
            while True:
                if lane.waiting[0] != me:
                    lane.changed.clear()
                    await lane.changed.wait()
                    continue
                wait = self._wait(lane)
                if wait <= 0:
                    lane.bucket.take()
                    self._all.take()
                    return
                await self._sleep(wait)
        finally:
            lane.waiting.remove(me)
            heapq.heapify(lane.waiting)
            lane.changed.set()

    def stop(self, chat: int, seconds: float) -> None:
        """Telegram said to wait: nobody writes there for so long."""
        self._lane(chat).stopped = self._clock() + seconds

    def _wait(self, lane: _Lane) -> float:
        now = self._clock()
        return max(lane.bucket.wait(now), self._all.wait(now), lane.stopped - now)

    def _lane(self, chat: int) -> _Lane:
        if chat not in self._lanes:
            private = Bucket(*PRIVATE, self._clock())
            self._lanes[chat] = _Lane(private if chat > 0 else Window(*GROUP))
        return self._lanes[chat]
