"""A small SQLite file of secrets' hashes and the like, which its owner alone can read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from omniroute.stores.api import Corrupt, Unavailable
from omniroute.stores.books import Opener


def open_private(
    opener: Opener, path: Path, tables: str, version: int, what: str, fix: str
) -> sqlite3.Connection:
    """Open the book at *path*, or make it with *tables*.

    *what* and *fix* end the sentences of what goes wrong: “is no accounts file”, “move it away”.
    Raises `Unavailable` or `Corrupt`.
    """
    try:
        db = opener(path)
    except sqlite3.Error as error:
        raise Unavailable(str(path), f"cannot be opened: {error}", "check its owner") from error
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA busy_timeout = 5000")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            db.executescript(f"BEGIN; {tables} PRAGMA user_version = {version}; COMMIT;")
    except sqlite3.Error as error:
        db.close()
        raise Corrupt(str(path), f"is no {what}: {error}", fix) from error
    if found > version:
        db.close()
        raise Unavailable(str(path), "was written by a newer OmniRoute", f"use that, or {fix}")
    return db
