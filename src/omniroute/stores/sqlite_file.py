"""One SQLite file with one writer: how it is opened, written fast, and what its errors mean.

The store and the spool both stand on this.  Settings: write-ahead log, an fsync for every commit,
deleted content overwritten, checkpoints beside the writer (`checkpoints`), one process (`lock`).
"""

from __future__ import annotations

import os
import pwd
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from omniroute.errors import StoreError
from omniroute.stores.api import Corrupt, InDoubt, Unavailable
from omniroute.stores.checkpoints import Checkpointer
from omniroute.stores.lock import FileLock

OLDEST = (3, 35, 0)
"""The oldest SQLite that will do."""

RESTORE = "restore the last good copy"

BUSY_TIMEOUT = 5_000
"""How long, in ms, to wait for a program that holds SQLite's own lock (a shell, a backup)."""

LEAST_PAGE = 4096
"""Bytes, as SQLite makes them unless told otherwise."""

STATEMENTS = 256
"""How many stay compiled."""

SETTINGS = ("synchronous=FULL", "secure_delete=ON", "wal_autocheckpoint=0", "temp_store=MEMORY")

IN_DOUBT = {
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_CLOSE,
    sqlite3.SQLITE_IOERR,
}
"""Errors of a COMMIT after which the log may hold the whole transaction nevertheless."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the file holds; *application* tells a store from a spool and from a stranger's file.

    *upgrades* make of the first version the second, and so on, in SQL.
    """

    name: str
    application: int
    version: int
    tables: str
    upgrades: tuple[str, ...] = ()


class SqliteFile:
    """The one writing connection to a file; `db` belongs to one thread at a time."""

    def __init__(self, path: Path, schema: Schema, max_bytes: int | None = None) -> None:
        """Open and lock *path*, made if absent.

        *max_bytes* is how large the database may grow before it behaves as on a full disk.
        Raises `Unavailable` (missing folder, no right to write, in use, made by a newer version) or
        `Corrupt` (not a database, or a damaged one), each naming the path and what to do.
        """
        check_library()
        self.path = path = path.absolute()
        self.schema = schema
        check_place(path)
        self._lock = FileLock(path)
        try:
            self.db = self._open(max_bytes)
        except BaseException:
            self._lock.release()
            raise
        self.turn = threading.Lock()
        self._broken: InDoubt | None = None
        self._checkpoints = Checkpointer(lambda: connect(path), self.turn)
        self._checkpoints.wrote(_left_in_log(path))
        self._closed = False

    def check_usable(self) -> None:
        """Raise if the file was closed, or if an fsync failed since it was opened."""
        if self._broken is not None:
            raise Unavailable(*self._broken.args)
        if self._closed:
            raise Unavailable(str(self.path), f"the {self.schema.name} is closed")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Begin, let the caller write, and commit; on any error nothing is written.

        Raises `InDoubt` if the disk failed while committing.  After that the file stays unusable:
        a second fsync may report success over pages that the first one dropped.
        """
        self.check_usable()
        with self.turn:
            committing = False
            try:
                self.db.execute("BEGIN IMMEDIATE")
                yield self.db
                committing = True
                self.db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                fault = explain(error, self.path, committing=committing)
                if fault is None:
                    raise
                if isinstance(fault, InDoubt):
                    self._broken = fault
                raise fault from error
            except BaseException:
                self._roll_back()
                raise

    def wrote(self, rows: int) -> None:
        """Say how many rows a transaction has changed, so that checkpoints keep up."""
        self._checkpoints.wrote(rows)

    def clear_log(self) -> None:
        """Have the log emptied, soon and beside the writer: what was deleted stands there."""
        self._checkpoints.clear()

    def close(self) -> None:
        """Copy the log into the database, close and unlock; closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._checkpoints.close()
        try:
            if self._broken is None:
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # a full disk: the log stays, and is read when the file is opened again
        self.db.close()
        self._lock.release()

    def _open(self, max_bytes: int | None) -> sqlite3.Connection:
        with disk_errors(self.path):
            make_private(self.path)
            db = connect(self.path)
            try:
                check_schema(db, self.path, self.schema)
                if db.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
                    fault = "its file system cannot share memory between connections"
                    raise Unavailable(str(self.path), fault, "use a local disk")
                version = db.execute("PRAGMA user_version").fetchone()[0]
                if not version:
                    self._make(db, self.schema.tables)
                elif version < self.schema.version:
                    self._make(db, ";".join(self.schema.upgrades[version - 1 :]))
                if max_bytes is not None:
                    page = db.execute("PRAGMA page_size").fetchone()[0]
                    db.execute(f"PRAGMA max_page_count={max(1, max_bytes // page)}")
            except BaseException:
                db.close()
                raise
            return db

    def _make(self, db: sqlite3.Connection, tables: str) -> None:
        """Have the file be of the newest version, by these statements."""
        db.execute("BEGIN IMMEDIATE")
        for statement in tables.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id={self.schema.application}")
        db.execute(f"PRAGMA user_version={self.schema.version}")
        db.execute("COMMIT")

    def _roll_back(self) -> None:
        try:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # SQLite has rolled back already, or will when the file is opened again


