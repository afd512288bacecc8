"""What was said in each conversation, kept in a SQLite file of the channel's own.

This is the customers' copy: the engine's spool and journal are the record.  So a line of a
visitor, which the spool has made durable before it comes here, is committed without waiting for
the disk (synchronous=NORMAL), and nobody waits for it: it is there before whatever is asked next.
What a power failure takes of it, or the end of the process within these milliseconds, is missing on
the visitor's screen only.  Answers, sessions and nonces are nobody else's and wait for the disk
(FULL).

A reader remembers the number of the last line it saw, so a number must never be given twice, not
even when a power failure took the line that had it first: each opening leaves a gap in the
numbers that is wider than what an unsynchronised log can hold.

One thread works, on one connection.  Whatever arrives while it is busy shares the next
transaction; this is what makes many visitors cheap.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from omniroute import ConfigError, Site
from omniroute_webchat import asking

log = logging.getLogger(__name__)

T = TypeVar("T")

ROOM: Final = 2000  # visitors' lines that may wait to be written
PATIENCE: Final = 0.02  # seconds that they wait for company, unless somebody asks for something
AGAIN: Final = 2.0  # seconds until what could not be written is tried again
TOGETHER: Final = (64, 16, 4, 1)  # lines to a statement; fewer leave the interpreter less often
NAME = "mailbox.sqlite"
GAP = 1_000_000
VERSION = 2

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS lines (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    session      TEXT NOT NULL,            -- whose id it is; empty for answers
    id           TEXT NOT NULL,
    direction    TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    author       TEXT NOT NULL,
    text         TEXT NOT NULL,
    at           INTEGER NOT NULL,         -- ms since the epoch
    UNIQUE (session, id)
);
CREATE INDEX IF NOT EXISTS lines_by_conversation ON lines (conversation, seq);
CREATE TABLE IF NOT EXISTS changes (
    seq          INTEGER PRIMARY KEY,      -- of the same numbers as lines
    conversation TEXT NOT NULL,
    line         INTEGER NOT NULL          -- the number of the line that reads otherwise now
);
CREATE INDEX IF NOT EXISTS changes_by_conversation ON changes (conversation, seq);
CREATE TABLE IF NOT EXISTS files (
    id           TEXT PRIMARY KEY,         -- the name of its bytes in the folder beside
    conversation TEXT NOT NULL,
    visitor      TEXT NOT NULL,            -- whose session brought it; empty for answers
    line         INTEGER NOT NULL DEFAULT 0, -- with which it came; 0: it waits for one
    name         TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    size         INTEGER NOT NULL,
    at           INTEGER NOT NULL          -- ms since the epoch
);
CREATE INDEX IF NOT EXISTS files_by_line ON files (line);
CREATE INDEX IF NOT EXISTS files_by_visitor ON files (visitor);
CREATE INDEX IF NOT EXISTS files_by_conversation ON files (conversation);
{asking.TABLE}
CREATE TABLE IF NOT EXISTS sessions (
    secret_hash  TEXT PRIMARY KEY,
    visitor      TEXT NOT NULL UNIQUE,     -- the session's own conversation
    user         TEXT,                     -- the conversation of its user, once known
    sub          TEXT NOT NULL DEFAULT '',
    email        TEXT NOT NULL DEFAULT '',
    name         TEXT NOT NULL DEFAULT '',
    joined       INTEGER NOT NULL DEFAULT 0,
    created      INTEGER NOT NULL,         -- ms since the epoch
    seen         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user) WHERE user IS NOT NULL;
CREATE TABLE IF NOT EXISTS nonces (
    nonce_hash   TEXT PRIMARY KEY,
    expires      INTEGER NOT NULL          -- s since the epoch, as in the token
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_by_expiry ON nonces (expires);
"""


class Shown(msgspec.Struct, frozen=True):
    """A file as a browser is shown it; *url* is for one session, and relative to the page's."""

    id: str
    name: str
    media_type: str
    size: int
    url: str = ""

    def at(self, url: str) -> Shown:
        """The same, to be fetched at *url*."""
        return msgspec.structs.replace(self, url=url)


