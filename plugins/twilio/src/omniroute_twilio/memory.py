"""What a number remembers: who has said STOP, how calls stand, transcripts without a recording.

A small SQLite database of the account's.  Numbers are in it as keyed hashes only, so that a STOP
outlives an erasure without telling whose it was; words are in it until their recording is there,
and for a day at most.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from typing import Final

DAY: Final = 24 * 3_600_000  # ms
_TABLES = """
CREATE TABLE IF NOT EXISTS stopped (number BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
  call TEXT PRIMARY KEY, attested TEXT NOT NULL, said TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lengths (
  recording TEXT PRIMARY KEY, seconds TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS transcripts (
  recording TEXT PRIMARY KEY, number BLOB NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Memory:
    """What stands in *db*; *secret* is the account's own.  Times in ms since the epoch."""

    def __init__(self, db: sqlite3.Connection, secret: bytes) -> None:
        self._secret, self._db = secret, db
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    # --- who wants nothing ---

    def stop(self, number: str, at: int) -> None:
        """They want nothing any more."""
        self._db.execute("INSERT OR IGNORE INTO stopped VALUES (?, ?)", (self._hash(number), at))

    def start(self, number: str) -> None:
        """They want to hear of us again."""
        self._db.execute("DELETE FROM stopped WHERE number = ?", (self._hash(number),))

    def has_stopped(self, number: str) -> bool:
        """Whether they want nothing."""
        row = self._db.execute("SELECT 1 FROM stopped WHERE number = ?", (self._hash(number),))
        return row.fetchone() is not None

    # --- calls ---

    def called(self, call: str, attested: str, at: int) -> None:
        """A call comes in; *attested* is what the carriers say of its number."""
        row = (call, attested, "", at)
        self._db.execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?)", row)
        self._db.execute("DELETE FROM calls WHERE at < ?", (at - DAY,))

    def note(self, call: str, said: str, at: int) -> None:
        """A caller did something by which the call is no missed one."""
        self.called(call, "", at)
        self._db.execute("UPDATE calls SET said = ? WHERE call = ? AND said = ''", (said, call))

    def call(self, call: str) -> tuple[str, str]:
        """What a caller did first, if anything, and what the carriers say of the number."""
        row = self._db.execute(
            "SELECT said, attested FROM calls WHERE call = ?", (call,)
        ).fetchone()
        return (str(row[0]), str(row[1])) if row else ("", "")

    def lasted(self, recording: str, seconds: str, at: int) -> None:
        """How long a recording is: its transcript does not say."""
        row = (recording, seconds, at)
        self._db.execute("INSERT OR REPLACE INTO lengths VALUES (?, ?, ?)", row)
        self._db.execute("DELETE FROM lengths WHERE at < ?", (at - DAY,))

    def length(self, recording: str) -> str:
        """How long it is, in seconds; empty where that is not known."""
        found = self._db.execute("SELECT seconds FROM lengths WHERE recording = ?", (recording,))
        row = found.fetchone()
        return str(row[0]) if row else ""

    def keep(self, recording: str, number: str, text: str, at: int) -> None:
        """A transcript: its recording may not be here yet."""
        row = (recording, self._hash(number), text, at)
        self._db.execute("INSERT OR REPLACE INTO transcripts VALUES (?, ?, ?, ?)", row)
        self._db.execute("DELETE FROM transcripts WHERE at < ?", (at - DAY,))

    def transcript(self, recording: str) -> str:
        """The words of a recording, if they came first."""
        found = self._db.execute(
            "SELECT text FROM transcripts WHERE recording = ?", (recording,)
        ).fetchone()
        return str(found[0]) if found else ""

    def forget(self, number: str) -> None:
        """Delete the words of somebody; that they want nothing is kept."""
        self._db.execute("DELETE FROM transcripts WHERE number = ?", (self._hash(number),))

    def close(self) -> None:
        """Let go of it."""
        self._db.close()

    def _hash(self, number: str) -> bytes:
        return hmac.digest(self._secret or b"none", number.encode(), hashlib.sha256)
