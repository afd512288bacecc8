"""The views: the journal as tables, for pages, lists and search.

One connection writes, record by record, in the order of the journal; others read, each from a
snapshot of its own, so that nobody waits for the writer.  The file knows the number and the hash
of the last record it holds: if the journal has another there, the tables start afresh.  A file
that is damaged, or of another version of the program, is deleted and made again.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from omniroute.application.changes import everything, merged, notice
from omniroute.application.pages import Change, FileView
from omniroute.application.projections import journal, schema
from omniroute.application.projections.fold import Touched, json
from omniroute.application.projections.record import fold_record, wanted_rows
from omniroute.stores.api import Reader, Record, Unavailable

log = logging.getLogger(__name__)

BATCH = 500
"""Records folded in one transaction."""

READERS = 8
"""Reading connections kept open between queries."""


class Views:
    """The file at *path*, filled from *reader*.  `step` and `catch_up` belong to one thread."""

    def __init__(self, path: Path, reader: Reader) -> None:
        """Open or make the file; raises `Unavailable` if neither is possible."""
        self._path, self._reader = path, reader
        self._idle: queue.SimpleQueue[tuple[int, sqlite3.Connection]] = queue.SimpleQueue()
        self._edition = 0  # of the file: readers of an earlier one look into a deleted file
        self._damaged = False
        self.alarm: Callable[[], None] = lambda: None
        """Called, from any thread, when a reader finds the file damaged."""
        self._db = self._open()

    @property
    def applied(self) -> int:
        """The number of the last record that is in the tables."""
        return self._at()[0]

    # --- writing ---------------------------------------------------------------------------------

    def catch_up(self) -> Change | None:
        """Fold all there is; what that touched, or ``None`` if there was nothing new."""
        total: Change | None = None
        while (change := self.step()) is not None:
            total = change if total is None else merged(total, change)
        return total

    def step(self) -> Change | None:
        """Fold the next batch; ``None`` when there is nothing to fold.

        Raises `StoreError` when the journal cannot be read, `sqlite3.Error` when the tables
        cannot be written; the tables then stand where they stood.
        """
        if self._damaged:
            self._make_anew("a reader found it damaged")
        try:
            return self._step()
        except sqlite3.DatabaseError as error:
            if not schema.damaged(error):
                raise
            self._make_anew(str(error))
            return self._step()

    def _step(self) -> Change | None:
        seq, known = self._at()
        # One record of overlap: its hash says whether this is still the journal we read before.
        records = self._reader.tail(max(seq - 1, 0), BATCH)
        if seq and (not records or (records[0].seq, records[0].hash) != (seq, known)):
            log.warning("views: the journal is another than at record %d; starting afresh", seq)
            schema.clear(self._db)
            return everything(0)
        fresh = records[1:] if seq else records
        return self._fold(fresh) if fresh else None

    def _fold(self, records: list[Record]) -> Change:
        entries = [journal.read(record) for record in records]
        keys = wanted_rows(entries)
        rows = self._reader.get(keys) if keys else {}
        touched = Touched()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for entry in entries:
                fold_record(self._db, entry, rows, touched)
            touched.threads |= self._shown_in(touched.threads)
            if touched.erased:
                schema.forget(self._db)
            last = records[-1]
            self._db.execute("UPDATE applied SET seq = ?, hash = ?", (last.seq, last.hash))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        if touched.erased:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was there before lies there
        return notice(last.seq, touched)

    def _shown_in(self, threads: set[int]) -> set[int]:
        """The threads in which *threads* are shown."""
        rows = self._db.execute(
            "SELECT DISTINCT root FROM threads WHERE id IN (SELECT value FROM json_each(?))",
            (json(sorted(threads)),),
        )
        return {root for (root,) in rows}

    def _at(self) -> tuple[int, bytes]:
        seq, known = self._db.execute("SELECT seq, hash FROM applied").fetchone()
        return seq, known

    def _make_anew(self, reason: str) -> None:
        log.warning("views: %s is made again: %s", self._path, reason)
        self._db.close()
        schema.delete(self._path)
        self._edition += 1
        self._damaged = False
        self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return schema.open_to_write(self._path)
        except (sqlite3.Error, OSError) as error:
            fix = "check the folder and its owner"
            if "no such module" in str(error):
                fix = "this SQLite lacks FTS5; use a Python whose SQLite has it"
            raise Unavailable(str(self._path), f"cannot be opened: {error}", fix) from error

    # --- reading ---------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot of the tables, for one query; from any thread.

        Raises `Unavailable` if the file turns out to be damaged; it is then made again.
        """
        edition, db = self._borrow()
        try:
            db.execute("BEGIN")
            yield db
        except sqlite3.DatabaseError as error:
            if not schema.damaged(error):
                raise
            self._damaged = True
            self.alarm()
            raise Unavailable(
                str(self._path), "is damaged and made again", "try again in a moment"
            ) from error
        finally:
            self._give_back(edition, db)

    def file(self, sha: str) -> FileView | None:
        """Name and type of an attachment that some message carries."""
        with self.reading() as db:
            row = db.execute("SELECT * FROM files WHERE sha = ? LIMIT 1", (sha,)).fetchone()
        if row is None:
            return None
        return FileView(row["name"], row["media_type"], row["size"], row["sha"])

    def _borrow(self) -> tuple[int, sqlite3.Connection]:
        while True:
            try:
                edition, db = self._idle.get_nowait()
            except queue.Empty:
                return self._edition, schema.open_to_read(self._path)
            if edition == self._edition:
                return edition, db
            db.close()

    def _give_back(self, edition: int, db: sqlite3.Connection) -> None:
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error:
            edition = -1
        if edition == self._edition and self._idle.qsize() < READERS:
            self._idle.put((edition, db))
        else:
            db.close()

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._edition += 1
        while True:
            try:
                self._idle.get_nowait()[1].close()
            except queue.Empty:
                break
        self._db.close()  # the last, since a reader cannot take the log away
