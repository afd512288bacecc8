"""The default store: one SQLite file, no server.

Head, journal and rows change in one transaction.  The head's update is the comparison: it names the
number and the hash that it replaces, and if it finds another it touches no row.  A commit that
returned has been fsynced.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from omniroute.stores.api import (
    Corrupt,
    Head,
    Moved,
    Record,
    Unavailable,
    chained,
    check_keys,
    check_page,
)
from omniroute.stores.sqlite_file import (
    RESTORE,
    Schema,
    SqliteFile,
    check_library,
    check_place,
    check_schema,
    connect,
    disk_errors,
    in_chunks,
    insert,
)

T = TypeVar("T")

SCHEMA = Schema(
    name="store",
    application=0x4F6D5201,
    version=2,
    tables="""
        CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one = 1), seq INTEGER, hash BLOB);
        CREATE TABLE journal(seq INTEGER PRIMARY KEY, hash BLOB, body BLOB);
        CREATE TABLE kv(k TEXT PRIMARY KEY, v BLOB, sum INTEGER) WITHOUT ROWID;
        INSERT INTO head VALUES (1, 0, zeroblob(16))
    """,
    upgrades=("ALTER TABLE kv ADD COLUMN sum INTEGER",),
)
SUMMED = 2
"""The first version whose rows have sums."""

SHOWN = 20
"""Faults of the file's own that are told at most."""


CHECK = f"PRAGMA integrity_check({SHOWN})"


def _nowhere(label: str) -> None:
    """The crash points of a process that nobody wants to crash."""


