"""What is decided and not yet stable: the spool keeps it, for the store may forget it yet.

An entry that is *kept* is neither new nor dead: nobody reads it, until a loss makes it new again or
it is stable and goes.  Notes about sends stay in the same way.  What of the journal this node has
seen, is noted in the transaction that says what is decided, and before that: so the note is never
behind it, and whoever has the journal up to the noted record has what was decided.

A later version may add columns and be taken back, so every statement names those that it means.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from omniroute.stores.api import GENESIS, Head
from omniroute.stores.sqlite_file import in_chunks

TABLES: Final = """
    CREATE TABLE IF NOT EXISTS kept(id INTEGER PRIMARY KEY, at INTEGER);
    CREATE TABLE IF NOT EXISTS ended(eid TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS known(
        one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER, hash BLOB, thread INTEGER,
        unsure INTEGER);
    CREATE TABLE IF NOT EXISTS met(node TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS loss(at INTEGER, known INTEGER, found INTEGER, entries INTEGER);
"""
SEQ: Final = "ALTER TABLE {} ADD COLUMN seq INTEGER"
"""By which record it was decided, at the latest; unknown of what was kept before this was noted."""
AT_ONCE: Final = 500  # entries that go in one transaction


class Known(NamedTuple):
    """What a node has seen of the journal: the latest head, and the next thread's number there.

    *unsure* is when (ms) it last began to write after another of whom it may not know all; 0: never
    """

    head: Head = GENESIS
    thread: int = 0
    unsure: int = 0


class Gone(NamedTuple):
    """How many entries went, and the files that were theirs."""

    entries: int
    files: list[str]


class Loss(NamedTuple):
    """At *at* (ms) a journal known up to record *known* was found to be another, at *found*.

    So many *entries* of this node's were handed in again.
    """

    at: int
    known: int
    found: int
    entries: int


class Kept:
    """The tables on the spool's own connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(TABLES)
        for table in ("kept", "ended"):
            if "seq" not in {column[1] for column in db.execute(f"PRAGMA table_info({table})")}:
                db.execute(SEQ.format(table))

    def keep(self, ids: Iterable[int], at: int) -> int:
        """Keep those of *ids* that are new; how many there were."""
        kept, seq = 0, self.known().head[0]
        sql = f"INSERT OR IGNORE INTO kept(id, at, seq) SELECT id, {at:d}, {seq:d} FROM entry"  # noqa: S608
        for each, part in in_chunks(f"{sql} WHERE why IS NULL AND id IN (?)", list(ids)):
            kept += self._db.execute(each, part).rowcount
        return kept

    def end(self, eids: Iterable[str], at: int) -> None:
        """The journal has the outcome of these."""
        seq = self.known().head[0]
        rows = [(eid, at, seq) for eid in eids]
        self._db.executemany("REPLACE INTO ended(eid, at, seq) VALUES (?, ?, ?)", rows)

    def forget(self, before: int, through: int = 0) -> Gone:
        """Delete what was kept before *before* (ms), or decided by record *through* at the latest.

        At most `AT_ONCE` entries go.
        """
        db, stable = self._db, (before, through)
        sql = "SELECT id FROM kept WHERE at < ? OR seq <= ? ORDER BY id LIMIT ?"
        gone = self.drop([id for (id,) in db.execute(sql, (*stable, AT_ONCE))])
        ended = "SELECT eid FROM ended WHERE at < ? OR seq <= ?"
        db.execute(f"DELETE FROM send WHERE eid IN ({ended})", stable)  # noqa: S608
        db.execute("DELETE FROM ended WHERE at < ? OR seq <= ?", stable)
        db.execute("DELETE FROM loss WHERE at < ?", (before,))
        return gone

    def drop(self, ids: Sequence[int]) -> Gone:
        """Delete entries that are kept, stable or not."""
        db = self._db
        files: list[str] = []
        for sql, part in in_chunks("SELECT file FROM entry WHERE file > '' AND id IN (?)", ids):
            files += [file for (file,) in db.execute(sql, part)]
        for table in ("entry", "kept"):
            for sql, part in in_chunks(f"DELETE FROM {table} WHERE id IN (?)", ids):  # noqa: S608
                db.execute(sql, part)
        return Gone(len(ids), files)

    def entries(self) -> list[tuple[int, int]]:
        """All that are kept, and when (ms) each came."""
        sql = "SELECT id, entry.at FROM kept JOIN entry USING (id) ORDER BY id"
        return self._db.execute(sql).fetchall()

    def feed_again(self, at: int, found: Known) -> Loss:
        """Make all that is kept new, and begin to know the journal anew, as it was *found*."""
        known = self.known()
        entries = self._db.execute("DELETE FROM kept").rowcount
        loss = Loss(at, known.head[0], found.head[0], entries)
        self._db.execute("INSERT INTO loss(at, known, found, entries) VALUES (?, ?, ?, ?)", loss)
        self.note(found)
        return loss

    def note(self, known: Known) -> None:
        """This is what the node has seen."""
        (seq, digest), thread, unsure = known
        row = (seq, digest, thread, unsure)
        sql = "REPLACE INTO known(one, seq, hash, thread, unsure) VALUES (1, ?, ?, ?, ?)"
        self._db.execute(sql, row)

    def known(self) -> Known:
        """What it has seen."""
        row = self._db.execute("SELECT seq, hash, thread, unsure FROM known").fetchone()
        return Known((row[0], row[1]), *row[2:]) if row else Known()

    def meet(self, nodes: Iterable[str], at: int) -> None:
        """These were there at *at* (ms)."""
        rows = [(node, at) for node in nodes]
        self._db.executemany("REPLACE INTO met(node, at) VALUES (?, ?)", rows)

    def met(self) -> dict[str, int]:
        """When (ms) each node was last there."""
        return dict(self._db.execute("SELECT node, at FROM met").fetchall())

    def losses(self) -> list[Loss]:
        """Those that are not yet forgotten, oldest first."""
        sql = "SELECT at, known, found, entries FROM loss ORDER BY at"
        return [Loss(*row) for row in self._db.execute(sql)]
