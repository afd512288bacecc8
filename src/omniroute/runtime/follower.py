"""A node that does not write: it takes in what customers send, keeps it, and hands it over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from omniroute.channel import Channel
from omniroute.runtime.clock import Clock
from omniroute.runtime.handover import PACE, Handover
from omniroute.runtime.listening import READY, Listeners, report
from omniroute.runtime.spool import Spool
from omniroute.stores.exchange import Exchange


class Follower:
    """A spool, the channels that several nodes may hear at a time, and the way to the writer."""

    def __init__(
        self,
        spool: Spool,
        exchange: Exchange,
        channels: Iterable[Channel],
        clock: Clock,
        *,
        until_ready: float = READY,
        pace: float = PACE,
        handover: type[Handover] = Handover,
    ) -> None:
        """*until_ready* and *pace* are in seconds."""
        self._channels = [channel for channel in channels if heard_anywhere(channel)]
        self._listeners = Listeners(spool, clock, until_ready=until_ready, follows=True)
        self.handover = handover(spool, exchange, clock, pace=pace)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take in and hand over.  Raises what a channel raises in place of listening."""
        self._task = asyncio.create_task(self.handover.run(), name="handover")
        self._task.add_done_callback(report)
        await self._listeners.begin(self._channels)

    async def stop(self) -> None:
        """Take nothing more in; what is not handed over stays in the spool."""
        await self._listeners.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def heard_anywhere(channel: Channel) -> bool:
    """Whether several nodes may listen to this account at the same time."""
    return bool(getattr(channel, "anywhere", False))
