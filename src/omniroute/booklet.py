"""A small SQLite database of a channel's own, for asyncio: one thing at a time, in a thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from omniroute.channel import Site
from omniroute.errors import ConfigError

T = TypeVar("T")


class Closed(Exception):
    """Nobody listens (yet, or any more): the database is not open."""


class Booklet:
    """`Site.database` of that *name* with its *tables* (statements that may be said again).

    What is deleted is overwritten.  *synced*: a commit waits until it is on the disk.
    """

    def __init__(self, site: Site, name: str, tables: str, *, synced: bool = False) -> None:
        self._site, self._name, self._tables, self._synced = site, name, tables, synced
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open or make it.  Raises `ConfigError`."""
        try:
            await asyncio.to_thread(self._open)
        except sqlite3.Error as error:
            fix, path = "free the disk, or move the file away", self._site.folder / self._name
            raise ConfigError(str(path), f"cannot be used: {error}", fix) from None

    def _open(self) -> None:
        with self._lock:
            db = self._site.database(self._name)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                if self._synced:
                    db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")
                db.executescript(self._tables)
            except BaseException:
                db.close()
                raise
            self._db = db

    async def close(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do *work* in a thread.  Raises `Closed`, `sqlite3.Error`, or whatever *work* raises."""

        def alone() -> T:
            with self._lock:
                if self._db is None:
                    raise Closed
                return work(self._db)

        return await asyncio.to_thread(alone)

    async def clear_log(self) -> None:
        """Cut off the log ahead of the file, where what was deleted still stands as it was."""
        await self.do(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone())
