"""What the bot remembers of its own: who has proved to be whom, by which link.

A small SQLite database of the account's.  A link is good for one account: whoever else brings it
again proves nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from omniroute_telegram.envelope import Proved

_TABLES = """
CREATE TABLE IF NOT EXISTS links (hash BLOB PRIMARY KEY, account INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proofs (
  account INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (account, kind, value)
) WITHOUT ROWID;
"""


class Memory:
    """What stands in a database of the account's own."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    def prove(self, account: int, payload: str, proof: Proved) -> bool:
        """Note that *account* is *proof*, by a link; false if the link was another's already."""
        hashed = hashlib.sha256(payload.encode()).digest()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("INSERT OR IGNORE INTO links VALUES (?, ?)", (hashed, account))
            owner = self._db.execute(
                "SELECT account FROM links WHERE hash = ?", (hashed,)
            ).fetchone()[0]
            if owner == account:
                row = (account, proof.kind, proof.value)
                self._db.execute("INSERT OR IGNORE INTO proofs VALUES (?, ?, ?)", row)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        return bool(owner == account)

    def proofs(self, account: int) -> Sequence[Proved]:
        """Who *account* has proved to be."""
        rows = self._db.execute(
            "SELECT kind, value FROM proofs WHERE account = ? ORDER BY kind, value", (account,)
        )
        return [Proved(kind, value) for kind, value in rows]

    def close(self) -> None:
        """Let go of it."""
        self._db.close()
