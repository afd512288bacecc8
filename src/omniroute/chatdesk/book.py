"""What a desk in a chat remembers: which post shows what, and where each thread is worked on.

A small SQLite database.  Nothing in it decides anything: without it places would be opened anew,
and nothing would be lost.  So a commit does not wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

_TABLES = """
CREATE TABLE IF NOT EXISTS places (
  thread INTEGER NOT NULL, place TEXT NOT NULL, alone INTEGER NOT NULL,
  header TEXT NOT NULL DEFAULT '', looks TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '', phase TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (thread, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_place ON places (place);
CREATE TABLE IF NOT EXISTS shown (
  place TEXT NOT NULL, line TEXT NOT NULL, thread INTEGER NOT NULL, post TEXT NOT NULL,
  ord INTEGER NOT NULL, turn INTEGER NOT NULL, state TEXT NOT NULL, mine INTEGER NOT NULL,
  PRIMARY KEY (place, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_post ON shown (place, post);
CREATE TABLE IF NOT EXISTS posts (
  place TEXT NOT NULL, post TEXT NOT NULL, what TEXT NOT NULL, thread INTEGER NOT NULL,
  ref TEXT NOT NULL, until INTEGER NOT NULL DEFAULT 0, looks TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (place, post)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_ref ON posts (what, ref);
CREATE TABLE IF NOT EXISTS current (place TEXT PRIMARY KEY, thread INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A place of a thread; *header* is the post with its card, *looks* what that shows."""

    thread: int
    place: str
    alone: bool
    header: str
    looks: str
    owner: str
    phase: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a thread that a place shows."""

    place: str
    line: str
    thread: int
    post: str
    order: int
    turn: int
    state: str
    mine: bool  # the agent wrote it there


@dataclass(frozen=True, slots=True)
class Post:
    """A post of ours that is more than a line: a card, a question, what can be taken back."""

    place: str
    post: str
    what: str  # card | held | failed | ask | pending | menu
    thread: int
    ref: str
    until: int
    looks: str
    agent: str = ""  # to whom a card was shown


class Book:
    """What stands in a database of the account's own."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(posts)")]
        if "agent" not in columns:  # a file from before cards were shown on several desks
            self._db.execute("ALTER TABLE posts ADD COLUMN agent TEXT NOT NULL DEFAULT ''")

    # --- places ---

    def places(self, thread: int) -> Sequence[Kept]:
        """Where a thread is worked on."""
        rows = self._db.execute("SELECT * FROM places WHERE thread = ? ORDER BY place", (thread,))
        return [_kept(row) for row in rows]

    def at(self, thread: int, place: str) -> Kept | None:
        """One of them."""
        return next((kept for kept in self.places(thread) if kept.place == place), None)

    def threads(self) -> Sequence[int]:
        """Every thread that has a place and is not over."""
        rows = self._db.execute(
            "SELECT DISTINCT thread FROM places WHERE phase NOT IN ('closed', 'folded')"
        )
        return [row[0] for row in rows]

    def thread_in(self, place: str, post: str = "") -> int:
        """The thread that a post, or else the place, belongs to; 0 if none does."""
        for sql, given in (
            ("SELECT thread FROM shown WHERE place = ? AND post = ?", (place, post)),
            ("SELECT thread FROM posts WHERE place = ? AND post = ?", (place, post)),
            ("SELECT thread FROM places WHERE place = ? AND header = ?", (place, post)),
            ("SELECT thread FROM places WHERE place = ? AND alone = 1", (place,)),
            ("SELECT thread FROM current WHERE place = ?", (place,)),
        ):
            if (post or len(given) == 1) and (row := self._db.execute(sql, given).fetchone()):
                return int(row[0])
        return 0

    def open(self, thread: int, place: str, alone: bool) -> None:
        """A thread has a place."""
        self._db.execute(
            "INSERT OR IGNORE INTO places (thread, place, alone) VALUES (?, ?, ?)",
            (thread, place, alone),
        )

    def head(self, thread: int, place: str, header: str, looks: str) -> None:
        """The post with a thread's card, and what it shows."""
        self._db.execute(
            "UPDATE places SET header = ?, looks = ? WHERE thread = ? AND place = ?",
            (header, looks, thread, place),
        )

    def stands(self, thread: int, place: str, owner: str, phase: str) -> None:
        """Who has it and how it stands, as the place was told."""
        self._db.execute(
            "UPDATE places SET owner = ?, phase = ? WHERE thread = ? AND place = ?",
            (owner, phase, thread, place),
        )

    def turn_to(self, place: str, thread: int) -> None:
        """What is written in a place of several threads is about this one from now on."""
        self._db.execute("INSERT OR REPLACE INTO current VALUES (?, ?)", (place, thread))

    # --- lines ---

    def shown(self, thread: int, place: str) -> dict[str, Shown]:
        """The lines that a place shows of a thread."""
        rows = self._db.execute(
            "SELECT place, line, thread, post, ord, turn, state, mine FROM shown"
            " WHERE place = ? AND thread = ?",
            (place, thread),
        )
        return {row[1]: _line(row) for row in rows}

    def show(self, shown: Shown) -> None:
        """A place shows a line."""
        self._db.execute(
            "INSERT OR REPLACE INTO shown VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                shown.place, shown.line, shown.thread, shown.post, shown.order, shown.turn,
                shown.state, shown.mine,
            ),
        )  # fmt: skip

    def line_at(self, place: str, post: str) -> Shown | None:
        """The line that a post shows, if it shows just one."""
        rows = self._db.execute(
            "SELECT place, line, thread, post, ord, turn, state, mine FROM shown"
            " WHERE place = ? AND post = ?",
            (place, post),
        ).fetchall()
        return _line(rows[0]) if len(rows) == 1 else None

    def seen(self, thread: int, place: str, before: int) -> int:
        """How many of the customer's lines stood there before a post."""
        row = self._db.execute(
            "SELECT MAX(turn) FROM shown WHERE place = ? AND thread = ? AND ord < ?",
            (place, thread, before),
        ).fetchone()
        return int(row[0] or 0)

    # --- posts ---

    def put(self, post: Post) -> None:
        """Remember a post."""
        self._db.execute(
            "INSERT OR REPLACE INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                post.place, post.post, post.what, post.thread, post.ref, post.until, post.looks,
                post.agent,
            ),
        )  # fmt: skip

    def get(self, place: str, post: str) -> Post | None:
        """A post of ours."""
        row = self._db.execute(
            "SELECT * FROM posts WHERE place = ? AND post = ?", (place, post)
        ).fetchone()
        return None if row is None else Post(*row)

    def find(self, what: str, ref: str) -> Sequence[Post]:
        """Posts of a kind about one thing."""
        rows = self._db.execute("SELECT * FROM posts WHERE what = ? AND ref = ?", (what, ref))
        return [Post(*row) for row in rows]

    def asked(self, place: str) -> Post | None:
        """The last question of ours in a place that waits for an answer."""
        rows = self._db.execute("SELECT * FROM posts WHERE what = 'ask' AND place = ?", (place,))
        questions = [Post(*row) for row in rows]
        return max(questions, key=lambda post: post.until, default=None)

    def cards(self, thread: int) -> Sequence[Post]:
        """Cards of offers of a thread that have not ended here."""
        rows = self._db.execute("SELECT * FROM posts WHERE what = 'card' AND thread = ?", (thread,))
        return [Post(*row) for row in rows]

    def counting(self, now: int) -> Sequence[Post]:
        """Cards whose time runs."""
        rows = self._db.execute("SELECT * FROM posts WHERE what = 'card' AND until > ?", (now,))
        return [Post(*row) for row in rows]

    def drop(self, place: str, post: str) -> None:
        """Forget a post."""
        self._db.execute("DELETE FROM posts WHERE place = ? AND post = ?", (place, post))

    def posts_of(self, thread: int) -> Sequence[tuple[str, str]]:
        """Every post about a thread, by its place: lines, cards, heads, questions."""
        rows = self._db.execute(
            "SELECT place, post FROM shown WHERE thread = :thread"
            " UNION SELECT place, post FROM posts WHERE thread = :thread"
            " UNION SELECT place, header FROM places WHERE thread = :thread AND header != ''",
            {"thread": thread},
        )
        return [(place, post) for place, post in rows]

    def forget(self, thread: int) -> None:
        """Nothing is known of a thread any more."""
        for table in ("shown", "posts", "places", "current"):
            self._db.execute(f"DELETE FROM {table} WHERE thread = ?", (thread,))  # noqa: S608

    def close(self) -> None:
        """Let go of it."""
        self._db.close()


def _kept(row: tuple[int, str, int, str, str, str, str]) -> Kept:
    thread, place, alone, *rest = row
    return Kept(thread, place, bool(alone), *rest)


def _line(row: tuple[str, str, int, str, int, int, str, int]) -> Shown:
    place, line, thread, post, order, turn, state, mine = row
    return Shown(place, line, thread, post, order, turn, state, bool(mine))