def _left_in_log(path: Path) -> int:
    """Pages that were written and not moved by those who had *path* before and died."""
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size // LEAST_PAGE if log.exists() else 0


def make_private(path: Path) -> None:
    """Make a new file readable by its owner alone; SQLite gives those beside it the same mode.

    One that is there keeps its mode, and what cannot be made SQLite complains about.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the settings that all of them share; may be handed to another thread."""
    path = path.absolute()
    mode = "ro" if read_only else "rwc"
    if read_only and _is_at_rest(path):
        mode = "ro&immutable=1"
    db = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT / 1000,
        cached_statements=STATEMENTS,
    )
    try:
        for setting in SETTINGS:
            db.execute(f"PRAGMA {setting}")
    except BaseException:
        db.close()
        raise
    return db


def _is_at_rest(path: Path) -> bool:
    """Nobody has *path* open and nobody could: a copy on a disk that is read-only, say.

    SQLite cannot make the files there that it shares with writers, and needs none.
    """
    log = path.with_name(path.name + "-wal")
    return not os.access(path.parent, os.W_OK) and not log.exists()


def check_library() -> None:
    """Raise `Unavailable` if this Python's SQLite is too old or was built without FTS5."""
    here = f"SQLite {sqlite3.sqlite_version}"
    fix = "install a Python whose SQLite is 3.35 or newer with FTS5"
    if sqlite3.sqlite_version_info < OLDEST:
        raise Unavailable(here, "is too old", fix)
    if not _has_fts5():
        raise Unavailable(here, "was built without full-text search (FTS5)", fix)


@lru_cache(maxsize=1)
def _has_fts5() -> bool:
    db = sqlite3.connect(":memory:")
    try:
        db.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        return True
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()


def check_place(path: Path, *, writing: bool = True) -> None:
    """Raise `Unavailable` if *path* cannot be a database of ours, before SQLite says it vaguely."""
    folder = path.parent
    for each in (*reversed(folder.parents), folder):
        if each.is_dir() and not os.access(each, os.X_OK):
            raise _no_right(each, "may not be entered by", "change its mode")
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "folder does not exist"
        raise Unavailable(str(folder), what, "create it, or name another path in the settings")
    if path.is_dir():
        raise Unavailable(str(path), "is a folder", "name a file in it")
    if not writing and not path.exists():
        raise Unavailable(str(path), "does not exist", "check the path in the settings")
    wanted = os.R_OK | os.W_OK if writing else os.R_OK
    if path.exists() and not os.access(path, wanted):
        raise _no_right(path, *(_WRITING if writing else _READING))
    if writing and not os.access(folder, os.W_OK | os.X_OK):
        raise _no_right(folder, *_WRITING)


_WRITING: Final = "is not writable for", "change its mode, or mount the disk for writing"
_READING: Final = "is not readable for", "change its mode"


