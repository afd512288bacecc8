"""What lies beside the journal and moves with the writer: rows of *books*, by book and key.

A book is a small SQLite database of the writer's (passwords, sessions, what a channel remembers);
on a shelf are its rows, so that the next writer has them (`omniroute.stores.mirrored`).  Whoever
writes claims the shelf first.  That is the fence: what an earlier writer still puts does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol, TypeAlias

from omniroute.errors import StoreError

Row: TypeAlias = tuple[str, bytes]
"""A book and a key in it."""


class Displaced(StoreError):
    """Another has claimed the shelf: nothing was put, and nothing will be."""

    def __str__(self) -> str:
        return "another node has taken over what lies beside the journal"


class Shelf(Protocol):
    """Safe to share between threads.  Any call may raise `Unavailable`; the same put may be
    repeated as often as one likes.
    """

    def claim(self, owner: str) -> None:
        """From now on nobody's puts count but those of *owner*."""

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        """Write *rows*, all or nothing; ``None`` takes one away.  Raises `Displaced`."""

    def rows(self, book: str) -> dict[bytes, bytes]:
        """All rows of a book."""

    def close(self) -> None:
        """Let go of what the shelf holds; closing twice is harmless."""


class MemoryShelf:
    """A shelf in memory: the model that every other must equal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = ""
        self._rows: dict[Row, bytes] = {}

    def claim(self, owner: str) -> None:
        with self._lock:
            self._owner = owner

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        with self._lock:
            if owner != self._owner:
                raise Displaced
            for row, value in rows.items():
                if value is None:
                    self._rows.pop(row, None)
                else:
                    self._rows[row] = value

    def rows(self, book: str) -> dict[bytes, bytes]:
        with self._lock:
            return {key: value for (of, key), value in self._rows.items() if of == book}

    def close(self) -> None:
        """The content outlives whoever asks."""