class Line(msgspec.Struct, frozen=True):
    """One line as a browser is shown it."""

    seq: int
    id: str
    direction: str
    author: str
    text: str
    at: int  # ms since the epoch
    changed: str = ""  # edited or deleted
    of: int = 0  # the number of the line that reads so now, where this only tells of the change
    files: tuple[Shown, ...] = ()
    asks: asking.Asks | None = None

    def with_files(self, files: Sequence[Shown]) -> Line:
        """The same line with these files."""
        return msgspec.structs.replace(self, files=tuple(files)) if files else self


class Spoken(NamedTuple):
    """A visitor's line as it is written; *session* is whose *id* it is."""

    conversation: str
    session: str
    id: str
    author: str
    text: str
    at: int  # ms since the epoch


class Effort(enum.IntEnum):
    """What a piece of work asks of the disk; a transaction makes the greatest of its efforts."""

    READ = 0
    WRITE = 1  # safe from a killed process
    DURABLE = 2  # safe from a power failure


class Closed(Exception):
    """The mailbox is not open, because the channel does not listen (yet, or any more)."""


class _Piece(NamedTuple, Generic[T]):
    work: Callable[[sqlite3.Connection], T]
    effort: Effort


class _Asked(NamedTuple, Generic[T]):
    piece: _Piece[T]
    answer: asyncio.Future[T]