class SqliteStore:
    """A `Store` in one file, held by one process."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int | None = None,
        reach: Callable[[str], None] = _nowhere,
    ) -> None:
        """Open *path*, made if absent; raises as `SqliteFile` does.

        *reach* is told ``store.before_commit``, ``store.inside_commit`` and ``store.after_commit``
        as each commit passes them, so that a test can end the process there.
        """
        self._file = SqliteFile(path, SCHEMA, max_bytes)
        self._reach = reach

    def head(self) -> Head:
        self._file.check_usable()
        with disk_errors(self._file.path):
            return _head(self._file.db)

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        check_keys(keys)
        self._check_head(at)
        with disk_errors(self._file.path):
            return _get(self._file.db, keys)

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        self._check_head(at)
        with disk_errors(self._file.path):
            return _scan(self._file.db, prefix, after, limit)

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        self._file.check_usable()
        with disk_errors(self._file.path):
            return _tail(self._file.db, after, limit)

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        return self._commit(at, records, puts)

    def _commit(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        also: Callable[[sqlite3.Connection], None] | None = None,
    ) -> Head:
        """As `commit`; *also* writes more in the same transaction."""
        return self._link(at, chained(at, records), puts, also)

    def _link(
        self,
        at: Head,
        links: Sequence[Record],
        puts: Mapping[str, bytes | None],
        also: Callable[[sqlite3.Connection], None] | None,
    ) -> Head:
        """As `_commit`, of records that have their numbers and hashes."""
        if not links:
            raise ValueError("a commit needs at least one record")
        check_keys(puts)
        to: Head = (links[-1].seq, links[-1].hash)
        self._reach("store.before_commit")
        with self._file.transaction() as db:
            swapped = db.execute(
                "UPDATE head SET seq = ?, hash = ? WHERE one = 1 AND seq = ? AND hash = ?",
                (*to, *at),
            ).rowcount
            if swapped != 1:
                raise Moved(at, _head(db))
            insert(db, "journal", links)
            _put(db, puts)
            if also is not None:
                also(db)
            self._reach("store.inside_commit")
        self._reach("store.after_commit")
        self._file.wrote(len(links) + len(puts) + 1)
        return to

    def reader(self) -> SqliteReader:
        self._file.check_usable()
        return SqliteReader(self._file.path)

    def clear_log(self) -> None:
        self._file.clear_log()

    def close(self) -> None:
        self._file.close()

    def _check_head(self, at: Head) -> None:
        # Enough for what follows: this process alone may write, and this thread alone does.
        found = self.head()
        if found != at:
            raise Moved(at, found)


class SqliteReader:
    """A `Reader` on a connection of its own that cannot write; needs no open `SqliteStore`."""

    def __init__(self, path: Path) -> None:
        """Open *path*; raises `Unavailable` or `Corrupt`, naming it and what to do."""
        check_library()
        check_place(path, writing=False)
        self._path = path
        self._lock = threading.Lock()
        self._closed = False
        self._within = False  # of a transaction that lasts for all calls
        with disk_errors(path):
            self._db = connect(path, read_only=True)
            try:
                check_schema(self._db, path, SCHEMA)
                _head(self._db)
            except BaseException:
                self._db.close()
                raise

    def head(self) -> Head:
        return self._answer(_head)

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        check_keys(keys)
        return self._answer(lambda db: _get(db, keys))

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        return self._answer(lambda db: _scan(db, prefix, after, limit))

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        return self._answer(lambda db: _tail(db, after, limit))

    @contextmanager
    def snapshot(self) -> Iterator[SqliteReader]:
        still = SqliteReader(self._path)
        try:
            with disk_errors(self._path):
                still._db.execute("BEGIN")
                _head(still._db)  # a deferred transaction sees what its first read saw
            still._within = True
            yield still
        finally:
            still.close()

    def damage(self) -> Iterator[Corrupt]:
        """Pages that do not hold together, and rows that are not what was written.

        Most of the rows follow from no record, as what people said: a sum beside each tells.
        """
        for (said,) in self._answer(lambda db: db.execute(CHECK).fetchall()):
            if said != "ok":
                yield Corrupt(str(self._path), f"is damaged ({said})", RESTORE)
        for key in self._answer(_strangers):
            yield Corrupt(f"row {key}", "is not what was written")

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._db.close()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock, disk_errors(self._path):
            if self._closed:
                raise Unavailable(str(self._path), "the reader is closed")
            if self._within:
                return question(self._db)
            self._db.execute("BEGIN")  # all statements of one question see one head
            try:
                return question(self._db)
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def _head(db: sqlite3.Connection) -> Head:
    seq, digest = db.execute("SELECT seq, hash FROM head").fetchone()
    return seq, digest


def _get(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for sql, part in in_chunks("SELECT k, v FROM kv WHERE k IN (?)", keys):
        found.update(db.execute(sql, part))
    return found


def _scan(db: sqlite3.Connection, prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
    if after >= prefix:
        sql = "SELECT k, v FROM kv WHERE k > ? ORDER BY k LIMIT ?"
    else:
        sql = "SELECT k, v FROM kv WHERE k >= ? ORDER BY k LIMIT ?"
    page = db.execute(sql, (max(after, prefix), limit))
    rows: list[tuple[str, bytes]] = []
    for key, value in page:
        if not key.startswith(prefix):
            break
        rows.append((key, value))
    page.close()
    return rows


def _sum(key: bytes, value: bytes) -> int:
    """CRC-32, which no single flipped bit passes, nor any burst of up to 32."""
    return zlib.crc32(value, zlib.crc32(key))


def _strangers(db: sqlite3.Connection) -> list[str]:
    """Keys of rows whose sums are others'; a row from before there were sums has none."""
    if db.execute("PRAGMA user_version").fetchone()[0] < SUMMED:
        return []
    rows = db.execute("SELECT CAST(k AS BLOB), CAST(v AS BLOB), sum, typeof(v) FROM kv")
    wrong = (
        key.decode(errors="replace")
        for key, value, known, kind in rows
        if known is not None and (kind != "blob" or known != _sum(key, value))
    )
    return list(islice(wrong, SHOWN))


def _tail(db: sqlite3.Connection, after: int, limit: int) -> list[Record]:
    rows = db.execute(
        # Bytes, whatever an SQL shell has made of them: `verify` must be able to say so.
        "SELECT seq, CAST(hash AS BLOB), CAST(body AS BLOB) FROM journal"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [Record(*row) for row in rows]


def _put(db: sqlite3.Connection, puts: Mapping[str, bytes | None]) -> None:
    # In order: neighbours share a page, which is then looked up once.
    written = sorted(
        (key, value, _sum(key.encode(), value)) for key, value in puts.items() if value is not None
    )
    insert(db, "kv", written, "ON CONFLICT(k) DO UPDATE SET v = excluded.v, sum = excluded.sum")
    if len(written) < len(puts):
        deleted = [key for key, value in puts.items() if value is None]
        for sql, part in in_chunks("DELETE FROM kv WHERE k IN (?)", deleted):
            db.execute(sql, part)
