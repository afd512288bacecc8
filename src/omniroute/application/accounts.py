"""How agents come in: by a one-time link, or by a password; then a session.

Kept in a small file of its own, readable by its owner alone.  Of links and sessions only hashes
are kept, of passwords argon2 ones, so a copy of the file lets nobody in.  Every token is 256
random bits, works for a limited time and can be revoked; a link works once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from omniroute.application import words
from omniroute.application.attempts import Attempts
from omniroute.application.private import open_private
from omniroute.errors import Refused
from omniroute.stores.books import Opener, open_file

T = TypeVar("T")

DAY = 86_400_000
LINK = DAY
LONGEST = 7 * DAY
"""No link and no session works longer (ms)."""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 500  # characters

VERSION = 1
TABLES = """
CREATE TABLE passwords (agent TEXT PRIMARY KEY, hash TEXT NOT NULL, changed INTEGER NOT NULL);
CREATE TABLE links (
  hash BLOB PRIMARY KEY, agent TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER
);
CREATE TABLE sessions (
  hash BLOB PRIMARY KEY, agent TEXT NOT NULL, expires INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX links_by_agent ON links (agent);
CREATE INDEX sessions_by_agent ON sessions (agent);
"""


class Accounts:
    """The file at *path*.  *on_team* says whether an agent may come in at all, whenever asked.

    All times are ms since the epoch and given by the caller.
    """

    def __init__(
        self, path: Path, on_team: Callable[[str], bool], *,
        hasher: PasswordHasher | None = None, attempts: Attempts | None = None,
        opener: Opener = open_file,
    ) -> None:  # fmt: skip
        """Open or make the file; raises `Unavailable` or `Corrupt`."""
        self._on_team = on_team
        self._hasher = hasher or PasswordHasher()
        self._attempts = attempts or Attempts()
        self._lock = threading.Lock()
        # One hash at a time: each takes 64 MB, and guessing shall not take the machine.
        self._slow = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._nobody: str = ""  # a hash to compare with where there is none
        fix = "move it away; passwords and links are then made anew"
        self._db = open_private(opener, path, TABLES, VERSION, "accounts file", fix)

    # --- links -----------------------------------------------------------------------------------

    def make_link(self, agent: str, now: int, *, lasts: int = LINK) -> str:
        """A token that lets *agent* in once.  Raises `Refused` for who is not on the team."""
        self._check_on_team(agent)
        token = secrets.token_urlsafe(32)
        expires = now + min(lasts, LONGEST)
        with self._lock, self._db:
            self._db.execute("DELETE FROM links WHERE expires <= ?", (now,))
            self._db.execute(
                "INSERT INTO links VALUES (?, ?, ?, NULL)", (_hash(token), agent, expires)
            )
        return token

    def redeem(self, token: str, now: int) -> str:
        """A session for whom the link was made for.  Raises `Refused` (``bad_link``)."""
        hashed = _hash(token)
        with self._lock, self._db:
            row = self._db.execute(
                "UPDATE links SET used = ? WHERE hash = ? AND used IS NULL AND expires > ?"
                " RETURNING hash, agent",
                (now, hashed, now),
            ).fetchone()
        if row is None or not hmac.compare_digest(row[0], hashed) or not self._on_team(row[1]):
            raise Refused(
                "bad_link", "This link has been used, is too old or was withdrawn; ask for another."
            )
        return self._open_session(row[1], now)

    # --- passwords -------------------------------------------------------------------------------

    async def sign_in(self, agent: str, password: str, now: int, *, address: str = "") -> str:
        """A session for who knows the password.

        Raises `Refused`: ``too_many`` after too many failures from *address* or of *agent*,
        ``wrong_sign_in`` else; the latter says nothing about which of the two was wrong.
        """
        if wait := self._attempts.wait(agent, address, now):
            again = words.span(wait + words.MINUTE - 1 if wait >= words.MINUTE else wait + 999)
            raise Refused("too_many", f"Too many attempts; try again in {again}.")
        # Counted before the slow part, so that many at once do not slip by together.
        self._attempts.failed(agent, address, now)
        if not await self._in_thread(lambda: self._right(agent, password)):
            raise Refused("wrong_sign_in", "The name or the password is wrong.")
        self._attempts.succeeded(agent, address)
        return self._open_session(agent, now)

    async def set_password(self, agent: str, password: str, now: int) -> None:
        """Give *agent* a password; all their sessions and links end.

        Raises `Refused`: ``weak_password``, or ``no_such_agent``.
        """
        self._check_on_team(agent)
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or password == agent:
            raise Refused(
                "weak_password",
                f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
                " and is not the name.",
            )
        hashed = await self._in_thread(lambda: self._hasher.hash(password))
        with self._lock, self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO passwords VALUES (?, ?, ?)", (agent, hashed, now)
            )
        self.revoke(agent)

    def _right(self, agent: str, password: str) -> bool:
        with self._lock:
            row = self._db.execute(
                "SELECT hash FROM passwords WHERE agent = ?", (agent,)
            ).fetchone()
        # Somebody unknown takes as long as somebody known.
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_hex())
        known = row is not None and self._on_team(agent)
        try:
            self._hasher.verify(row[0] if known else self._nobody, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        if known and self._hasher.check_needs_rehash(row[0]):
            with self._lock, self._db:
                self._db.execute(
                    "UPDATE passwords SET hash = ? WHERE agent = ?",
                    (self._hasher.hash(password), agent),
                )
        return known

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._slow, work)

    # --- sessions --------------------------------------------------------------------------------

    def session(self, token: str, now: int) -> str | None:
        """Whose session *token* is; nobody's if it has ended or they have left the team."""
        hashed = _hash(token)
        with self._lock:
            row = self._db.execute(
                "SELECT hash, agent FROM sessions WHERE hash = ? AND expires > ?", (hashed, now)
            ).fetchone()
        if row is None or not hmac.compare_digest(row[0], hashed):
            return None
        agent: str = row[1]
        if not self._on_team(agent):
            self.revoke(agent)
            return None
        return agent

    def sign_out(self, token: str) -> None:
        """End one session; an unknown one is no error."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(token),))

    def revoke(self, agent: str) -> None:
        """End every session of *agent* and every link that was made for them."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM sessions WHERE agent = ?", (agent,))
            self._db.execute("DELETE FROM links WHERE agent = ?", (agent,))

    def _open_session(self, agent: str, now: int) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock, self._db:
            self._db.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            self._db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)",
                (_hash(token), agent, now + LONGEST, now),
            )
        return token

    def _check_on_team(self, agent: str) -> None:
        if not self._on_team(agent):
            raise Refused("no_such_agent", f"Nobody on the team is called {agent}.")

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._slow.shutdown()
        self._db.close()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