class Mailbox:
    """The file, its thread, and a transaction around whatever they are asked to do."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._thread: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None
        self._waiting: list[_Asked[object]] = []
        self._said: list[Spoken] = []
        self._failed = False  # what was said could not be written when last tried
        self._later: asyncio.TimerHandle | None = None  # when what was said is written
        self._busy: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether no more should be said: too much waits to be written, or cannot be."""
        return self._failed or len(self._said) >= ROOM

    async def open(self) -> None:
        """Open or create the file.  Raises `ConfigError` when it cannot be used."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="webchat-mailbox")
        loop = asyncio.get_running_loop()
        try:
            self._db = await loop.run_in_executor(self._thread, connect, self._site)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        db, self._db = self._db, None
        if db is not None and self._said:
            self._begin(db)
        if self._busy is not None:
            # Not cancelled with us: somebody waits for the answers.
            await asyncio.wait([self._busy])
        if self._thread is not None and db is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, db.close)
            self._thread.shutdown(wait=False)

    async def do(self, work: Callable[[sqlite3.Connection], T], effort: Effort = Effort.READ) -> T:
        """Run *work* in a transaction and return its answer once that has been committed.

        *work* may run a second time, from the state before the first, if a neighbour in the same
        transaction fails.  Raises `Closed`, `sqlite3.Error`, or whatever *work* raises.
        """
        if self._db is None:
            raise Closed
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(_Piece(work, effort), answer))  # type: ignore[arg-type]
        self._begin(self._db)
        return await answer

    async def clear_log(self) -> None:
        """Cut off the log ahead of the file, where what was deleted still stands as it was."""
        if (db := self._db) is None:
            raise Closed
        loop, cut = asyncio.get_running_loop(), "PRAGMA wal_checkpoint(TRUNCATE)"
        await loop.run_in_executor(self._thread, lambda: db.execute(cut).fetchone())

    def say(self, line: Spoken) -> None:
        """Have a visitor's line written, once for each id of a session, before what is asked next.

        What cannot be written is tried again.  Raises `Closed`.
        """
        if self._db is None:
            raise Closed
        self._said.append(line)
        if self._busy is None and self._later is None:
            self._begin_after(PATIENCE, self._db)

    def _begin_after(self, seconds: float, db: sqlite3.Connection) -> None:
        self._later = asyncio.get_running_loop().call_later(seconds, self._begin, db)

    def _begin(self, db: sqlite3.Connection) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._busy is None:
            self._busy = asyncio.create_task(self._work_off(db))

    async def _work_off(self, db: sqlite3.Connection) -> None:
        while self._waiting or self._said:
            batch, self._waiting = self._waiting, []
            said, self._said = self._said, []
            wrote, *outcomes = await asyncio.get_running_loop().run_in_executor(
                self._thread, carry_out, db, [_saying(said), *(asked.piece for asked in batch)]
            )
            for asked, outcome in zip(batch, outcomes, strict=True):
                if asked.answer.done():  # whoever asked has gone away
                    continue
                if isinstance(outcome, _Failed):
                    asked.answer.set_exception(outcome.error)
                else:
                    asked.answer.set_result(outcome)
            self._failed = isinstance(wrote, _Failed)
            if isinstance(wrote, _Failed):
                log.warning("visitors' lines are not written: %s", wrote.error)
                self._said[:0] = said
            if not self._waiting and (self._failed or self._db is not None):
                break  # what was said meanwhile waits for company
        self._busy = None
        if self._said and self._db is not None:
            self._begin_after(AGAIN if self._failed else PATIENCE, db)


class _Failed(NamedTuple):
    error: Exception


def _saying(said: Sequence[Spoken]) -> _Piece[object]:
    """The piece of work that writes what was said."""
    effort = Effort.WRITE if said else Effort.READ
    return _Piece(partial(add_lines, lines=said), effort)


def connect(site: Site) -> sqlite3.Connection:
    """The connection, with the tables made and the numbers moved on."""
    path = site.folder / NAME
    try:
        db = site.database(NAME)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        _prepare(db, path)
    except sqlite3.Error as error:
        db.close()
        raise _unusable(path, error) from error
    except ConfigError:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone from the file, too
    db.execute("PRAGMA synchronous = FULL")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, 1, VERSION):
        raise ConfigError(
            str(path),
            f"was written by a newer version (format {version}, this one reads {VERSION})",
            "upgrade omniroute-webchat",
        )
    db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION};")
    if version < VERSION:
        db.execute("ALTER TABLE lines ADD COLUMN changed TEXT NOT NULL DEFAULT ''")
    moved = db.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'lines'", (GAP,))
    if not moved.rowcount:
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('lines', ?)", (GAP,))
    db.execute("COMMIT")


def _unusable(path: Path, error: sqlite3.Error) -> ConfigError:
    fix = "free the disk, or move the file away"
    return ConfigError(str(path), f"cannot be used: {error}", fix)


def carry_out(db: sqlite3.Connection, batch: Sequence[_Piece[object]]) -> list[object]:
    """All of *batch* in one transaction; if it fails, each alone, so that one harms no other."""
    try:
        return _transact(db, batch)
    except Exception as error:  # noqa: BLE001  whatever a piece of work raises is its asker's
        if len(batch) == 1:
            return [_Failed(error)]
    return [outcome for piece in batch for outcome in carry_out(db, [piece])]


def _transact(db: sqlite3.Connection, batch: Sequence[_Piece[object]]) -> list[object]:
    effort = max(piece.effort for piece in batch)
    if effort is Effort.READ:
        db.execute("BEGIN")
    else:
        db.execute(f"PRAGMA synchronous = {'FULL' if effort is Effort.DURABLE else 'NORMAL'}")
        db.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [piece.work(db) for piece in batch]
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return outcomes


def add_line(
    db: sqlite3.Connection,
    conversation: str,
    session: str,
    id: str,
    author: str,
    text: str,
    at: int,
) -> int:
    """Keep a line, once for each id of a session; returns its number."""
    added = db.execute(
        "INSERT INTO lines (conversation, session, id, direction, author, text, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, id) DO NOTHING",
        (conversation, session, id, "in" if session else "out", author, text, at),
    )
    if added.rowcount and added.lastrowid is not None:
        return added.lastrowid
    (seq,) = db.execute(
        "SELECT seq FROM lines WHERE session = ? AND id = ?", (session, id)
    ).fetchone()
    return int(seq)


def add_lines(db: sqlite3.Connection, lines: Sequence[Spoken]) -> None:
    """Keep visitors' lines, in their order, each once for its id."""
    start = 0
    for size in TOGETHER:
        while len(lines) - start >= size:
            part = lines[start : start + size]
            db.execute(_adding(size), [value for line in part for value in line])
            start += size


