"""A clock that sleeping moves: an hour of waiting takes no time in a test."""

from __future__ import annotations

import asyncio


class MovingClock:
    """Seconds, from 1000; while *goes* is not set, whoever sleeps does not wake."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.goes = asyncio.Event()
        self.goes.set()

    def clock(self) -> float:
        """The moment."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        await self.goes.wait()
        self.now += seconds
        await asyncio.sleep(0)
