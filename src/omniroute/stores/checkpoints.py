"""Moves committed pages from a write-ahead log into its database, beside the writer.

A checkpoint by the writer itself would stall it: over a second was seen on a large file.  Here a
thread with a connection of its own copies pages while the writer goes on; only when little is left
does it take the writer's turn for one short pass, after which the log starts again from its
beginning.  Without that pass a writer that never rests would make the log grow without end.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

EVERY = 1000
"""Rows written between two checkpoints; a row costs about one page of the log."""

SHORT = 64
"""Pages that may be left for the pass that makes the writer wait."""

AGAIN = 5.0
"""Seconds until a log that somebody reads is to be emptied once more."""


class Checkpointer:
    """A thread that runs checkpoints on the connection that *connect* opens.

    *turn* is held by the writer during each of its transactions.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], turn: threading.Lock) -> None:
        self._connect, self._turn = connect, turn
        self._written = 0
        self._due = threading.Event()
        self._closing = self._clearing = False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def wrote(self, rows: int) -> None:
        """The writer has committed *rows*; called by the writer alone."""
        self._written += rows
        if self._written >= EVERY:
            self._written = 0
            self._due.set()

    def clear(self) -> None:
        """Have the log emptied soon: what was deleted stands there as it was."""
        self._clearing = True
        self._due.set()

    def close(self) -> None:
        """Wait for the checkpoint under way and end the thread."""
        self._closing = True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        db: sqlite3.Connection | None = None
        while self._due.wait(AGAIN if self._clearing else None) or self._clearing:
            if self._closing:
                break
            self._due.clear()
            try:
                db = db or self._connect()
                self._settle(db)
                if self._clearing:
                    self._clear(db)
            except sqlite3.Error as error:
                # Nothing is lost, the log only stays long: on a full disk the next one may succeed.
                log.warning("checkpoint put off: %s", error)
        if db is not None:
            db.close()

    def _settle(self, db: sqlite3.Connection) -> None:
        for _ in range(4):
            if self._pass(db) <= SHORT:
                break
        with self._turn:
            self._pass(db)

    def _clear(self, db: sqlite3.Connection) -> None:
        """Cut the log off, unless somebody reads in it: the writer waits for nobody."""
        db.execute("PRAGMA busy_timeout = 0")
        with self._turn:
            busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._clearing = bool(busy)

    def _pass(self, db: sqlite3.Connection) -> int:
        """Copy what can be copied; return how many pages are left."""
        _busy, pages, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(pages) - int(copied)
