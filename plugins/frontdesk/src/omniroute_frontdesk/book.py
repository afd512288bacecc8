"""The desk's own book: who was here, what they said, what was answered.  A SQLite file.

The engine has the record; this is what the pages at the desk show, for a day or as long as is set.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from omniroute import Booklet, Site

DAY: Final = 86_400_000  # ms
NAME: Final = "book.sqlite"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS visits (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
  at INTEGER NOT NULL        -- ms since the epoch
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lines (
  seq INTEGER PRIMARY KEY, visit TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  author TEXT NOT NULL,      -- empty: the visitor
  text TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS lines_of ON lines (visit, seq);
"""


class Visit(NamedTuple):
    """Somebody who was here."""

    id: str
    name: str
    email: str
    phone: str
    at: int  # ms since the epoch


class Line(NamedTuple):
    """Something that was said; by the visitor, if no *author* is named."""

    author: str
    text: str
    at: int  # ms since the epoch


class Book:
    """The file."""

    def __init__(self, site: Site) -> None:
        self._file = Booklet(site, NAME, _TABLES)
        self.open, self.close = self._file.open, self._file.close

    async def enter(self, visit: Visit) -> None:
        """Somebody is here; known already, nothing changes.  Raises as `Booklet.do`."""
        await self._file.do(
            lambda db: db.execute("INSERT OR IGNORE INTO visits VALUES (?, ?, ?, ?, ?)", visit)
        )

    async def add(self, visit: str, id: str, line: Line) -> None:
        """Something was said; once for each *id*."""
        row = (visit, id, *line)
        await self._file.do(
            lambda db: db.execute(
                "INSERT OR IGNORE INTO lines (visit, id, author, text, at) VALUES (?, ?, ?, ?, ?)",
                row,
            )
        )

    async def change(self, id: str, text: str | None) -> bool:
        """Have a line say something else, or go; whether it is there."""

        def done(db: sqlite3.Connection) -> bool:
            if text is None:
                db.execute("DELETE FROM lines WHERE id = ?", (id,))
                return True
            return bool(db.execute("UPDATE lines SET text = ? WHERE id = ?", (text, id)).rowcount)

        return await self._file.do(done)

    async def visit(self, id: str) -> Visit | None:
        """Somebody who was here."""

        def found(db: sqlite3.Connection) -> Visit | None:
            row = db.execute("SELECT * FROM visits WHERE id = ?", (id,)).fetchone()
            return None if row is None else Visit(*row)

        return await self._file.do(found)

    async def lines(self, visit: str) -> Sequence[Line]:
        """What was said, in order."""
        query = "SELECT author, text, at FROM lines WHERE visit = ? ORDER BY seq"
        return await self._file.do(lambda db: [Line(*row) for row in db.execute(query, (visit,))])

    async def visits(self) -> Sequence[tuple[Visit, int]]:
        """Who was here, the latest first, and how many answers each has."""
        query = (
            "SELECT v.*, (SELECT count(*) FROM lines l WHERE l.visit = v.id AND l.author <> '')"
            " FROM visits v ORDER BY v.at DESC LIMIT 200"
        )
        return await self._file.do(
            lambda db: [(Visit(*row[:5]), row[5]) for row in db.execute(query)]
        )

    async def forget(self, visits: Sequence[str], before: int = 0) -> None:
        """Delete these, and all that began *before* (ms since the epoch)."""

        def gone(db: sqlite3.Connection) -> None:
            old = db.execute("SELECT id FROM visits WHERE at < ?", (before,)).fetchall()
            ids = [*old, *((id,) for id in visits)]
            db.executemany("DELETE FROM lines WHERE visit = ?", ids)
            db.executemany("DELETE FROM visits WHERE id = ?", ids)

        await self._file.do(gone)
        if visits:
            await self._file.clear_log()
