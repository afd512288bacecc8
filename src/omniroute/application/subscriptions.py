"""Live notices for whoever looks: each subscriber has a short queue, a slow one a shorter story."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Self

from omniroute.application.changes import merged
from omniroute.application.pages import Change

DEPTH = 16
"""Notices kept apart for one subscriber; beyond that the newest are put together."""


class Subscription(AsyncIterator[Change]):
    """Changes from now on, until `close`.  Use it as ``async with`` or close it."""

    def __init__(self, end: Callable[[Subscription], None]) -> None:
        self._end = end
        self._queue: deque[Change] = deque()
        self._bell = asyncio.Event()
        self._closed = False

    def put(self, change: Change) -> None:
        """Add a notice; never waits and never grows without bound."""
        if len(self._queue) >= DEPTH:
            self._queue[-1] = merged(self._queue[-1], change)
        else:
            self._queue.append(change)
        self._bell.set()

    async def __anext__(self) -> Change:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._bell.clear()
            await self._bell.wait()
        return self._queue.popleft()

    def close(self) -> None:
        """No more notices; what waits for one ends."""
        if not self._closed:
            self._closed = True
            self._queue.clear()
            self._bell.set()
            self._end(self)

    async def aclose(self) -> None:
        """As `close`, by the name that asynchronous iterators have for it."""
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Subscriptions:
    """Everybody who listens."""

    def __init__(self) -> None:
        self._all: set[Subscription] = set()

    def open(self) -> Subscription:
        """One listener more; call it on the event loop."""
        subscription = Subscription(self._all.discard)
        self._all.add(subscription)
        return subscription

    def publish(self, change: Change) -> None:
        """Tell everybody."""
        for subscription in tuple(self._all):
            subscription.put(change)

    def close(self) -> None:
        """Send everybody home."""
        for subscription in tuple(self._all):
            subscription.close()

    def __len__(self) -> int:
        return len(self._all)
