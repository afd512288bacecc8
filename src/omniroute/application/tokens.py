"""Tokens for other people's programs: what each may do, and in whose name.

A token is 256 random bits behind a public id; only its hash is kept, in a small file that its
owner alone can read, so a copy of the file lets nobody in.  It is shown once, when it is made,
works for a limited time, and can be revoked.  Whom it acts for is looked up whenever it is used:
who has left the team, or lost a role, has taken their tokens' power along.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from omniroute.application.authorize import SCOPES, Action, Actor, Kind, authorize
from omniroute.application.ports import Clock
from omniroute.application.private import open_private
from omniroute.errors import Refused, did_you_mean
from omniroute.stores.books import Opener, open_file

T = TypeVar("T")

DAY: Final = 86_400_000  # ms
USUAL_DAYS, MOST_DAYS = 90, 366
LONGEST_NAME: Final = 60  # characters
NOTED: Final = 60_000  # ms between two notes of a token's use
PREFIX: Final = "omni"  # so that a scanner of sources knows one when it sees it
VERSION: Final = 1
TABLES: Final = """
CREATE TABLE tokens (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
  agent TEXT NOT NULL, by TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


class TokenView(msgspec.Struct, frozen=True):
    """A token, as an admin sees it: never the token itself.  Times are ms since the epoch."""

    id: str
    name: str
    scopes: tuple[str, ...]
    agent: str  # in whose name it acts; empty: in nobody's
    by: str  # who made it
    created: int
    expires: int
    used: int = 0  # when last, to the minute; 0: never


class NewToken(msgspec.Struct, frozen=True):
    """A token that was just made; *token* is shown now and never again."""

    token: str
    about: TokenView


class Tokens:
    """The file at *path*.  *acting* gives an agent as an actor; raises `Refused` for nobody."""

    def __init__(
        self,
        path: Path,
        acting: Callable[[str], Awaitable[Actor]],
        clock: Clock,
        opener: Opener = open_file,
    ) -> None:
        """Open or make the file; raises `Unavailable` or `Corrupt`."""
        self._acting, self._clock = acting, clock
        self._lock = threading.Lock()
        fix = "move it away; tokens are then made anew"
        self._db = open_private(opener, path, TABLES, VERSION, "tokens file", fix)
        self._db.row_factory = sqlite3.Row

    async def make(
        self, by: Actor, name: str, scopes: Sequence[str], agent: str = "", days: int = USUAL_DAYS
    ) -> NewToken:
        """A token that works for *days*.  Raises `Refused`."""
        authorize(by, Action.TOKENS)
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise Refused("bad_token", f"A token has a name of 1 to {LONGEST_NAME} characters.")
        if not 1 <= days <= MOST_DAYS:
            raise Refused("bad_token", f"A token works for 1 to {MOST_DAYS} days.")
        _check_scopes(scopes)
        if agent:
            await self._acting(agent)
        now = self._clock()
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        named = tuple(scope for scope in SCOPES if scope in scopes)
        about = TokenView(id, name, named, agent, by.id, now, now + days * DAY)
        await self._do(lambda db: _insert(db, about, _hash(secret)))
        return NewToken(f"{PREFIX}_{id}_{secret}", about)

    async def list(self, by: Actor) -> Sequence[TokenView]:
        """Every token that still works, the oldest first."""
        authorize(by, Action.TOKENS)
        now = self._clock()
        return await self._do(lambda db: _list(db, now))

    async def revoke(self, by: Actor, id: str) -> None:
        """End a token.  Raises `Refused` (``unknown_token``)."""
        authorize(by, Action.TOKENS)
        gone = await self._do(
            lambda db: db.execute("DELETE FROM tokens WHERE id = ?", (id,)).rowcount
        )
        if not gone:
            raise Refused("unknown_token", f"There is no token {id!r}.")

    async def actor(self, token: str) -> Actor | None:
        """Who comes with *token*, with the rights that they have now; nobody if it is no good."""
        prefix, _, rest = token.partition("_")
        id, _, secret = rest.partition("_")
        if prefix != PREFIX or not secret:
            return None
        now = self._clock()
        about = await self._do(lambda db: _find(db, id, _hash(secret), now))
        if about is None:
            return None
        if not about.agent:
            return Actor(Kind.INTEGRATOR, scopes=frozenset(about.scopes))
        try:
            agent = await self._acting(about.agent)
        except Refused:
            return None
        return Actor(Kind.INTEGRATOR, agent.id, agent.role, frozenset(about.scopes))

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def locked() -> T:
            with self._lock, self._db:
                return work(self._db)

        return await asyncio.to_thread(locked)

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._db.close()


def _check_scopes(scopes: Sequence[str]) -> None:
    if not scopes:
        raise Refused("bad_scope", f"Name at least one scope; there are: {', '.join(SCOPES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            hint = did_you_mean(scope, SCOPES) or f"there are: {', '.join(SCOPES)}"
            raise Refused("bad_scope", f"There is no scope “{scope}” — {hint}")


def _insert(db: sqlite3.Connection, about: TokenView, hashed: bytes) -> None:
    db.execute("DELETE FROM tokens WHERE expires <= ?", (about.created,))
    db.execute(
        "INSERT INTO tokens (id, hash, name, scopes, agent, by, created, expires)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            about.id, hashed, about.name, " ".join(about.scopes), about.agent, about.by,
            about.created, about.expires,
        ),
    )  # fmt: skip


def _list(db: sqlite3.Connection, now: int) -> Sequence[TokenView]:
    rows = db.execute("SELECT * FROM tokens WHERE expires > ? ORDER BY created, id", (now,))
    return [_view(row) for row in rows]


def _find(db: sqlite3.Connection, id: str, hashed: bytes, now: int) -> TokenView | None:
    row = db.execute("SELECT * FROM tokens WHERE id = ? AND expires > ?", (id, now)).fetchone()
    if row is None or not hmac.compare_digest(row["hash"], hashed):
        return None
    if now - row["used"] >= NOTED:
        db.execute("UPDATE tokens SET used = ? WHERE id = ?", (now, id))
    return _view(row)


def _view(row: sqlite3.Row) -> TokenView:
    return TokenView(
        row["id"], row["name"], tuple(row["scopes"].split()), row["agent"], row["by"],
        row["created"], row["expires"], row["used"],
    )  # fmt: skip


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
