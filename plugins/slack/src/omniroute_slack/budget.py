"""How fast an app may write: about one message a second in a channel, in short bursts more.

Whoever wants to write waits for a turn.  In each channel the more important goes first: an answer
before a note about it, a note before the refreshing of a card.  A channel that Slack has told to
wait holds up itself and no other (docs.slack.dev, “Rate limits”).
"""

from __future__ import annotations

import asyncio
import enum
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

BURST: Final = 8  # messages let through at once
EVERY: Final = 1.0  # s until one more


class Rank(enum.IntEnum):
    """What goes first."""

    ANSWER = 0  # to a customer, or to an agent who waits for it
    POST = 1  # a new line or a card
    REFRESH = 2  # of what is shown already
    MARK = 3  # a receipt


@dataclass
class _Lane:
    level: float
    at: float
    stopped: float = 0.0
    waiting: list[tuple[int, int]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wait(self, now: float) -> float:
        self.level = min(float(BURST), self.level + (now - self.at) / EVERY)
        self.at = now
        return max(0.0 if self.level >= 1 else (1 - self.level) * EVERY, self.stopped - now)


class Budget:
    """Turns of one app."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._lanes: dict[str, _Lane] = {}
        self._numbers = itertools.count()

    async def turn(self, channel: str, rank: Rank) -> None:
        """Wait for a turn in a channel and use it."""
        lane, me = self._lane(channel), (int(rank), next(self._numbers))
        heapq.heappush(lane.waiting, me)
        try:
            while True:
                if lane.waiting[0] != me:
                    lane.changed.clear()
                    await lane.changed.wait()
                    continue
                wait = lane.wait(self._clock())
                if wait <= 0:
                    lane.level -= 1
                    return
                await self._sleep(wait)
        finally:
            lane.waiting.remove(me)
            heapq.heapify(lane.waiting)
            lane.changed.set()

    def stop(self, channel: str, seconds: float) -> None:
        """Slack said to wait: nobody writes there for so long."""
        self._lane(channel).stopped = self._clock() + seconds

    def _lane(self, channel: str) -> _Lane:
        return self._lanes.setdefault(channel, _Lane(float(BURST), self._clock()))
