"""The tables of the views: a file of its own that may be deleted at any time.

Times are ms since the epoch, 0 where there is none.  `root` is the thread in which a thread is
shown: itself, or the one it was folded into.  `n` numbers what one record brought.
"""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

MEANING = 5
"""Raise when a fold changes what it writes, so that files made before are made again."""

TABLES = """
CREATE TABLE applied (
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL
);
INSERT INTO applied VALUES (1, 0, x'');

CREATE TABLE threads (
  id INTEGER PRIMARY KEY, root INTEGER NOT NULL, customer TEXT NOT NULL, since INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 0, phase TEXT NOT NULL DEFAULT 'new',
  queue TEXT NOT NULL DEFAULT '', rule TEXT NOT NULL DEFAULT '', rules TEXT NOT NULL DEFAULT '',
  priority INTEGER NOT NULL DEFAULT 20,
  deadline INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, -- 0 once answered
  routing_since INTEGER NOT NULL DEFAULT 0, -- its age in line; a boost moves it
  queued_since INTEGER NOT NULL DEFAULT 0, steps TEXT NOT NULL DEFAULT '[]',
  step INTEGER NOT NULL DEFAULT 0, stranded TEXT NOT NULL DEFAULT '',
  weight INTEGER NOT NULL DEFAULT 1, agent TEXT NOT NULL DEFAULT '',
  agent_since INTEGER NOT NULL DEFAULT 0,
  topic TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL DEFAULT '',
  handle TEXT NOT NULL DEFAULT '', opener TEXT NOT NULL DEFAULT '', -- once it is folded
  message TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '', excerpt TEXT NOT NULL DEFAULT '',
  wrote_at INTEGER NOT NULL DEFAULT 0, last_at INTEGER NOT NULL DEFAULT 0,
  turns INTEGER NOT NULL DEFAULT 0, asides INTEGER NOT NULL DEFAULT 0, -- of participants
  replies INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 1, tags TEXT NOT NULL DEFAULT '[]',
  opens_at INTEGER NOT NULL DEFAULT 0, dormant INTEGER NOT NULL DEFAULT 0,
  wrap_until INTEGER NOT NULL DEFAULT 0,
  snoozed_until INTEGER NOT NULL DEFAULT 0, solved_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX threads_by_phase ON threads (phase, agent);
CREATE INDEX threads_by_customer ON threads (customer);
CREATE INDEX threads_by_root ON threads (root);
CREATE INDEX threads_by_last ON threads (last_at);
CREATE INDEX threads_by_solved ON threads (solved_at) WHERE solved_at > 0;
CREATE INDEX threads_in_line ON threads (priority DESC, deadline, routing_since, id)
  WHERE phase IN ('new', 'queued', 'offered', 'stranded', 'held');

CREATE TABLE messages (
  no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread INTEGER NOT NULL,
  seq INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ( -- a remark: what they answered when asked how it was
    'customer', 'participant', 'reply', 'automatic', 'note', 'remark')),
  channel TEXT NOT NULL DEFAULT '', handle TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT '', excerpt TEXT NOT NULL DEFAULT '',
  canned TEXT NOT NULL DEFAULT '', machine INTEGER NOT NULL DEFAULT 0,
  moves INTEGER NOT NULL DEFAULT 0, -- the answer goes to where this came from
  state TEXT NOT NULL DEFAULT ''
    CHECK (state IN ('', 'held', 'sending', 'sent', 'failed', 'withdrawn')),
  release_at INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
  repeat INTEGER NOT NULL DEFAULT 0,
  goes_by TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '', -- of an answer
  change TEXT NOT NULL DEFAULT '' -- editing, edited, deleting, deleted, unchanged
);
CREATE INDEX messages_by_thread ON messages (thread, at);

CREATE TABLE files (
  sha TEXT NOT NULL, message TEXT NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL,
  size INTEGER NOT NULL, PRIMARY KEY (sha, message)
) WITHOUT ROWID;

CREATE TABLE happenings (
  seq INTEGER NOT NULL, n INTEGER NOT NULL, thread INTEGER NOT NULL, at INTEGER NOT NULL,
  event TEXT NOT NULL, agent TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE INDEX happenings_by_thread ON happenings (thread, at);
CREATE INDEX threads_solved ON happenings (at) WHERE event = 'ThreadSolved';
CREATE INDEX articles_proposed ON happenings (at) WHERE event = 'ArticleProposed';

CREATE TABLE surveys ( -- each question how it was that was asked
  message TEXT PRIMARY KEY, thread INTEGER NOT NULL, survey TEXT NOT NULL, measure TEXT NOT NULL,
  handle TEXT NOT NULL, asked_at INTEGER NOT NULL, agent TEXT NOT NULL, queue TEXT NOT NULL,
  channel TEXT NOT NULL, score INTEGER, answered_at INTEGER NOT NULL DEFAULT 0,
  how TEXT NOT NULL DEFAULT '', remark TEXT NOT NULL DEFAULT '', -- the message
  ended TEXT NOT NULL DEFAULT '' -- expired, undelivered, cancelled, done
) WITHOUT ROWID;
CREATE INDEX surveys_by_thread ON surveys (thread);
CREATE INDEX surveys_by_time ON surveys (asked_at);

CREATE TABLE decisions (
  seq INTEGER NOT NULL, n INTEGER NOT NULL, thread INTEGER NOT NULL, at INTEGER NOT NULL,
  rules TEXT NOT NULL, agent TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE INDEX decisions_by_thread ON decisions (thread, seq, n);

CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE handles (
  id TEXT PRIMARY KEY, customer TEXT NOT NULL, kind TEXT NOT NULL, since INTEGER NOT NULL,
  verified INTEGER NOT NULL, value TEXT NOT NULL DEFAULT '', display TEXT NOT NULL DEFAULT '',
  sharing TEXT NOT NULL DEFAULT '', -- suspected, shared, single
  called TEXT NOT NULL DEFAULT '' -- the full name, as it is compared
) WITHOUT ROWID;
CREATE INDEX handles_by_name ON handles (called) WHERE called != '';
CREATE INDEX handles_by_value ON handles (value);
CREATE TABLE apart (
  a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b) -- two people, as somebody said
) WITHOUT ROWID;
CREATE INDEX handles_by_customer ON handles (customer);

CREATE TABLE links (
  a TEXT NOT NULL, b TEXT NOT NULL, state TEXT NOT NULL, -- live, suggested, retracted
  evidence TEXT NOT NULL, source TEXT NOT NULL, veto TEXT NOT NULL, at INTEGER NOT NULL,
  note TEXT NOT NULL, -- the message that says why
  why TEXT NOT NULL DEFAULT '' -- its words
);
CREATE INDEX links_by_a ON links (a);
CREATE INDEX links_by_b ON links (b);

CREATE TABLE offers (
  id TEXT PRIMARY KEY, thread INTEGER NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL,
  until INTEGER NOT NULL, state TEXT NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX offers_by_thread ON offers (thread, state);
CREATE INDEX offers_pending ON offers (agent) WHERE state = 'pending';

CREATE TABLE agents (
  id TEXT PRIMARY KEY, teams TEXT NOT NULL, skills TEXT NOT NULL, capacity INTEGER NOT NULL,
  role TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'offline',
  unresponsive INTEGER NOT NULL DEFAULT 0, employed INTEGER NOT NULL DEFAULT 1,
  unreachable INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL DEFAULT 'human'
) WITHOUT ROWID;

CREATE TABLE samples ( -- one number of one measure, with queue and channel as they were then
  at INTEGER NOT NULL, measure TEXT NOT NULL, value INTEGER NOT NULL, thread INTEGER NOT NULL,
  agent TEXT NOT NULL, queue TEXT NOT NULL, channel TEXT NOT NULL, about TEXT NOT NULL
);
CREATE INDEX samples_by_time ON samples (at);

CREATE TABLE spans ( -- of an agent's time; until 0 while it lasts, thread 0 where of none
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, agent TEXT NOT NULL, thread INTEGER NOT NULL,
  queue TEXT NOT NULL, channel TEXT NOT NULL, since INTEGER NOT NULL,
  until INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX spans_by_end ON spans (until);
CREATE INDEX spans_open_of_threads ON spans (thread) WHERE until = 0;
CREATE INDEX spans_open_of_agents ON spans (agent) WHERE until = 0;

CREATE TABLE clocks ( -- since when a person's answer is waited for, who has given one
  thread INTEGER PRIMARY KEY, began INTEGER NOT NULL, asked_at INTEGER NOT NULL,
  heard INTEGER NOT NULL, live INTEGER NOT NULL
);
CREATE TABLE promises (
  thread INTEGER NOT NULL, kind TEXT NOT NULL, span INTEGER NOT NULL, since INTEGER NOT NULL,
  clock TEXT NOT NULL, due INTEGER NOT NULL, late INTEGER NOT NULL, PRIMARY KEY (thread, kind)
) WITHOUT ROWID;
CREATE TABLE asked ( -- marks of questions of ours, not their words
  thread INTEGER NOT NULL, question INTEGER NOT NULL, PRIMARY KEY (thread, question)
) WITHOUT ROWID;

CREATE VIEW loads AS
SELECT agent, SUM(weight) AS load FROM (
  SELECT agent, weight FROM threads
  WHERE (phase = 'assigned' AND NOT dormant) OR (phase = 'resolved' AND wrap_until)
  UNION ALL
  SELECT offers.agent, threads.weight FROM offers INDEXED BY offers_pending
  JOIN threads ON threads.id = offers.thread WHERE offers.state = 'pending'
) GROUP BY agent;

CREATE VIEW thread_rows AS
SELECT threads.*, customers.name AS name, COALESCE(handles.verified, 1) AS verified
FROM threads
LEFT JOIN customers ON customers.id = threads.customer
LEFT JOIN handles ON handles.id = threads.handle;

CREATE VIEW agent_rows AS
SELECT agents.*, COALESCE(loads.load, 0) AS load
FROM agents LEFT JOIN loads ON loads.agent = agents.id;

CREATE VIRTUAL TABLE found USING fts5 (
  text, subject, names, tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO found (found, rank) VALUES ('rank', 'bm25(1.0, 2.0, 4.0)');
"""

