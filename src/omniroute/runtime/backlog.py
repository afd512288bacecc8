"""What the spool holds and nobody has read: some in memory, the rest on the disk for now.

As long as reading keeps up, entries come as they are announced and the file is not asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from omniroute.runtime.spool import Entry

READY: Final = 512  # entries kept in memory beside the spool
READY_BYTES: Final = 16 * 1024 * 1024  # of their raw


class Announces(Protocol):
    """Where entries come from; see `Spool`."""

    def subscribe(self, callback: Callable[[Sequence[Entry]], None]) -> None:
        """Have *callback* called with new entries."""

    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        """New entries with an id above *after*: a page."""


class Backlog:
    """New entries in their order."""

    def __init__(self, spool: Announces) -> None:
        self._spool = spool
        self._ready: deque[Entry] = deque()
        self._bytes = 0  # of raw that is ready
        self._behind = True  # more lies in the spool than is ready
        self._seen = 0  # the last entry made ready
        self._wake = asyncio.Event()
        spool.subscribe(self._announced)

    @property
    def ready(self) -> bool:
        """Whether the next entry is at hand."""
        return bool(self._ready)

    async def first(self) -> Entry:
        """The next entry, once there is one; it stays the first until `pop`.

        Raises `StoreError` if the spool cannot be read.
        """
        while not self._ready:
            if self._behind:
                page = self._spool.pending(self._seen)
                self._behind = bool(page)
                self._add(page)
            else:
                self._wake.clear()
                await self._wake.wait()
        return self._ready[0]

    def pop(self) -> None:
        """The first entry has been read."""
        self._bytes -= len(self._ready.popleft().raw)

    def _announced(self, entries: Sequence[Entry]) -> None:
        self._add([entry for entry in entries if entry.tries and entry.id <= self._seen])  # revived
        new = [entry for entry in entries if entry.id > self._seen]
        size = self._bytes + sum(len(entry.raw) for entry in new)
        if new and (self._behind or len(self._ready) + len(new) > READY or size > READY_BYTES):
            self._behind = True
        else:
            self._add(new)
        self._wake.set()

    def _add(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._ready.append(entry)
            self._bytes += len(entry.raw)
            self._seen = max(self._seen, entry.id)
