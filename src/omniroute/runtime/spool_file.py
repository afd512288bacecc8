"""What the spool keeps, and the SQL that keeps it; used by one thread, knows no event loop.

An entry is *new* until it is done or buried, *dead* when buried (``why`` says so), and gone when
done; its key stays behind, hashed, so that a repeat is known for as long as channels may repeat.

Raw bytes above `LARGE` lie in files beside the database.  A caller writes such a file in a thread
of its own, so that no small message waits for a large one, and SQLite need not copy it three times
(into the statement, the log, the database) nor hold it in memory.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from omniroute.errors import Refused
from omniroute.runtime.files import clean, make_folder, unwritten, write_durably
from omniroute.runtime.spool_kept import Kept, Known, Loss
from omniroute.stores.api import Corrupt, Unavailable
from omniroute.stores.sqlite_file import Schema, SqliteFile, connect, disk_errors, in_chunks, insert

LARGE = 256 * 1024
"""Bytes of raw from which it goes to a file."""

PAGE_BYTES = 8 * 1024 * 1024
"""A page of pending entries ends when its raw exceeds this."""

SCHEMA = Schema(
    name="spool",
    application=0x4F6D5202,
    version=1,
    tables="""
        CREATE TABLE entry(
            id INTEGER PRIMARY KEY, channel TEXT, account TEXT, key TEXT, at INTEGER, size INTEGER,
            tries INTEGER, why TEXT, file TEXT, raw BLOB);
        CREATE INDEX entry_dead ON entry(id) WHERE why IS NOT NULL;
        CREATE INDEX entry_large ON entry(file) WHERE file IS NOT NULL;
        CREATE TABLE seen(mark BLOB PRIMARY KEY, id INTEGER, at INTEGER) WITHOUT ROWID;
        CREATE TABLE send(eid TEXT PRIMARY KEY, at INTEGER, open INTEGER, receipt BLOB)
            WITHOUT ROWID;
        CREATE TABLE spool(one INTEGER PRIMARY KEY CHECK(one = 1), reserved INTEGER, name TEXT);
        INSERT INTO spool VALUES (1, 0, lower(hex(randomblob(8))))
    """,
)

SEEN = "seen(mark, id, at)"
ENTRY = "entry(id, channel, account, key, at, size, tries, why, file, raw)"

ONE_ENTRY = "SELECT id, channel, account, key, at, tries, file, raw FROM entry WHERE id = ?"

NEW_ENTRIES = """
    SELECT id, channel, account, key, at, tries, file, raw FROM entry
    WHERE id > ? AND why IS NULL AND id NOT IN (SELECT id FROM kept) ORDER BY id LIMIT ?"""

OLDEST = """
    SELECT at FROM entry
    WHERE why IS NULL AND id NOT IN (SELECT id FROM kept) ORDER BY id LIMIT 1"""

DEAD_LETTERS = """
    SELECT id, channel, account, at, why, size FROM entry WHERE why IS NOT NULL ORDER BY id"""

SENDS = "SELECT eid, open, receipt FROM send WHERE ? OR eid NOT IN (SELECT eid FROM ended)"

RESERVE = 1024
"""Ids set aside with one write.  An id is never given twice, though entries are deleted."""


class Entry(NamedTuple):
    """A message as it came; *at* in ms; *tries* counts how often it was revived from the dead."""

    id: int
    channel: str
    account: str
    key: str
    at: int
    raw: bytes
    tries: int


class DeadLetter(NamedTuple):
    """An entry that could not be read, and *why*; *size* in bytes, *at* in ms."""

    id: int
    channel: str
    account: str
    at: int
    why: str
    size: int


class Sends(NamedTuple):
    """What is known about sending one effect.

    *unanswered*: attempts that began and have no outcome; each may have reached the provider.
    *receipt*: the outcome of the latest attempt, or ``None`` if that one is unanswered.
    """

    unanswered: int
    receipt: bytes | None


class Arrival(NamedTuple):
    """An entry to be, without its id; *file* holds the raw if that is large."""

    channel: str
    account: str
    key: str
    at: int
    raw: bytes
    file: str | None


class SpoolFile:
    """The database and the folder of large files beside it."""

    def __init__(self, path: Path) -> None:
        """Open both, made if absent; raises as `SqliteFile` does."""
        self.sqlite = SqliteFile(path, SCHEMA)
        self._lock = threading.Lock()  # one reader at a time
        self._closed = False
        self._large = False  # whether there may be files
        self.path = self.sqlite.path
        self.keeps: Callable[[], int] | None = None  # the time (ms), where what is decided is kept
        self._folder = self.path.with_name(self.path.name + ".large")
        try:
            with disk_errors(self.path):
                self.kept = Kept(self.sqlite.db)
                self._reading = connect(self.path, read_only=True)
                self._reserved, self.name = self._read_own()
                self._next = self._reserved + 1
                self.new = self._count_new()
            self._tidy()
        except BaseException:
            self.sqlite.close()
            raise

    # -- written in the thread's transactions ------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin, and commit what the caller writes; raises as `SqliteFile.transaction` does."""
        reserved, new = self._reserved, self.new
        try:
            with self.sqlite.transaction():
                yield
        except BaseException:
            self._reserved, self.new = reserved, new  # the ids given meanwhile are skipped
            raise

    def add(self, arrivals: Sequence[Arrival]) -> list[tuple[int, bool]]:
        """Add what has not been seen; for each its id, and whether it is new."""
        db = self.sqlite.db
        ids = self._take_ids(len(arrivals))
        answers = [(id, True) for id in ids]
        keyed = [
            (mark(arrival), id, arrival.at)
            for id, arrival in zip(ids, arrivals, strict=True)
            if arrival.key
        ]
        if insert(db, SEEN, keyed, "ON CONFLICT(mark) DO NOTHING") < len(keyed):
            first = self._holders([known for known, _, _ in keyed])
            for known, id, _ in keyed:
                if first[known] != id:
                    answers[id - ids[0]] = (first[known], False)
        rows = [
            (id, *a[:4], len(a.raw), 0, None, a.file, None if a.file else a.raw)
            for (id, is_new), a in zip(answers, arrivals, strict=True)
            if is_new
        ]
        insert(db, ENTRY, rows)
        self.new += len(rows)
        return answers

    def finish(self, ids: Iterable[int]) -> list[str]:
        """Forget entries, new or dead, and return the files that the commit leaves without use.

        New ones are kept where the store may yet forget them.
        """
        db = self.sqlite.db
        ids = list(ids)
        if self.keeps is not None:
            self.new -= self.kept.keep(ids, self.keeps())
            ids = self._without_kept(ids)
        files: list[str] = []
        if self._large:
            for sql, part in in_chunks("SELECT file FROM entry WHERE file > '' AND id IN (?)", ids):
                files += [file for (file,) in db.execute(sql, part)]
        gone = 0
        for sql, part in in_chunks("DELETE FROM entry WHERE why IS NULL AND id IN (?)", ids):
            gone += db.execute(sql, part).rowcount
        self.new -= gone
        if gone < len(ids):
            for sql, part in in_chunks("DELETE FROM entry WHERE id IN (?)", ids):
                db.execute(sql, part)
        return files

    def bury(self, id: int, why: str) -> None:
        """Make the new entry *id* dead; raises `Refused` if there is none."""
        sql = (
            "UPDATE entry SET why = ?"
            " WHERE id = ? AND why IS NULL AND id NOT IN (SELECT id FROM kept)"
        )
        if self.sqlite.db.execute(sql, (why, id)).rowcount != 1:
            raise Refused("not_pending", f"Entry {id} is not waiting to be read.")
        self.new -= 1

    def revive(self, id: int) -> Entry:
        """Make the dead entry *id* new; raises `Refused` if there is none."""
        sql = "UPDATE entry SET why = NULL, tries = tries + 1 WHERE id = ? AND why IS NOT NULL"
        if self.sqlite.db.execute(sql, (id,)).rowcount != 1:
            raise Refused("unknown_letter", f"There is no dead letter {id}.")
        self.new += 1
        return self._entry(self.sqlite.db.execute(ONE_ENTRY, (id,)).fetchone())

    def attempt(self, eid: str, at: int) -> int:
        """Note that sending *eid* begins; returns how many earlier attempts are unanswered."""
        db = self.sqlite.db
        known = db.execute("SELECT open FROM send WHERE eid = ?", (eid,)).fetchone()
        earlier = int(known[0]) if known else 0
        db.execute("REPLACE INTO send(eid, at, open) VALUES (?, ?, ?)", (eid, at, earlier + 1))
        return earlier

    def receipt(self, eid: str, body: bytes) -> None:
        """Note the outcome of the latest attempt of *eid*."""
        self.sqlite.db.execute(
            "INSERT INTO send(eid, open, receipt) VALUES (?, 0, ?) ON CONFLICT(eid) DO UPDATE"
            " SET open = max(open - 1, 0), receipt = excluded.receipt",
            (eid, body),
        )

    def settle(self, eids: Iterable[str]) -> None:
        """Forget the attempts and receipts of *eids*; in time, where the store may forget them."""
        if self.keeps is not None:
            return self.kept.end(eids, self.keeps())
        for sql, part in in_chunks("DELETE FROM send WHERE eid IN (?)", list(eids)):
            self.sqlite.db.execute(sql, part)
        return None

    def feed_again(self, at: int, found: Known) -> Loss:
        """Make new what is kept; see `Kept.feed_again`."""
        loss = self.kept.feed_again(at, found)
        self.new += loss.entries
        return loss

    def sweep(self, before: int, after: bytes, limit: int = 500) -> bytes | None:
        """Look at *limit* keys; forget those from before *before* whose entries are done.

        Walks in the order of marks from *after*; returns where to go on, ``None`` at the end.
        """
        rows = self.sqlite.db.execute(
            "SELECT mark, seen.at < ? AND entry.id IS NULL FROM"
            " (SELECT * FROM seen WHERE mark > ? ORDER BY mark LIMIT ?) AS seen"
            " LEFT JOIN entry USING(id) ORDER BY mark",
            (before, after, limit),
        ).fetchall()
        forgotten = [known for known, is_old in rows if is_old]
        for sql, part in in_chunks("DELETE FROM seen WHERE mark IN (?)", forgotten):
            self.sqlite.db.execute(sql, part)
        return rows[-1][0] if len(rows) == limit else None

    # -- read beside the thread, from any other ----------------------------------------------------

    def pending(self, after: int, limit: int) -> list[Entry]:
        """New entries after the id *after*: a page of at most *limit*, about 8 MB, at least one."""
        page: list[Entry] = []
        size = 0
        with self._read() as db:
            rows = db.execute(NEW_ENTRIES, (after, limit))
            for row in rows:
                page.append(self._entry(row))
                size += len(page[-1].raw)
                if size > PAGE_BYTES:
                    break
            rows.close()
        return page

    def oldest(self) -> int:
        """When (ms) the first new entry came; 0 where there is none."""
        with self._read() as db:
            row = db.execute(OLDEST).fetchone()
        return int(row[0]) if row else 0

    def dead(self) -> list[DeadLetter]:
        """All dead letters, oldest first."""
        with self._read() as db:
            return [DeadLetter(*row) for row in db.execute(DEAD_LETTERS)]

    def raw(self, id: int) -> bytes | None:
        """The raw bytes of the entry *id*, new or dead, or ``None``."""
        with self._read() as db:
            row = db.execute(ONE_ENTRY, (id,)).fetchone()
            return self._entry(row).raw if row else None

    def sends(self, settled: bool = False) -> dict[str, Sends]:
        """All effects with attempts or receipts, the *settled* ones that are kept only if asked."""
        with self._read() as db:
            rows = db.execute(SENDS, (settled,))
            return {eid: Sends(unanswered, receipt) for eid, unanswered, receipt in rows}

    # -- files beside ------------------------------------------------------------------------------

    def write_large(self, raw: bytes) -> str:
        """Write *raw* to a file of its own and return its name; blocks."""
        self._large = True
        name = secrets.token_hex(16)
        if not self._folder.exists():
            try:
                make_folder(self._folder)
            except OSError as error:
                raise unwritten(self._folder, error) from error
        write_durably(self._folder / name, raw)
        return name

    def unlink(self, files: Iterable[str]) -> None:
        """Remove files whose entries are gone; what cannot be removed is when the spool opens."""
        for file in files:
            try:
                (self._folder / file).unlink(missing_ok=True)
            except OSError:
                return

    def close(self) -> None:
        """Close both connections; closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._reading.close()
        self.sqlite.close()

    # -- details -----------------------------------------------------------------------------------

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._lock, disk_errors(self.path):
            if self._closed:
                raise Unavailable(str(self.path), "the spool is closed")
            yield self._reading

    def _read_own(self) -> tuple[int, str]:
        reserved, name = self.sqlite.db.execute("SELECT reserved, name FROM spool").fetchone()
        return reserved, name

    def _take_ids(self, count: int) -> range:
        ids = range(self._next, self._next + count)
        if ids.stop - 1 > self._reserved:
            self._reserved = ids.stop - 1 + RESERVE
            self.sqlite.db.execute("UPDATE spool SET reserved = ?", (self._reserved,))
        self._next = ids.stop
        return ids

    def _count_new(self) -> int:
        sql = "SELECT count(*) FROM entry WHERE why IS NULL AND id NOT IN (SELECT id FROM kept)"
        return int(self.sqlite.db.execute(sql).fetchone()[0])

    def _without_kept(self, ids: Sequence[int]) -> list[int]:
        kept: set[int] = set()
        for sql, part in in_chunks("SELECT id FROM kept WHERE id IN (?)", ids):
            kept.update(id for (id,) in self.sqlite.db.execute(sql, part))
        return [id for id in ids if id not in kept]

    def _holders(self, known: Sequence[bytes]) -> dict[bytes, int]:
        holders: dict[bytes, int] = {}
        for sql, part in in_chunks("SELECT mark, id FROM seen WHERE mark IN (?)", known):
            holders.update(self.sqlite.db.execute(sql, part))
        return holders

    def _entry(self, row: tuple[int, str, str, str, int, int, str | None, bytes]) -> Entry:
        id, channel, account, key, at, tries, file, raw = row
        if file:
            path = self._folder / file
            try:
                raw = path.read_bytes()
            except OSError as error:
                fault = f"raw bytes of entry {id} cannot be read: {error.strerror}"
                raise Corrupt(str(path), fault, "restore the file from a copy") from error
        return Entry(id, channel, account, key, at, raw, tries)

    def _tidy(self) -> None:
        """Remove files without entry, and bury entries without file rather than fail for them."""
        if not self._folder.exists():
            there = set()
        else:
            self._large = True
            clean(self._folder)
            there = {path.name for path in self._folder.iterdir()}
        db = self.sqlite.db
        with disk_errors(self.path):
            named = dict(db.execute("SELECT file, id FROM entry WHERE file IS NOT NULL").fetchall())
        self.unlink(there - named.keys())
        lost = sorted(named.keys() - there)
        if lost:
            with self.transaction():
                for file in lost:
                    why = f"its file {self._folder / file} is missing"
                    db.execute("UPDATE entry SET why = ? WHERE file = ?", (why, file))
            self.new = self._count_new()


def mark(arrival: Arrival) -> bytes:
    """16 bytes that stand for channel, account and key: no address is kept to know a repeat."""
    place = f"{len(arrival.channel)} {len(arrival.account)} {arrival.channel}{arrival.account}"
    return hashlib.blake2b((place + arrival.key).encode(), digest_size=16).digest()
