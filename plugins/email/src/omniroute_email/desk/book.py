"""What the mail desk remembers: which lines each agent was sent, and what waits for their word.

A small SQLite database.  Nothing in it decides anything: without it an agent would be sent a line a
second time, and nothing would be lost.  So a commit does not wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_TABLES = """
CREATE TABLE IF NOT EXISTS conversations (
  thread INTEGER NOT NULL, address TEXT NOT NULL, over INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (thread, address)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lines (
  thread INTEGER NOT NULL, address TEXT NOT NULL, line TEXT NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (thread, address, line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offers (
  offer TEXT PRIMARY KEY, address TEXT NOT NULL, open INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
  id TEXT PRIMARY KEY, what TEXT NOT NULL, thread INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (link TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (address TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (address TEXT NOT NULL, words TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS marks (mark TEXT PRIMARY KEY, address TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mails (address TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS mails_by ON mails (address, at);
CREATE TABLE IF NOT EXISTS held (
  address TEXT NOT NULL, thread INTEGER NOT NULL, said TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread as one agent's mailbox has it; *over* once it has been joined to another."""

    thread: int
    address: str
    over: bool


class Book:
    """What stands in a database of the account's own."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Let go of it."""
        self._db.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is noted meanwhile is noted together."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- conversations ---

    def begin(self, thread: int, address: str) -> None:
        """An agent is sent what happens in a thread."""
        self._db.execute(
            "INSERT OR IGNORE INTO conversations (thread, address) VALUES (?, ?)",
            (thread, address),
        )

    def conversation(self, thread: int, address: str) -> Conversation | None:
        """One of them."""
        found = self.conversations(thread)
        return next((one for one in found if one.address == address), None)

    def conversations(self, thread: int) -> Sequence[Conversation]:
        """Who is sent what happens in a thread."""
        rows = self._db.execute(
            "SELECT thread, address, over FROM conversations WHERE thread = ? ORDER BY address",
            (thread,),
        )
        return [Conversation(row[0], row[1], bool(row[2])) for row in rows]

    def threads(self) -> Sequence[int]:
        """Every thread somebody is sent."""
        rows = self._db.execute("SELECT DISTINCT thread FROM conversations WHERE over = 0")
        return [row[0] for row in rows]

    def end(self, thread: int, address: str) -> None:
        """It goes on elsewhere."""
        self._db.execute(
            "UPDATE conversations SET over = 1 WHERE thread = ? AND address = ?", (thread, address)
        )

    def forget(self, thread: int) -> int:
        """Nothing is known of a thread any more; how many of its lines had been sent."""
        count = self._db.execute("SELECT COUNT(*) FROM lines WHERE thread = ?", (thread,))
        sent = int(count.fetchone()[0])
        for table in ("lines", "conversations", "waiting", "held"):
            self._db.execute(f"DELETE FROM {table} WHERE thread = ?", (thread,))  # noqa: S608
        return sent

    # --- lines ---

    def lines(self, thread: int, address: str) -> dict[str, str]:
        """Lines that an agent has been sent, or has written, with how they stood."""
        rows = self._db.execute(
            "SELECT line, state FROM lines WHERE thread = ? AND address = ?", (thread, address)
        )
        return dict(rows.fetchall())

    def show(self, thread: int, address: str, line: str, state: str) -> None:
        """An agent knows a line."""
        self._db.execute(
            "INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?)", (thread, address, line, state)
        )

    # --- offers, and what else is sent once ---

    def offer(self, offer: str, address: str) -> None:
        """An agent was sent an offer."""
        self._db.execute("INSERT OR IGNORE INTO offers VALUES (?, ?, 1)", (offer, address))

    def offered(self, offer: str) -> str:
        """To which address an offer went that still stands there."""
        row = self._db.execute(
            "SELECT address FROM offers WHERE offer = ? AND open = 1", (offer,)
        ).fetchone()
        return "" if row is None else str(row[0])

    def answered(self, offer: str) -> None:
        """An offer is over, and the agent knows."""
        self._db.execute("UPDATE offers SET open = 0 WHERE offer = ?", (offer,))

    def was_sent(self, key: str) -> bool:
        """Whether a card was sent."""
        row = self._db.execute("SELECT 1 FROM sent WHERE key = ?", (key,)).fetchone()
        return row is not None

    def sent(self, key: str) -> None:
        """A card was sent."""
        self._db.execute("INSERT OR IGNORE INTO sent VALUES (?)", (key,))

    # --- how much was sent ---

    def mailed(self, address: str, now: int, window: int) -> None:
        """A mail went to an agent; those older than *window* ms count no more."""
        self._db.execute("DELETE FROM mails WHERE at <= ?", (now - window,))
        self._db.execute("INSERT INTO mails VALUES (?, ?)", (address, now))

    def mails(self, address: str, since: int) -> int:
        """How many went to an agent since a time."""
        row = self._db.execute(
            "SELECT COUNT(*) FROM mails WHERE address = ? AND at > ?", (address, since)
        )
        return int(row.fetchone()[0])

    def hold(self, address: str, thread: int, said: str) -> None:
        """What an agent is told of a thread waits to come with other things."""
        self._db.execute("INSERT INTO held VALUES (?, ?, ?)", (address, thread, said))

    def held(self, address: str) -> list[str]:
        """What waits so."""
        rows = self._db.execute("SELECT said FROM held WHERE address = ?", (address,))
        return [row[0] for row in rows]

    def let_go(self, address: str) -> None:
        """It has come."""
        self._db.execute("DELETE FROM held WHERE address = ?", (address,))

    # --- what waits for a word ---

    def put(self, id: str, what: str, thread: int, now: int, window: int) -> None:
        """Something waits for an agent's word, for *window* ms; it may be what they wrote."""
        self._db.execute("DELETE FROM waiting WHERE at <= ?", (now - window,))
        self._db.execute(
            "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", (id, what, thread, now)
        )

    def drop(self, id: str) -> None:
        """It waits no longer."""
        self._db.execute("DELETE FROM waiting WHERE id = ?", (id,))

    def get(self, id: str) -> str:
        """What waits, or nothing."""
        row = self._db.execute("SELECT what FROM waiting WHERE id = ?", (id,)).fetchone()
        return "" if row is None else str(row[0])

    def use(self, link: str, said: str) -> None:
        """A link was used, and that was the answer."""
        self._db.execute("INSERT OR IGNORE INTO done VALUES (?, ?)", (link, said))

    def used(self, link: str) -> str | None:
        """The answer that a link got when it was used."""
        row = self._db.execute("SELECT said FROM done WHERE link = ?", (link,)).fetchone()
        return None if row is None else str(row[0])

    # --- people ---

    def name(self, mark: str, address: str) -> None:
        """A mark stands for an address."""
        self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (mark, address))

    def address(self, mark: str) -> str:
        """For which address a mark stands."""
        row = self._db.execute("SELECT address FROM marks WHERE mark = ?", (mark,)).fetchone()
        return "" if row is None else str(row[0])

    def refuse(self, address: str, now: int, window: int) -> bool:
        """Whether to tell *address* that it was refused: once in *window* ms."""
        self._db.execute("DELETE FROM refused WHERE at <= ?", (now - window,))
        told = self._db.execute("INSERT OR IGNORE INTO refused VALUES (?, ?)", (address, now))
        return told.rowcount > 0

    def fault(self, address: str, words: str, now: int, window: int) -> int:
        """Note that *words*, as a hash, were not understood; how often so in *window* ms."""
        self._db.execute("DELETE FROM faults WHERE at <= ?", (now - window,))
        self._db.execute("INSERT INTO faults VALUES (?, ?, ?)", (address, words, now))
        row = self._db.execute(
            "SELECT COUNT(*) FROM faults WHERE address = ? AND words = ?", (address, words)
        ).fetchone()
        return int(row[0])
