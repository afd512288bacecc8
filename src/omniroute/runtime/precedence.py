"""Taking in goes first: who brings a message waits for its acknowledgement, and for nothing else.

All of a process's Python shares one processor.  Reading what was taken in, and what follows from
that (deciding, committing, views), takes several times as long as taking in; whatever is kept can
wait, and who brings something cannot.  So the event loop turns between two entries; and while
messages come, reading takes a handful, which is then decided together, and gives way: as long as
the handful took, and until a turn of the loop is short, since there is little to do.  It gives way
for `PATIENCE` at most, and the less the more entries wait: not at all once there are `MOST`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

QUICK: Final = 0.00015  # seconds of a turn of the loop in which there is little to do, at most
PAUSE: Final = 0.004  # seconds until the next turn is looked at
PATIENCE: Final = 0.1  # seconds
MOST: Final = 50_000  # entries


class Intake(Protocol):
    """What a spool tells of what comes; see `Spool`."""

    @property
    def came(self) -> int:
        """How many messages have come since the start."""

    @property
    def depth(self) -> int:
        """How many entries wait to be read."""


async def _turned() -> None:
    await asyncio.sleep(0)


class Precedence:
    """Of whoever brings something to *spool*, over whoever reads it."""

    def __init__(
        self,
        spool: Intake,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        turn: Callable[[], Awaitable[None]] = _turned,
        now: Callable[[], float] | None = None,
    ) -> None:
        """*sleep*, *turn* of the loop and *now* (in seconds) are asyncio's own unless given."""
        self._spool, self._sleep, self._turn, self._now = spool, sleep, turn, now
        self._came = 0  # as many when last asked

    async def give_way(self, took: float) -> None:
        """A handful was read, which *took* seconds: return when the next one may be."""
        now = self._now or asyncio.get_running_loop().time
        ended = now()
        while self._coming() and (waited := now() - ended) < self._patience():
            if waited >= took:
                before = now()
                await self._turn()
                if now() - before <= QUICK:
                    break
            await self._sleep(PAUSE)

    def _coming(self) -> bool:
        """Whether somebody has brought something since this was last asked."""
        before, self._came = self._came, self._spool.came
        return self._came != before

    def _patience(self) -> float:
        return PATIENCE * (1 - self._spool.depth / MOST)
