"""Which account of a platform is which agent's: bound by a one-time code, listed, revocable.

A binding grants the agent's power to whoever holds the account, so nothing but a code makes one.
Only hashes of codes are kept; a code is 128 random bits, works once and for a day.  Every change
is written down with its time and by whom, in the same file.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from omniroute.application.ports import Clock
from omniroute.errors import Refused
from omniroute.stores.api import Corrupt, Unavailable
from omniroute.stores.books import Opener, open_file

T = TypeVar("T")

LASTS: Final = 86_400_000  # ms that a code works
VERSION: Final = 2
TABLES = """
CREATE TABLE bound (
  kind TEXT NOT NULL, value TEXT NOT NULL, agent TEXT NOT NULL, display TEXT NOT NULL,
  since INTEGER NOT NULL, PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE TABLE codes (
  hash BLOB PRIMARY KEY, agent TEXT NOT NULL, desk TEXT NOT NULL, by TEXT NOT NULL,
  expires INTEGER NOT NULL, used TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE audit (
  at INTEGER NOT NULL, what TEXT NOT NULL, agent TEXT NOT NULL, kind TEXT NOT NULL,
  value TEXT NOT NULL, by TEXT NOT NULL
);
"""
INACTIVE: Final = (
    "CREATE TABLE inactive (agent TEXT PRIMARY KEY, since INTEGER NOT NULL, by TEXT NOT NULL)"
    " WITHOUT ROWID;"
)


class Binding(msgspec.Struct, frozen=True):
    """An account that is an agent's."""

    kind: str
    value: str
    agent: str
    display: str
    since: int  # ms since the epoch


class Audited(msgspec.Struct, frozen=True):
    """A change: *what* is invited, bound, revoked, deactivated or activated.

    *by* is an agent, or the machine's owner.
    """

    at: int
    what: str
    agent: str
    kind: str
    value: str
    by: str


class Bindings:
    """The file at *path*.  *on_team* says whether an agent counts at all, whenever asked."""

    def __init__(
        self, path: Path, on_team: Callable[[str], bool], clock: Clock, opener: Opener = open_file
    ) -> None:
        """Open or make the file; raises `Unavailable` or `Corrupt`."""
        self._on_team, self._clock = on_team, clock
        self._lock = threading.Lock()
        self._db = _open(opener, path)
        self._inactive = frozenset(row[0] for row in self._db.execute("SELECT agent FROM inactive"))

    @property
    def inactive(self) -> frozenset[str]:
        """Agents who stand in the team file and are let in nowhere."""
        return self._inactive

    async def invite(self, agent: str, desk: str, by: str) -> str:
        """A code that binds an account on *desk* to *agent*.  Raises `Refused`."""
        if not self._on_team(agent):
            raise Refused("no_such_agent", f"Nobody on the team is called {agent}.")
        code = secrets.token_urlsafe(16)
        await self._do(lambda db, now: _invite(db, now, _hash(code), agent, desk, by))
        return code

    async def redeem(self, code: str, kind: str, value: str, display: str = "") -> str:
        """Bind an account; the agent.  Raises `Refused` (``bad_code``).

        The same account may show the same code again: what it says is already so.
        """
        agent = await self._do(lambda db, now: _redeem(db, now, _hash(code), kind, value, display))
        if not agent or not self._on_team(agent):
            fault = "This code has been used, is too old or is for another desk"
            raise Refused("bad_code", f"{fault}; ask an admin for another.")
        return agent

    async def who(self, kind: str, value: str) -> str:
        """Whose an account is, as long as they are on the team."""
        agent = await self._do(lambda db, now: _who(db, kind, value))
        return agent if agent and self._on_team(agent) else ""

    async def of(self, agent: str) -> Sequence[Binding]:
        """The accounts of an agent."""
        return await self._do(lambda db, now: _list(db, agent))

    async def revoke(self, agent: str, by: str, kind: str = "", value: str = "") -> int:
        """Take accounts from an agent, all of them unless named; how many there were."""
        return await self._do(lambda db, now: _revoke(db, now, agent, by, kind, value))

    async def deactivate(self, agent: str, by: str) -> None:
        """Let an agent in nowhere, and take their accounts.  Raises `Refused`."""
        if not self._on_team(agent) and agent not in self._inactive:
            raise Refused("no_such_agent", f"Nobody on the team is called {agent}.")
        await self._do(lambda db, now: _deactivate(db, now, agent, by))
        self._inactive |= {agent}

    async def activate(self, agent: str, by: str) -> None:
        """Let an agent in again; accounts are bound anew."""
        await self._do(lambda db, now: _activate(db, now, agent, by))
        self._inactive -= {agent}

    async def audit(self, agent: str) -> Sequence[Audited]:
        """What was changed for an agent, oldest first."""
        return await self._do(lambda db, now: _audit(db, agent))

    async def _do(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        def locked() -> T:
            with self._lock, self._db:
                return work(self._db, self._clock())

        return await asyncio.to_thread(locked)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _invite(
    db: sqlite3.Connection, now: int, hashed: bytes, agent: str, desk: str, by: str
) -> None:
    db.execute("DELETE FROM codes WHERE expires <= ?", (now,))
    row = (hashed, agent, desk, by, now + LASTS)
    db.execute("INSERT INTO codes VALUES (?, ?, ?, ?, ?, '')", row)
    _note(db, now, "invited", agent, desk, "", by)


def _redeem(
    db: sqlite3.Connection, now: int, hashed: bytes, kind: str, value: str, display: str
) -> str:
    row = db.execute(
        "SELECT agent, used FROM codes WHERE hash = ? AND expires > ? AND desk = ?",
        (hashed, now, kind.partition(":")[0]),
    ).fetchone()
    if row is None or row[1] not in ("", f"{kind}/{value}"):
        return ""
    agent = str(row[0])
    if not row[1]:
        db.execute("UPDATE codes SET used = ? WHERE hash = ?", (f"{kind}/{value}", hashed))
        bound = (kind, value, agent, display, now)
        db.execute("INSERT OR REPLACE INTO bound VALUES (?, ?, ?, ?, ?)", bound)
        _note(db, now, "bound", agent, kind, value, agent)
    return agent


def _who(db: sqlite3.Connection, kind: str, value: str) -> str:
    row = db.execute(
        "SELECT agent FROM bound WHERE kind = ? AND value = ?", (kind, value)
    ).fetchone()
    return "" if row is None else str(row[0])


def _list(db: sqlite3.Connection, agent: str) -> Sequence[Binding]:
    rows = db.execute("SELECT * FROM bound WHERE agent = ? ORDER BY kind, since", (agent,))
    return [Binding(*row) for row in rows]


def _revoke(db: sqlite3.Connection, now: int, agent: str, by: str, kind: str, value: str) -> int:
    rows = db.execute(
        "DELETE FROM bound WHERE agent = ? AND ? IN ('', kind) AND ? IN ('', value)"
        " RETURNING kind, value",
        (agent, kind, value),
    ).fetchall()
    db.execute("DELETE FROM codes WHERE agent = ? AND used = ''", (agent,))
    for bound_kind, bound_value in rows:
        _note(db, now, "revoked", agent, bound_kind, bound_value, by)
    return len(rows)


def _deactivate(db: sqlite3.Connection, now: int, agent: str, by: str) -> None:
    _revoke(db, now, agent, by, "", "")
    if db.execute(
        "INSERT OR IGNORE INTO inactive VALUES (?, ?, ?)", (agent, now, by)
    ).rowcount:  # fmt: skip
        _note(db, now, "deactivated", agent, "", "", by)


def _activate(db: sqlite3.Connection, now: int, agent: str, by: str) -> None:
    if db.execute("DELETE FROM inactive WHERE agent = ?", (agent,)).rowcount:
        _note(db, now, "activated", agent, "", "", by)


def _audit(db: sqlite3.Connection, agent: str) -> Sequence[Audited]:
    rows = db.execute("SELECT * FROM audit WHERE agent = ? ORDER BY rowid", (agent,))
    return [Audited(*row) for row in rows]


def _note(
    db: sqlite3.Connection, now: int, what: str, agent: str, kind: str, value: str, by: str
) -> None:
    db.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", (now, what, agent, kind, value, by))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()


def _open(opener: Opener, path: Path) -> sqlite3.Connection:
    try:
        db = opener(path)
    except sqlite3.Error as error:
        raise Unavailable(str(path), f"cannot be opened: {error}", "check its owner") from error
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 5000")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = 1; COMMIT;")
        if version < VERSION:
            db.executescript(f"BEGIN; {INACTIVE} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.Error as error:
        db.close()
        fix = "move it away; agents then bind their accounts anew"
        raise Corrupt(str(path), f"is no file of bindings: {error}", fix) from error
    if version > VERSION:
        db.close()
        raise Unavailable(str(path), "was written by a newer OmniRoute", "use that")
    return db
