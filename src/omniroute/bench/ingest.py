"""`ingest.*`: messages decided and committed, beside a bare database that writes the same rows.

A Redis of our own is started for `ingest.redis`; where none is installed that row is left out.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, TypeAlias

from omniroute.bench.desk import Desk, opened, opened_on
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale
from omniroute.stores.api import Head, Reader, Record, Store

ROWS = ("ingest.sqlite", "ingest.redis")

Commit: TypeAlias = tuple[Sequence[bytes], Mapping[str, bytes | None]]


class Bare(Protocol):
    """The least that keeps the same rows as safely."""

    def write(self, commits: Sequence[Commit]) -> None: ...


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    measured = {ROWS[0]: _sqlite, ROWS[1]: _redis}
    found = [await measured[name](scale, folder, progress) for name in ROWS if name in names]
    return [row for row in found if row is not None]


async def _sqlite(scale: Scale, folder: Path, progress: Progress) -> Row:
    with closing(BareSqlite(folder / "bare.sqlite3")) as bare:
        async with opened(folder, Recorded) as desk:
            return await _measure(ROWS[0], desk, bare, scale, progress)


async def _redis(scale: Scale, folder: Path, progress: Progress) -> Row | None:
    if importlib.util.find_spec("redis") is None:
        _left_out(progress, "the package redis is not installed")
        return None
    from omniroute.bench.bare_redis import BareRedis, server
    from omniroute.stores.redis import RedisStore

    place = folder / "redis"
    place.mkdir()
    with server(place) as url:
        if url is None:
            _left_out(progress, "no Redis or Valkey is installed")
            return None
        with closing(BareRedis(url)) as bare:
            async with opened_on(Recorded(RedisStore(f"{url}?space=bench"))) as desk:
                return await _measure(ROWS[1], desk, bare, scale, progress)


def _left_out(progress: Progress, why: str) -> None:
    progress.begin(ROWS[1], 1)
    progress.end(f"left out: {why}")


async def _measure(name: str, desk: Desk, bare: Bare, scale: Scale, progress: Progress) -> Row:
    recorded = desk.store
    assert isinstance(recorded, Recorded)
    taken: deque[list[Commit]] = deque()

    async def ours() -> float:
        works = desk.works(scale.inputs)
        began = time.perf_counter()
        await desk.decide(works)
        took = time.perf_counter() - began
        taken.append(recorded.take())
        return scale.inputs / took

    async def floor() -> float:
        commits = taken.popleft()
        began = time.perf_counter()
        bare.write(commits)
        return scale.inputs / (time.perf_counter() - began)

    bare.write(recorded.take())  # what was there before
    await ours()  # one turn ahead, so that the floor may go first
    return await in_turn(name, "inputs/s", scale.rounds, ours, floor, progress)


class Recorded:
    """A store that remembers what was committed to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commits: list[Commit] = []

    def take(self) -> list[Commit]:
        """What was committed since this was last asked."""
        taken, self._commits = self._commits, []
        return taken

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        head = self._store.commit(at, records, puts)
        self._commits.append((records, puts))
        return head

    def head(self) -> Head:
        return self._store.head()

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        return self._store.get(keys, at)

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        return self._store.scan(prefix, after, limit, at)

    def tail(self, after: int, limit: int) -> list[Record]:
        return self._store.tail(after, limit)

    def reader(self) -> Reader:
        return self._store.reader()

    def close(self) -> None:
        self._store.close()


class BareSqlite:
    """The least that keeps the same rows as safely: two tables and a transaction for each batch."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, body BLOB)")
        self._db.execute("CREATE TABLE kv (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID")

    def write(self, commits: Sequence[Commit]) -> None:
        """Write what was committed, in transactions of the same size."""
        db = self._db
        for records, puts in commits:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO journal (body) VALUES (?)", [(body,) for body in records])
            db.executemany(
                "REPLACE INTO kv VALUES (?, ?)",
                [(key, value) for key, value in puts.items() if value is not None],
            )
            db.executemany(
                "DELETE FROM kv WHERE k = ?",
                [(key,) for key, value in puts.items() if value is None],
            )
            db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()