def _no_right(path: Path, what: str, fix: str) -> Unavailable:
    """*fix* is what mends it where it is our own."""
    me, owner = _user(os.geteuid()), _user(path.stat().st_uid)
    if me != owner:
        fix = f"run as {owner}, or give it to {me}"
    return Unavailable(str(path), f"{what} {me} (it belongs to {owner})", fix)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def check_schema(db: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Raise `Unavailable` if *db* belongs to a newer version or to something else."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    application = db.execute("PRAGMA application_id").fetchone()[0]
    strange = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] and not version
    if strange or (version and application != schema.application):
        fault = f"is a database, but not a {schema.name} of OmniRoute"
        raise Unavailable(str(path), fault, "name another path in the settings")
    if version > schema.version:
        fault = f"has schema {version}; this OmniRoute knows schemas up to {schema.version}"
        raise Unavailable(str(path), fault, "run the newer OmniRoute that wrote it")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the disk into `StoreError`; other errors are bugs and pass."""
    try:
        yield
    except sqlite3.Error as error:
        fault = explain(error, path)
        if fault is None:
            raise
        raise fault from error
    except UnicodeDecodeError as error:  # of SQLite's own message, which quotes what it found
        raise Corrupt(str(path), f"is damaged ({error.object!r})", RESTORE) from error


def explain(error: sqlite3.Error, path: Path, *, committing: bool = False) -> StoreError | None:
    """What *error* means to whoever runs this, or ``None`` if it is not about the disk."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        garbled = str(error).startswith("Could not decode to UTF-8")
        return Corrupt(str(path), f"is damaged ({error})", RESTORE) if garbled else None
    name, place = error.sqlite_errorname, str(path)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return Unavailable(place, "the disk is full", "free some space; nothing was changed")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            fault = f"another program has held its lock for {BUSY_TIMEOUT // 1000} s"
            return Unavailable(place, fault, "close the shell or backup that has the file open")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            fault = f"cannot be written ({name})"
            return Unavailable(place, fault, "check that it is in place, its mode and its mount")
        case sqlite3.SQLITE_IOERR if committing and code in IN_DOUBT:
            fault = f"the disk failed while committing ({name})"
            return InDoubt(place, fault, "check the disk and the system's log, then start again")
        case sqlite3.SQLITE_IOERR:
            fault = f"the disk failed ({name})"
            return Unavailable(place, fault, "check the disk and the system's log")
        case sqlite3.SQLITE_NOTADB:
            return Corrupt(place, "is not a database", "name another path, or restore a copy")
        case sqlite3.SQLITE_CORRUPT:
            return Corrupt(place, f"is damaged ({error})", RESTORE)
        case sqlite3.SQLITE_ERROR if str(error).startswith(("no such table", "no such column")):
            return Corrupt(place, f"is damaged ({error})", RESTORE)
    return None


ROWS = (64, 32, *range(16, 0, -1))
"""Rows to a statement: of few lengths, since each is compiled once."""

VALUES = (512, 64, 16, 4, 1)
"""Values in an IN, which are filled up."""


def insert(
    db: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]], conflict: str = ""
) -> int:
    """Insert *rows* and return how many were written; an error leaves a part for ROLLBACK.

    Many rows to a statement, since after each statement, and in `executemany` after each row,
    Python hands its lock to whichever thread waits for it: beside a busy event loop that makes a
    batch several times slower.  OR FAIL spares SQLite the copies it would need to undo half a
    statement; the caller undoes the whole transaction.
    """
    written = start = 0
    for size in ROWS:
        while len(rows) - start >= size:
            part = rows[start : start + size]
            values = [value for row in part for value in row]
            sql = _insertion(into, len(part[0]), size, conflict)
            written += db.execute(sql, values).rowcount
            start += size
    return written


@lru_cache(maxsize=256)
def _insertion(into: str, width: int, size: int, conflict: str) -> str:
    row = f"({','.join('?' * width)})"
    return f"INSERT OR FAIL INTO {into} VALUES {','.join([row] * size)} {conflict}"  # noqa: S608


def in_chunks(sql: str, items: Sequence[object]) -> Iterator[tuple[str, list[object]]]:
    """Spread *items* over statements like *sql*, which has ``IN (?)``; each with its values.

    As for `insert`, fewer statements; a value twice changes nothing in an IN.
    """
    start = 0
    while start < len(items):
        left = len(items) - start
        size = next((size for size in reversed(VALUES) if size >= left), VALUES[0])
        part = list(items[start : start + size])
        part += part[-1:] * (size - len(part))
        yield sql.replace("IN (?)", f"IN ({','.join('?' * size)})"), part
        start += size
