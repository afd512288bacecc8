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

_FOUND = (
    "SELECT threads.root AS root, snippet(found, -1, '‹', '›', '…', 18) AS snippet"
    " FROM found JOIN messages ON messages.no = found.rowid"
    " JOIN threads ON threads.id = messages.thread"
    " WHERE found MATCH ? ORDER BY bm25(found, 1.0, 2.0, 4.0), messages.seq DESC LIMIT ?"
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
    snippets: dict[int, str] = {}
    if number := _NUMBER.fullmatch(text.strip()):
        snippets[int(number[1])] = ""  # 18 digits fit into what SQLite can hold
    if question := expression(text):
        # Several messages of one thread may match: ask for more than is shown.
        for row in db.execute(_FOUND, (question, limit * 10)):
            snippets.setdefault(row["root"], row["snippet"])
    hits: dict[int, Hit] = {}
    for thread, snippet in snippets.items():
        row = db.execute(_ROOT, (thread,)).fetchone()
        if row is not None:
            hits.setdefault(row["id"], Hit(thread_row(row, directory), snippet or row["excerpt"]))
        if len(hits) == limit:
            break
    return tuple(hits.values())
