"""An intake in memory, and a channel that listens into it: what tests of a channel begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from omniroute.channel import Address, Channel, Inbound, Intake, Site, StandsIn, Undelivered
from omniroute.errors import Busy
from omniroute.stores.books import open_elsewhere

PATIENCE: Final = 20.0  # s until a wait gives up; nothing that works takes so long


def as_follower(site: Site) -> Site:
    """*site* as a node that follows lends it: what is in its databases only the writer has."""
    return replace(site, opener=open_elsewhere)


class Notebook:
    """Keeps what it accepts, once for each key.

    While *full* it promises nothing (`Busy`); while *failure* is set it raises that; while *open*
    is not set, whoever brings something waits.  *after* is called once something is kept.
    """

    def __init__(self) -> None:
        self.writers: list[Address] = []  # customers who were writing
        self.kept: dict[str, bytes] = {}  # by key; where none was given, by a number
        self.full = False
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.listening = asyncio.Event()
        self.asked = asyncio.Event()  # something was offered, kept or not
        self.after: Callable[[], None] = lambda: None
        self._news = asyncio.Event()

    def ready(self) -> None:
        """Listening has begun."""
        self.listening.set()

    def writing(self, sender: Address) -> None:
        """Somebody is writing."""
        self.writers.append(sender)

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Keep *raw*; see `omniroute.Intake`."""
        self.asked.set()
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        if self.full:
            raise Busy("the disk is full")
        self.kept.setdefault(key or f"#{len(self.kept)}", raw)
        self.after()
        self._news.set()

    async def until(self, count: int, within: float = PATIENCE) -> Sequence[bytes]:
        """What was kept, once that is *count* things.  Raises `TimeoutError`."""
        await self.until_so(lambda: len(self.kept) >= count, within)
        return list(self.kept.values())

    async def until_so(self, so: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until *so*, which is asked whenever something is kept.  Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            while not so():
                self._news.clear()
                await self._news.wait()

    def read_by(self, channel: Channel) -> list[Inbound | Undelivered]:
        """What *channel* reads out of all that was kept."""
        return [one for raw in self.kept.values() for one in channel.parse(raw)]


@asynccontextmanager
async def listening(channel: Channel, notebook: Notebook) -> AsyncIterator[asyncio.Task[None]]:
    """Have *channel* listen into *notebook*.  Raises what it raises before it is ready."""
    async with _hearing(channel, notebook, channel.listen) as task:
        yield task


@asynccontextmanager
async def standing_in(channel: Channel, notebook: Notebook) -> AsyncIterator[asyncio.Task[None]]:
    """As `listening`, on a node that follows."""
    assert isinstance(channel, StandsIn)
    async with _hearing(channel, notebook, channel.stand_in) as task:
        yield task


@asynccontextmanager
async def _hearing(
    channel: Channel, notebook: Notebook, listen: Callable[[Intake], Coroutine[Any, Any, None]]
) -> AsyncIterator[asyncio.Task[None]]:
    notebook.listening.clear()
    task = asyncio.ensure_future(listen(notebook))
    ready = asyncio.ensure_future(notebook.listening.wait())
    try:
        both: set[asyncio.Future[object]] = {task, ready}  # type: ignore[arg-type]
        await asyncio.wait(both, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        assert ready.done(), f"{channel.kind}: listen has not said intake.ready()"
        yield task
    finally:
        ready.cancel()
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE)
        if task.done() and not task.cancelled():
            task.exception()  # looked at: whoever listens says what has gone wrong
