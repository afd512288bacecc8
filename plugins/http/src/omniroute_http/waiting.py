"""Integrations that ask for what is new, and what waits for them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import msgspec

from omniroute import Site
from omniroute_http import wire
from omniroute_http.queue import Backlog, Queue


class Waiting:
    """The queue, and who waits at it."""

    def __init__(self, site: Site) -> None:
        self.queue = Queue(site)
        self._bells: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._asking: defaultdict[str, int] = defaultdict(int)  # how many wait right now
        self._signs: defaultdict[str, list[bytes]] = defaultdict(list)  # of writing; for them alone
        self._asked: dict[str, float] = {}  # when each asked last, in s since the epoch

    async def put(self, integration: str, key: str, reader: str, item: wire.Item) -> None:
        """Keep *item* for whoever asks.  Raises as the queue does."""
        await self.queue.put(integration, key, reader, msgspec.json.encode(item))
        self._ring(integration)

    def show(self, integration: str, item: wire.Writing) -> None:
        """Show a sign of writing to whoever waits right now."""
        if self._asking[integration]:
            self._signs[integration] = [msgspec.json.encode(item)]
            self._ring(integration)

    async def news(self, integration: str, after: str, wait: float) -> bytes:
        """A `wire.News` as it travels: what came after a cursor, at the latest in *wait* s.

        Raises as the queue does.
        """
        self._asked[integration] = time.time()
        self._asking[integration] += 1
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        try:
            while True:
                bell = self._bells[integration]  # taken before looking: nothing comes in between
                page = await self.queue.after(integration, after)
                items = [*page.items, *self._signs.pop(integration, ())]
                if items or (left := end - loop.time()) <= 0:
                    return _news(items, page.cursor)
                try:
                    await asyncio.wait_for(bell.wait(), left)
                except TimeoutError:
                    pass  # looked at once more, and that is the answer
        finally:
            self._asking[integration] -= 1

    async def standing(self, integration: str) -> tuple[Backlog, float, bool]:
        """What waits; when somebody asked last, in s since the epoch, 0 for never; whether now."""
        asking = bool(self._asking[integration])
        return await self.queue.backlog(integration), self._asked.get(integration, 0.0), asking

    def end(self) -> None:
        """Answer everybody who waits."""
        for integration in list(self._bells):
            self._ring(integration)

    def _ring(self, integration: str) -> None:
        self._bells.pop(integration, asyncio.Event()).set()


def _news(items: list[bytes], cursor: str) -> bytes:
    """A `wire.News`, of items that are JSON already."""
    return b'{"items":[%s],"cursor":%s}' % (b",".join(items), msgspec.json.encode(cursor))
