"""Turns to write on a platform: as fast as it allows, the important first, nobody held up in vain.

A platform limits how much an account writes in one place, and in all places together.  Whoever
wants to write waits for a turn.  In each place the more important goes first: an answer to a
customer before a note about it, a note before the refreshing of a card.  A place that the platform
has told to wait holds up itself and no other.
"""

from __future__ import annotations

import asyncio
import enum
import heapq
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

Place = TypeVar("Place", bound=Hashable)
HAIR: Final = 1e-6  # of a turn: so little is not waited for, and no clock could


class Rank(enum.IntEnum):
    """What goes first."""

    ANSWER = 0  # to a customer, or to an agent who waits for it
    POST = 1  # a new line or a card
    REFRESH = 2  # of what is shown already
    MARK = 3  # a receipt


class Pace(Protocol):
    """How fast turns come.  Times in seconds, by whatever clock."""

    def wait(self, now: float) -> float:
        """Seconds until there is a turn."""

    def take(self) -> None:
        """Use the turn that there was when `wait` was asked."""


class Bucket:
    """*burst* turns at once, then one every *every* seconds."""

    def __init__(self, burst: int, every: float) -> None:
        self._burst, self._every = burst, every
        self._level, self._at = float(burst), 0.0

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
    pace: Pace
    waiting: list[tuple[int, int]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: float = 0.0  # until when, by the budget's clock


class Budget(Generic[Place]):
    """Turns of one account: *overall* for all places together, *each* makes the pace of a place."""

    def __init__(
        self,
        overall: Pace,
        each: Callable[[Place], Pace],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._overall, self._each = overall, each
        self._clock, self._sleep = clock, sleep
        self._lanes: dict[Place, _Lane] = {}
        self._numbers = itertools.count()

    async def turn(self, place: Place, rank: Rank) -> None:
        """Wait for a turn in a place and use it."""
        lane, me = self._lane(place), (int(rank), next(self._numbers))
        heapq.heappush(lane.waiting, me)
        try:
            while True:
                if lane.waiting[0] != me:
                    lane.changed.clear()
                    await lane.changed.wait()
                    continue
                wait = self._wait(lane)
                if wait <= 0:
                    lane.pace.take()
                    self._overall.take()
                    return
                await self._sleep(wait)
        finally:
            lane.waiting.remove(me)
            heapq.heapify(lane.waiting)
            lane.changed.set()

    def stop(self, place: Place, seconds: float) -> None:
        """The platform said to wait: nobody writes there for so long."""
        self._lane(place).stopped = self._clock() + seconds

    def _wait(self, lane: _Lane) -> float:
        now = self._clock()
        return max(lane.pace.wait(now), self._overall.wait(now), lane.stopped - now)

    def _lane(self, place: Place) -> _Lane:
        if place not in self._lanes:
            self._lanes[place] = _Lane(self._each(place))
        return self._lanes[place]
