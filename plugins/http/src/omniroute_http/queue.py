"""What waits for integrations that ask: a SQLite file of the channel's own.

Items are numbered as they come.  Whoever asks for what came after a number says that all up to it
has arrived, and that is deleted.  A cursor names the file besides, so that one of an older file
acknowledges nothing of this one.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from omniroute import Booklet, Site

NAME: Final = "waiting.sqlite"
AT_ONCE: Final = 100  # items of an answer
MUCH: Final = 20_000_000  # bytes of them, after the first
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  integration TEXT NOT NULL,
  key TEXT NOT NULL,
  reader TEXT NOT NULL,      -- for whom it is
  at INTEGER NOT NULL,       -- s since the epoch
  body BLOB NOT NULL,
  UNIQUE (integration, key)
);
CREATE TABLE IF NOT EXISTS file (name TEXT NOT NULL);
"""


class Page(NamedTuple):
    """Items, in order, and the cursor behind them."""

    items: list[bytes]
    cursor: str


class Backlog(NamedTuple):
    """How much waits, and since when, in s since the epoch."""

    waiting: int
    since: int


class Queue:
    """The file."""

    def __init__(self, site: Site) -> None:
        self._file = Booklet(site, NAME, _TABLES, synced=True)
        self.open, self.close = self._file.open, self._file.close
        self._name = ""  # of the file; read when somebody asks, for a node that follows cannot

    async def put(self, integration: str, key: str, reader: str, body: bytes) -> None:
        """Keep an item, durably, once for each *key* that waits.  Raises as `Booklet.do`."""
        row = (integration, key, reader, int(time.time()), body)
        await self._file.do(
            lambda db: db.execute(
                "INSERT INTO items (integration, key, reader, at, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (integration, key) DO NOTHING",
                row,
            )
        )

    async def after(self, integration: str, cursor: str) -> Page:
        """What waits behind *cursor*; all before it has arrived and is gone."""
        return await self._file.do(lambda db: self._page(db, integration, cursor))

    def _page(self, db: sqlite3.Connection, integration: str, cursor: str) -> Page:
        self._name = self._name or _name(db)
        name, _, number = cursor.rpartition(".")
        seen = int(number) if name == self._name and number.isdecimal() else 0
        rows = _take(db, integration, min(seen, 2**62))
        last = rows[-1][0] if rows else seen
        return Page([body for _, body in rows], f"{self._name}.{last}")

    async def backlog(self, integration: str) -> Backlog:
        """What nobody has acknowledged."""
        query = "SELECT count(*), coalesce(min(at), 0) FROM items WHERE integration = ?"
        return await self._file.do(
            lambda db: Backlog(*db.execute(query, (integration,)).fetchone())
        )

    async def forget(self, readers: Iterable[str]) -> None:
        """Delete what waits for these people."""
        rows = [(reader,) for reader in readers]
        await self._file.do(lambda db: db.executemany("DELETE FROM items WHERE reader = ?", rows))
        await self._file.clear_log()


def _name(db: sqlite3.Connection) -> str:
    """What the file is called, which it is for good."""
    db.execute(
        "INSERT INTO file SELECT ? WHERE NOT EXISTS (SELECT 1 FROM file)", (secrets.token_hex(6),)
    )
    return str(db.execute("SELECT name FROM file").fetchone()[0])


def _take(db: sqlite3.Connection, integration: str, seen: int) -> list[tuple[int, bytes]]:
    db.execute("DELETE FROM items WHERE integration = ? AND seq <= ?", (integration, seen))
    query = "SELECT seq, body FROM items WHERE integration = ? ORDER BY seq LIMIT ?"
    rows: list[tuple[int, bytes]] = []
    size = 0
    for seq, body in db.execute(query, (integration, AT_ONCE)):
        size += len(body)
        if rows and size > MUCH:
            break
        rows.append((seq, body))
    return rows
