"""How fast an app may write: about one message a second in a channel, in short bursts more.

In all channels together a workspace allows several hundred a minute; we keep to 300.

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
HAIR: Final = 1e-6  # of a turn: so little is not waited for, and no clock could
ALL: Final = 40, 0.2  # in all channels together: at once, and s until one more


class Rank(enum.IntEnum):
    """What goes first."""

    ANSWER = 0  # to a customer, or to an agent who waits for it
    POST = 1  # a new line or a card
    REFRESH = 2  # of what is shown already
    MARK = 3  # a receipt


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


@dataclass
class _Lane:
    bucket: Bucket
    stopped: float = 0.0
    waiting: list[tuple[int, int]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Budget:
    """Turns of one app."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._all = Bucket(*ALL, clock())
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
                now = self._clock()
                wait = max(lane.bucket.wait(now), self._all.wait(now), lane.stopped - now)
                if wait <= 0:
                    lane.bucket.take()
                    self._all.take()
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
        if channel not in self._lanes:
            self._lanes[channel] = _Lane(Bucket(BURST, EVERY, self._clock()))
        return self._lanes[channel]
