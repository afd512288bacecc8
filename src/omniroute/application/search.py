"""Finding threads by what was said in them, by names, or by their number."""

from __future__ import annotations

import re
import sqlite3

from omniroute.application.directory import Directory
from omniroute.application.listing import thread_row
from omniroute.application.pages import Hit

LONGEST = 200  # characters of a question that are looked at
MOST_WORDS = 12

_NUMBER = re.compile(r"#?(\d{1,18})")

_FOUND = "SELECT rowid FROM found WHERE found MATCH ? ORDER BY rank LIMIT ?"
_THREAD = (
    "SELECT threads.root FROM messages JOIN threads ON threads.id = messages.thread"
    " WHERE messages.no = ?"
)
_SNIPPET = (
    "SELECT snippet(found, -1, '‹', '›', '…', 18) FROM found WHERE found MATCH ? AND rowid = ?"
)
_ROOT = "SELECT * FROM thread_rows WHERE id = (SELECT root FROM threads WHERE id = ?)"


def expression(text: str) -> str:
    """*text* as a full-text question: every word, the last one as a beginning.

    Nothing a person types is an operator.

    >>> expression('charged "twice'), expression("  ")
    ('"charged" "twice"*', '')
    """
    words = re.findall(r'[^\s"\x00]+', text[:LONGEST])[:MOST_WORDS]
    telling = [word for word in words if any(letter.isalnum() for letter in word)]
    return " ".join(f'"{word}"' for word in telling) + ("*" if telling else "")


def search(db: sqlite3.Connection, directory: Directory, text: str, limit: int) -> tuple[Hit, ...]:
    """At most *limit* threads, the best first, each once; one named by its number leads."""
    places: dict[int, int] = {}  # thread → its best message, or 0
    if number := _NUMBER.fullmatch(text.strip()):
        places[int(number[1])] = 0  # 18 digits fit into what SQLite can hold
    question = expression(text)
    if question:
        # Several messages of one thread may match: ask for more than is shown.
        for (message,) in db.execute(_FOUND, (question, limit * 10)).fetchall():
            thread = db.execute(_THREAD, (message,)).fetchone()
            if thread is not None:
                places.setdefault(thread["root"], message)
    hits: dict[int, Hit] = {}
    for root, message in places.items():
        row = db.execute(_ROOT, (root,)).fetchone()
        if row is not None:
            snippet = db.execute(_SNIPPET, (question, message)).fetchone() if message else None
            passage = row["excerpt"] if snippet is None else snippet[0]
            hits.setdefault(row["id"], Hit(thread_row(row, directory), passage))
        if len(hits) == limit:
            break
    return tuple(hits.values())
