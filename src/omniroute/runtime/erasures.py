"""Marks of addresses that were erased, by which each node finds what its own disk has of them.

A mark is an address's length and a keyed hash of it, in a book that lies in the store: whoever has
the nodes' key and a message can tell whether the address is within, and nobody can read it.  Slid
over a message, so many hashes are made as it has bytes; for a mailbox, as there are around its “@”.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from omniroute.runtime.clock import Clock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.spool import Spool
from omniroute.runtime.spool_file import DeadLetter

BOOK: Final = "erased"
SKEW: Final = 60_000  # ms by which the clocks of two machines may differ
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS erased (
  mac BLOB PRIMARY KEY, length INTEGER NOT NULL, mailbox INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID
"""
_MARKS: Final = "SELECT mac, length, mailbox, at FROM erased ORDER BY mac"


class Erased(NamedTuple):
    """An address that was erased at a time (ms): *length* in bytes, *mailbox* if it has an “@”."""

    mac: bytes
    length: int
    mailbox: bool
    at: int


class Erasures:
    """The writer's book of them."""

    def __init__(self, db: sqlite3.Connection, keyed: Keyed, clock: Clock) -> None:
        self._db, self._key, self._clock = db, keyed.derive("erased"), clock
        self._db.isolation_level = None
        self._db.execute(_TABLE)

    def note(self, values: Iterable[str]) -> None:
        """Leave a mark of each address.  Raises `sqlite3.Error`."""
        for value in values:
            if data := _bytes(value):
                row = (_mac(self._key, data), len(data), b"@" in data, self._clock.now())
                self._db.execute("INSERT OR REPLACE INTO erased VALUES (?, ?, ?, ?)", row)

    def marks(self) -> list[Erased]:
        """All of them."""
        return marks_in(self._db)

    def close(self) -> None:
        """Let go of the book."""
        self._db.close()


def marks_in(db: sqlite3.Connection) -> list[Erased]:
    """The marks in a copy of the book; none where nobody was erased yet."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'erased'").fetchone():
        return []
    return [
        Erased(mac, length, bool(mailbox), at) for mac, length, mailbox, at in db.execute(_MARKS)
    ]


class Search:
    """Looks a node's dead letters through; each once for each mark."""

    def __init__(self, spool: Spool, keyed: Keyed) -> None:
        self._spool, self._key = spool, keyed.derive("erased")
        self._known: set[tuple[int, bytes, int]] = set()  # letter, mark, when that was left

    async def drop(self, marks: Sequence[Erased]) -> int:
        """Delete the letters that have a marked address and came before it was erased; how many."""
        letters = await self._spool.dead() if marks else []
        gone = [letter.id for letter in letters if await self._names(letter, marks)]
        if gone:
            self._spool.done(gone)
        return len(gone)

    async def _names(self, letter: DeadLetter, marks: Sequence[Erased]) -> bool:
        new = {
            (letter.id, mark.mac, mark.at): mark for mark in marks if letter.at <= mark.at + SKEW
        }
        wanted = [mark for one, mark in new.items() if one not in self._known]
        raw = (await self._spool.raw(letter.id) or b"").lower() if wanted else b""
        found = bool(raw) and await asyncio.to_thread(has_any, raw, wanted, self._key)
        if not found:
            self._known.update(new)
        return found


def has_any(raw: bytes, marks: Iterable[Erased], key: bytes) -> bool:
    """Whether one of the marked addresses stands in *raw*, which is in small letters."""
    macs: dict[tuple[int, bool], set[bytes]] = {}
    for mark in marks:
        macs.setdefault((mark.length, mark.mailbox), set()).add(mark.mac)
    return any(
        _mac(key, raw[start : start + length]) in wanted
        for (length, mailbox), wanted in macs.items()
        for start in _starts(raw, length, mailbox)
    )


def _starts(raw: bytes, length: int, mailbox: bool) -> Iterable[int]:
    """Where an address of that length may begin."""
    last = len(raw) - length
    if not mailbox:
        return range(last + 1)
    signs = (place for place, byte in enumerate(raw) if byte == ord("@"))
    around = (range(max(0, sign - length + 1), min(sign, last) + 1) for sign in signs)
    return (start for starts in around for start in starts)


def _bytes(value: str) -> bytes:
    return value.casefold().encode(errors="replace")


def _mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, key=key, digest_size=16).digest()