STAMP = zlib.crc32(f"{MEANING}\n{TABLES}".encode()) & 0x7FFF_FFFF
"""Kept in the file as its ``user_version``: another stamp, another file."""

_CORRUPT, _NOT_A_DATABASE = 11, 26


def damaged(error: sqlite3.Error) -> bool:
    """Whether *error* says that the file is no good, rather than busy, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (_CORRUPT, _NOT_A_DATABASE)


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the views at *path*; a file that is damaged or of another schema is made anew.

    Raises `sqlite3.Error` if the file cannot be opened or made.
    """
    try:
        db = _connect(path)
        if _stamp(db) == STAMP:
            return db
        db.close()
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise
    delete(path)
    db = _connect(path)
    try:
        create(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _stamp(db: sqlite3.Connection) -> int:
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        db.close()
        raise


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # messages are in it; SQLite gives its side files the same mode
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA busy_timeout = 5000")
        db.execute("PRAGMA cache_size = -8000")  # KB; filling a large file looks all over it
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        db.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
    except sqlite3.Error:
        db.close()
        raise
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that can change nothing."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    db.row_factory = sqlite3.Row
    return db


def create(db: sqlite3.Connection) -> None:
    """Make the tables in an empty file."""
    db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {STAMP}; COMMIT;")


def clear(db: sqlite3.Connection) -> None:
    """Empty the tables under the eyes of readers, in one transaction."""
    names = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        " AND name NOT LIKE 'found_%' AND name NOT LIKE 'sqlite_%' AND name != 'applied'"
    ).fetchall()
    db.execute("BEGIN IMMEDIATE")
    for (name,) in [*names, ("found",)]:
        db.execute(f"DELETE FROM {name}")  # noqa: S608 — a name out of our own schema
    db.execute("UPDATE applied SET seq = 0, hash = x''")
    db.execute("COMMIT")


def forget(db: sqlite3.Connection) -> None:
    """Within a transaction: take out of the index what was deleted, which it only marks as such."""
    db.execute("INSERT INTO found (found) VALUES ('optimize')")


def delete(path: Path) -> None:
    """Remove the file and what lies beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
