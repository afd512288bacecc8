"""What every fake of a platform keeps: its faults, who called what, a bell for whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from omniroute.testing.fakes.faults import Script

PATIENCE = 10.0  # s until a wait gives up; nothing that works takes so long


class Fake:
    """A platform.  Ring whenever something can be seen that could not be before."""

    def __init__(self) -> None:
        self.faults = Script()
        self.calls: list[tuple[str, dict[str, Any]]] = []  # every call, with its parameters
        self.unknown: list[str] = []  # methods that were called and are not there
        self.pushed: list[int] = []  # statuses that our webhook answered
        self.url = ""  # once it is served
        self.changes = 0  # how often something could be seen that could not be before
        self._changed = asyncio.Event()

    def ring(self) -> None:
        """Something can be seen that could not be before."""
        self.changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def news(self) -> None:
        """Wait until something can be seen that could not be before."""
        await self._changed.wait()

    async def until(self, so: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until something can be seen.  Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while not so():
                await self._changed.wait()