@lru_cache
def _adding(lines: int) -> str:
    row = "(?, ?, ?, 'in', ?, ?, ?)"
    return (
        "INSERT INTO lines (conversation, session, id, direction, author, text, at)"  # noqa: S608
        f" VALUES {', '.join([row] * lines)} ON CONFLICT (session, id) DO NOTHING"
    )


def change_line(
    db: sqlite3.Connection, conversation: str, id: str, text: str, changed: str
) -> bool:
    """Have an answer read otherwise, and whoever listens be told; whether it is there."""
    row = db.execute(
        "SELECT seq FROM lines WHERE session = '' AND id = ? AND conversation = ?",
        (id, conversation),
    ).fetchone()
    if row is None:
        return False
    db.execute("UPDATE lines SET text = ?, changed = ? WHERE seq = ?", (text, changed, row[0]))
    if changed == "deleted":
        db.execute("DELETE FROM files WHERE line = ?", (row[0],))
    (number,) = db.execute(
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'lines' RETURNING seq"
    ).fetchone()
    db.execute("INSERT INTO changes VALUES (?, ?, ?)", (number, conversation, row[0]))
    return True


def lines_after(
    db: sqlite3.Connection, conversations: tuple[str, str], after: int, most: int
) -> list[Line]:
    """At most *most* lines that came, or changed, after number *after*, in order."""
    return _read(db, db.execute(AFTER, (*conversations, after, most)))


def lines_before(
    db: sqlite3.Connection, conversations: tuple[str, str], before: int, most: int
) -> list[Line]:
    """The last *most* lines that came before number *before*, in order."""
    return _read(db, db.execute(BEFORE, (*conversations, before, most)))[::-1]


def _read(db: sqlite3.Connection, rows: sqlite3.Cursor) -> list[Line]:
    """Lines with the files that came with them."""
    lines = [Line(*row) for row in rows]
    numbers = msgspec.json.encode([line.of or line.seq for line in lines]).decode()
    files: dict[int, list[Shown]] = {}
    for line, *file in db.execute(FILES, (numbers,)):
        files.setdefault(line, []).append(Shown(*file))
    asks = asking.of_lines(db, [line.seq for line in lines], int(time.time() * 1000))
    return [
        msgspec.structs.replace(line, asks=asks[line.seq]) if line.seq in asks else line
        for line in (line.with_files(files.get(line.of or line.seq, ())) for line in lines)
    ]


# Two conversations read as one: both come in order from the index and are merged, never sorted.
# A change stands among the lines by a number of its own, and tells the line as it reads now.
_COLUMNS = "SELECT seq, id, direction, author, text, at, changed, 0 FROM lines WHERE"
_CHANGED = (
    "SELECT changes.seq AS seq, id, direction, author, text, at, changed, changes.line"
    " FROM changes JOIN lines ON lines.seq = changes.line WHERE"
)
AFTER = (
    f"{_COLUMNS} conversation = ?1 AND seq > ?3"
    f" UNION ALL {_COLUMNS} conversation = ?2 AND ?2 <> ?1 AND seq > ?3"
    f" UNION ALL {_CHANGED} changes.conversation = ?1 AND changes.seq > ?3"
    f" UNION ALL {_CHANGED} changes.conversation = ?2 AND ?2 <> ?1 AND changes.seq > ?3"
    " ORDER BY seq LIMIT ?4"
)
BEFORE = (
    f"{_COLUMNS} conversation = ?1 AND seq < ?3"
    f" UNION ALL {_COLUMNS} conversation = ?2 AND ?2 <> ?1 AND seq < ?3 ORDER BY seq DESC LIMIT ?4"
)
FILES = (
    "SELECT line, id, name, media_type, size FROM files"
    " WHERE line IN (SELECT value FROM json_each(?)) ORDER BY line, rowid"
)
