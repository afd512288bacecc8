"""How far along the journal something has come, so that it is found again in another.

A journal may lose its end: a server that fails over to a copy that was behind, a store that was
restored.  It then grows anew under the same numbers, and a number alone would pass over what they
stand for now.  So the hashes of what was passed are kept: where the journal has another record at
the *place*, what both have in common is found by them, and the way goes on from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from omniroute.stores.api import GENESIS, Head, Reader, Record

TABLES: Final = """
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS trail (seq INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
"""
"""In ``trail`` stand the hashes of the records that end with ``seq``, side by side."""

KEPT: Final = 10_000  # records that may be lost and the way is still found
SIZE: Final = len(GENESIS[1])


class Back(NamedTuple):
    """From record *at* back to *common*, the last that both journals have.

    Not *sure* where more was lost than is kept of the way.
    """

    at: int
    common: int
    sure: bool


def begin(db: sqlite3.Connection, head: Head) -> None:
    """Go on after *head*."""
    db.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", head[:1])
    db.execute("DELETE FROM trail")
    db.execute("INSERT INTO trail VALUES (?, ?)", head)


def passed(db: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Go on after these, which come next."""
    last = records[-1].seq
    db.execute("UPDATE place SET seq = ?", (last,))
    hashes = b"".join(record.hash for record in records)
    db.execute("INSERT OR REPLACE INTO trail VALUES (?, ?)", (last, hashes))
    db.execute("DELETE FROM trail WHERE seq < ?", (last - KEPT,))


def ahead(db: sqlite3.Connection, reader: Reader, limit: int) -> list[Record] | None:
    """At most *limit* records that come next; ``None`` where the journal is not the one we went by.

    Read with the one at the place, in one question: what follows it is of the same journal.
    """
    at = _place(db)
    found = reader.tail(max(at - 1, 0), limit + 1)
    if not found and reader.head()[0] < at:
        return None
    if found and found[0].seq == at and found[0].hash != _known(db).get(at, found[0].hash):
        return None
    return [record for record in found if record.seq > at][:limit]


def go_back(db: sqlite3.Connection, reader: Reader) -> Back:
    """Go on from what the journal has in common with the one we went by."""
    at, known = _place(db), _known(db, all=True)
    for seq in sorted(known, reverse=True):
        there = reader.tail(seq - 1, 1) if seq else []
        if seq == 0 or (there and there[0][:2] == (seq, known[seq])):
            _shorten(db, known, seq)
            return Back(at, seq, sure=True)
    head = reader.head()
    last = min(known, default=head[0] + 1) - 1
    begin(db, head if last >= head[0] else (last, b""))
    return Back(at, min(last, head[0]), sure=False)


def _shorten(db: sqlite3.Connection, known: Mapping[int, bytes], common: int) -> None:
    """Have it end at *common*."""
    db.execute("DELETE FROM trail WHERE seq > ?", (common,))
    left = db.execute("SELECT MAX(seq) FROM trail").fetchone()[0]
    rest = [known[seq] for seq in sorted(known) if (left is None or seq > left) and seq <= common]
    if rest:
        db.execute("INSERT INTO trail VALUES (?, ?)", (common, b"".join(rest)))
    db.execute("UPDATE place SET seq = ?", (common,))


def _place(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT seq FROM place").fetchone()[0])


def _known(db: sqlite3.Connection, all: bool = False) -> dict[int, bytes]:
    """Hashes by number: of the records passed last, or of *all* that are kept."""
    sql = "SELECT seq, hashes FROM trail ORDER BY seq DESC LIMIT ?"
    return {
        last - after: hashes[len(hashes) - (after + 1) * SIZE :][:SIZE]
        for last, hashes in db.execute(sql, (-1 if all else 1,))
        for after in range(len(hashes) // SIZE)
    }
