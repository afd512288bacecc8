"""Taking in goes first: who brings a message waits for its acknowledgement, and for nothing else.

All of a process's Python shares one processor.  Reading what was taken in, and what follows from
that (deciding, committing, views), takes several times as long as taking in; whatever is kept can
wait, and who brings something cannot.  So the event loop turns between two entries; and while
messages come, reading takes a handful, which is then decided together, and gives way: as long as
the handful took, and until a turn of the loop is short, since there is little to do.

In a *burst* more comes than can be read.  Then nothing is read until it is over: what is read
between delays everybody who comes, makes nobody's answer sooner, and is all the dearer, as it is
committed and shown by the handful.  That lasts `BURST` at most, whatever comes.

Otherwise reading gives way for `PATIENCE` at most.  Either bound is the lower the more entries
wait, and nothing is given way to once there are `MOST`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

HANDFUL: Final = 16  # entries that are handed in together, to be decided and committed together
QUICK: Final = 0.00015  # seconds of a turn of the loop in which there is little to do, at most
PAUSE: Final = 0.004  # seconds until the next turn is looked at
PATIENCE: Final = 0.1  # seconds
MOST: Final = 50_000  # entries

BURST: Final = 6.0  # seconds
SHARE: Final = 0.8  # of all time, that reading alone would need for what comes in a burst
LOOK: Final = 0.05  # seconds after which a burst is looked at again


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
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """*sleep*, *turn* of the loop and *now* (in seconds) are the system's own unless given."""
        self._spool, self._sleep, self._turn, self._now = spool, sleep, turn, now
        self._came = 0  # as many when last asked
        self._before = (0, now())  # how many had come, and when that was
        self._held = 0.0  # seconds of this burst in which nothing was read

    async def give_way(self, took: float) -> None:
        """A handful was read, which *took* seconds: return when the next one may be."""
        if self._spool.depth > HANDFUL:
            await self._let_burst(took / HANDFUL)
        else:
            self._held, self._before = 0.0, (self._spool.came, self._now())
        await self._let_come(took)

    async def _let_burst(self, each: float) -> None:
        """Wait while there is a burst, if reading takes so many seconds for *each* entry."""
        while self._rate() * each >= SHARE:
            if self._held >= BURST * self._room():
                return
            await self._sleep(LOOK)
            self._held += LOOK
        self._held = 0.0

    async def _let_come(self, took: float) -> None:
        """Wait as long as the handful took, and until there is little to do."""
        ended = self._now()
        while self._coming() and (waited := self._now() - ended) < PATIENCE * self._room():
            if waited >= took:
                before = self._now()
                await self._turn()
                if self._now() - before <= QUICK:
                    break
            await self._sleep(PAUSE)

    def _rate(self) -> float:
        """Of messages a second, since this was last asked."""
        (came, since), self._before = self._before, (self._spool.came, self._now())
        return (self._before[0] - came) / max(self._before[1] - since, PAUSE)

    def _coming(self) -> bool:
        """Whether somebody has brought something since this was last asked."""
        before, self._came = self._came, self._spool.came
        return self._came != before

    def _room(self) -> float:
        """What share of its patience is left, by how many entries wait."""
        return max(0.0, 1 - self._spool.depth / MOST)
