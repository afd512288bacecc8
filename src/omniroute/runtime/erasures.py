"""Marks of addresses that were erased, by which each node finds what its own disk has of them.

A mark is an address's length and a keyed hash of it, in a book that lies in the store: whoever has
the nodes' key and a message can tell whether the address is within, and nobody can read it.  Slid
over a message, so many hashes are made as it has words; for a mailbox, as there are around its “@”.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from omniroute.runtime.clock import Clock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.spool import Spool

BOOK: Final = "erased"
WORD: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_") | frozenset(range(0x80, 0x100))
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
    """Looks through what lies on a node's disk; each message once for each mark.

    That is dead letters, and what is decided and not yet stable: a store that loses its end would
    have that fed in again.
    """

    def __init__(self, spool: Spool, keyed: Keyed) -> None:
        self._spool, self._key = spool, keyed.derive("erased")
        self._looked: dict[int, frozenset[Erased]] = {}  # by entry, the marks that it has not

    async def drop(self, marks: Sequence[Erased]) -> int:
        """Delete what has a marked address and came before it was erased; how many there were."""
        every = frozenset(marks)
        letters = [(each.id, each.at) for each in await self._spool.dead()] if marks else []
        kept = await self._spool.kept() if marks else []
        self._looked = {id: self._looked[id] for id, _ in (*letters, *kept) if id in self._looked}
        dead = [id for id, at in letters if await self._names(id, at, every)]
        decided = [id for id, at in kept if await self._names(id, at, every)]
        if dead:
            self._spool.done(dead)
        if decided:
            await self._spool.drop(decided)
        return len(dead) + len(decided)

    async def _names(self, id: int, at: int, marks: frozenset[Erased]) -> bool:
        looked = self._looked.get(id, frozenset())
        if looked is marks or looked == marks:
            return False
        wanted = [mark for mark in marks - looked if at <= mark.at + SKEW]
        raw = await self._spool.raw(id) if wanted else None
        if raw is not None and await asyncio.to_thread(has_any, raw, wanted, self._key):
            return True
        self._looked[id] = marks
        return False


def has_any(raw: bytes, marks: Iterable[Erased], key: bytes) -> bool:
    """Whether one of the marked addresses stands in *raw*, as words of it."""
    macs: dict[tuple[int, bool], set[bytes]] = {}
    for mark in marks:
        macs.setdefault((mark.length, mark.mailbox), set()).add(mark.mac)
    return any(
        _mac(key, text[start : start + length]) in wanted
        for text in _texts(raw)
        for (length, mailbox), wanted in macs.items()
        for start in _starts(text, length, mailbox)
        if _is_whole(text, start, start + length)
    )


def names_any(raw: bytes, values: Iterable[str]) -> bool:
    """The same for addresses that are known."""
    return any(
        _is_whole(text, start, start + len(wanted))
        for text in _texts(raw)
        for wanted in map(_bytes, values)
        if wanted
        for start in _found(text, wanted)
    )


def _found(text: bytes, wanted: bytes) -> Iterator[int]:
    start = text.find(wanted)
    while start >= 0:
        yield start
        start = text.find(wanted, start + 1)


def _texts(raw: bytes) -> Iterator[bytes]:
    """What it says in small letters; of a form that was sent, what its fields hold, too."""
    text = raw.lower()
    yield text
    if b"%" in text:
        yield unquote_to_bytes(text)


def _starts(raw: bytes, length: int, mailbox: bool) -> Iterable[int]:
    """Where an address of that length may begin."""
    last = len(raw) - length
    if not mailbox:
        return range(last + 1)
    signs = (place for place, byte in enumerate(raw) if byte == ord("@"))
    around = (range(max(0, sign - length + 1), min(sign, last) + 1) for sign in signs)
    return (start for starts in around for start in starts)


def _is_whole(text: bytes, start: int, end: int) -> bool:
    """Whether no word goes on over either end: 4711 is not in 147112."""
    return not (start and text[start - 1] in WORD and text[start] in WORD) and not (
        end < len(text) and text[end - 1] in WORD and text[end] in WORD
    )


def _bytes(value: str) -> bytes:
    """An address as it stands in messages, where a telephone's number may be without its sign."""
    return value.casefold().removeprefix("+").encode(errors="replace")


def _mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, key=key, digest_size=16).digest()
