"""Who writes, as a rule: a lease in the store that runs out unless it is renewed.

It decides about speed alone.  A writer that has lost the lease and does not know it does no harm:
its commit finds that the head has moved, and what it sends is marked when the next one repeats it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeAlias

from omniroute.errors import OmniRouteError, StoreError
from omniroute.runtime.trouble import Trouble
from omniroute.stores.exchange import Exchange

log = logging.getLogger(__name__)

SECONDS: Final = 6.0  # until a lease that is not renewed is free
PACE: Final = 1.5  # seconds between looks
RESTS: Final = 3  # looks that one leaves to others who could not begin to write

Over: TypeAlias = asyncio.Event
"""Set when a writer must not go on."""


May: TypeAlias = Callable[[], Awaitable[bool]]
"""Whether a node may write at all; may raise `StoreError`."""


async def always() -> bool:
    """A node beside none but such as it is itself."""
    return True


class Lease:
    """One node's hold on it."""

    def __init__(
        self,
        exchange: Exchange,
        node: str,
        *,
        seconds: float = SECONDS,
        pace: float = PACE,
        may: May = always,
    ) -> None:
        self._exchange, self._node, self._seconds, self.pace = exchange, node, seconds, pace
        self._may, self._rests = may, 0
        self.holder = ""  # whom it was last seen with
        self._trouble = Trouble(log, "nobody can say who writes")

    @property
    def mine(self) -> bool:
        """Whether it was ours when we last looked."""
        return self.holder == self._node

    async def look(self) -> bool:
        """Take or renew it; whether it is ours.  What cannot be asked stays as it was."""
        if self._rests:
            self._rests -= 1
            return False
        try:
            if not self.mine and not await self._may():
                return False
            self.holder = await asyncio.to_thread(self._exchange.lease, self._node, self._seconds)
            self._trouble.over()
        except StoreError as error:
            self._trouble.met(error)
        return self.mine

    async def ours(self) -> None:
        """Return once it is ours."""
        while not await self.look():  # noqa: ASYNC110 - what is waited for lies in a store
            await asyncio.sleep(self.pace)

    async def lost(self) -> None:
        """Keep it; return once another has it."""
        while await self.look():  # noqa: ASYNC110 - what is waited for lies in a store
            await asyncio.sleep(self.pace)

    def rest(self) -> None:
        """Leave it to others for a while."""
        self._rests = RESTS

    async def give_up(self) -> None:
        """Let another have it at once."""
        self.holder = ""
        try:
            await asyncio.to_thread(self._exchange.release, self._node)
        except StoreError as error:
            log.error("the lease runs out by itself: %s", error)


Follow: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]
Write: TypeAlias = Callable[[], AbstractAsyncContextManager[Over]]


async def take_turns(lease: Lease, follow: Follow, write: Write) -> None:
    """Follow until the lease is ours, then write until it is another's, until cancelled.

    What *follow* and *write* enter runs meanwhile.  A writer whose `Over` is set gives the lease
    up; one that cannot begin leaves it to others for a while, too, and goes on taking in.  Raises
    what is wrong with the settings where nothing has begun yet.
    """
    begun = False
    trouble = Trouble(log, "this node cannot write")
    while True:
        if not await lease.look():
            async with follow():
                begun = True
                await lease.ours()
        keeping = asyncio.create_task(lease.lost(), name="lease")
        try:
            async with write() as over:
                begun = True
                trouble.over()
                await _first(keeping, asyncio.create_task(over.wait(), name="writing"))
        except OmniRouteError as error:
            if not begun and not isinstance(error, StoreError):
                raise
            trouble.met(error)
            lease.rest()
        finally:
            keeping.cancel()
            await lease.give_up()


async def _first(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one has ended."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
