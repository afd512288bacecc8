"""PostgreSQL, for a team that already runs one: the same contract, durable at commit.

A commit is one statement, so that it is one round trip and one transaction: the update of the head
compares number and hash, and journal and rows change only where it touched its one row.  Keys are
stored as bytes, whose order is that of code points and which may hold what text there may not.

The URL is PostgreSQL's own (``postgresql://user@host/database``; TLS and time limits as there),
with two words of ours in its query: ``space`` names the schema (``omniroute``), so that several
desks share a database, and ``accept_loss=yes`` lets a server run that does not fsync.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from omniroute.stores.api import (
    Corrupt,
    Head,
    InDoubt,
    Moved,
    Record,
    Unavailable,
    chained,
    check_keys,
    check_page,
    read_at,
)
from omniroute.stores.doubt import settle
from omniroute.stores.exchange import Exchange
from omniroute.stores.postgres_server import Place, check_promises, create, fault_of
from omniroute.stores.shelf import Shelf

T = TypeVar("T")

Statement = tuple[str, Sequence[tuple[object, ...]]]
"""SQL, and the values for each time it is executed."""

RUNS: Final = "check that the server runs, and store.url"
CONNECT: Final = 5.0  # seconds until a server that does not answer counts as absent
ANSWER: Final = 30.0  # seconds for one statement

HEAD: Final = "SELECT seq, hash FROM head"
GET: Final = (
    "SELECT head.seq, head.hash, kv.k, kv.v FROM head LEFT JOIN kv ON kv.k = ANY($1::bytea[])"
)
SCAN: Final = (
    "SELECT head.seq, head.hash, page.k, page.v FROM head LEFT JOIN LATERAL ("
    " SELECT k, v FROM kv WHERE k > $1 AND k >= $2 AND k < $3 ORDER BY k LIMIT $4"
    ") AS page ON true ORDER BY page.k"
)
TAIL: Final = "SELECT seq, hash, body FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2"
COMMIT: Final = """
    WITH swapped AS (
        UPDATE head SET seq = $1, hash = $2 WHERE one = 1 AND seq = $3 AND hash = $4 RETURNING 1
    ), written AS (
        INSERT INTO journal (seq, hash, body)
        SELECT * FROM unnest($5::bigint[], $6::bytea[], $7::bytea[]) WHERE EXISTS (TABLE swapped)
    ), deleted AS (
        DELETE FROM kv WHERE k = ANY($8::bytea[]) AND EXISTS (TABLE swapped)
    ), put AS (
        INSERT INTO kv (k, v)
        SELECT * FROM unnest($9::bytea[], $10::bytea[]) WHERE EXISTS (TABLE swapped)
        ON CONFLICT (k) DO UPDATE SET v = excluded.v
    )
    SELECT count(*) FROM swapped
"""


class PostgresStore:
    """A `Store` in one schema of a database; any number of processes may hold it."""

    def __init__(self, url: str) -> None:
        """Connect, and make the tables if absent.

        Raises `ConfigError` for a URL that cannot be meant; `Unavailable` for a server that cannot
        be reached, refuses us, or does not keep what it has committed.
        """
        self._place = Place.read(url)
        self._closing = threading.Event()
        self._line = Line(self._place)
        try:
            self._line.call(self._line.prepared())
        except BaseException:
            self._line.close()
            raise

    def head(self) -> Head:
        return self._line.call(self._line.head())

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        check_keys(keys)
        found, rows = self._line.call(self._line.get(keys))
        return read_at(at, found, rows)

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        found, rows = self._line.call(self._line.scan(prefix, after, limit))
        return read_at(at, found, rows)

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        return self._line.call(self._line.tail(after, limit))

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        return self._commit(at, records, puts)

    def _commit(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        also: Sequence[Statement] = (),
    ) -> Head:
        """As `commit`; *also* is executed in the same transaction."""
        return self._link(at, chained(at, records), puts, also)

    def _link(
        self,
        at: Head,
        links: Sequence[Record],
        puts: Mapping[str, bytes | None],
        also: Sequence[Statement],
    ) -> Head:
        """As `_commit`, of records that have their numbers and hashes."""
        if not links:
            raise ValueError("a commit needs at least one record")
        check_keys(puts)
        to: Head = (links[-1].seq, links[-1].hash)
        try:
            if self._line.call(self._line.commit(at, links, puts, also)):
                return to
        except InDoubt as doubt:
            return settle(doubt, self.head, at, to, self._closing.wait)
        raise Moved(at, self.head())

    def reader(self) -> PostgresReader:
        return PostgresReader(self._place)

    def exchange(self) -> Exchange:
        from omniroute.stores.postgres_exchange import PostgresExchange  # it stands on this module

        return PostgresExchange(self._place)

    def shelf(self) -> Shelf:
        from omniroute.stores.postgres_shelf import PostgresShelf  # as above

        return PostgresShelf(self._place)

    def close(self) -> None:
        self._closing.set()
        self._line.close()


class PostgresReader:
    """A `Reader` on a connection of its own."""

    def __init__(self, place: Place) -> None:
        self._place, self._line = place, Line(place)

    def head(self) -> Head:
        return self._line.call(self._line.head())

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        check_keys(keys)
        return self._line.call(self._line.get(keys))[1]

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        return self._line.call(self._line.scan(prefix, after, limit))[1]

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        return self._line.call(self._line.tail(after, limit))

    @contextmanager
    def snapshot(self) -> Iterator[PostgresReader]:
        still = PostgresReader(self._place)
        try:
            still._line.call(still._line.freeze())
            yield still
        finally:
            still.close()

    def damage(self) -> Iterator[Corrupt]:
        """Nothing: PostgreSQL has checksums of its own (`initdb --data-checksums`)."""
        return iter(())

    def close(self) -> None:
        self._line.close()


class Line:
    """One connection, on an event loop in a thread of its own, made again when it was lost.

    The driver is asynchronous and a store is not: `call` waits for one question at a time.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._turn = threading.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._frozen = self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True)
        self._thread.start()

    def call(self, question: Coroutine[Any, Any, T]) -> T:
        """Run *question* to its end; from any thread, one after the other."""
        with self._turn:
            if self._closed:
                question.close()
                raise Unavailable(str(self._place), "the store is closed")
            return asyncio.run_coroutine_threadsafe(question, self._loop).result()

    def close(self) -> None:
        """Hang up; twice is harmless."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    # --- questions ---

    async def prepared(self) -> None:
        """Have the tables, on a server that keeps its word."""
        async with self.asking() as db:
            await check_promises(db, self._place)
            await create(db, self._place)

    async def head(self) -> Head:
        async with self.asking() as db:
            row = await db.fetchrow(HEAD)
        return _head(row)

    async def get(self, keys: Sequence[str]) -> tuple[Head, dict[str, bytes]]:
        async with self.asking() as db:
            rows = await db.fetch(GET, [key.encode() for key in keys])
        return _head(rows[0]), {row["k"].decode(): row["v"] for row in rows if row["k"] is not None}

    async def scan(
        self, prefix: str, after: str, limit: int
    ) -> tuple[Head, list[tuple[str, bytes]]]:
        least = prefix.encode()
        async with self.asking() as db:  # no UTF-8 contains the byte that ends the prefix's range
            rows = await db.fetch(SCAN, after.encode(), least, least + b"\xff", limit)
        return _head(rows[0]), [
            (row["k"].decode(), row["v"]) for row in rows if row["k"] is not None
        ]

    async def tail(self, after: int, limit: int) -> list[Record]:
        async with self.asking() as db:
            rows = await db.fetch(TAIL, after, limit)
        return [Record(row["seq"], row["hash"], row["body"]) for row in rows]

    async def commit(
        self,
        at: Head,
        links: Sequence[Record],
        puts: Mapping[str, bytes | None],
        also: Sequence[Statement] = (),
    ) -> bool:
        """Whether the head was *at*, and is now the last of *links*."""
        put = [(key.encode(), value) for key, value in sorted(puts.items()) if value is not None]
        gone = [key.encode() for key, value in puts.items() if value is None]
        values = (
            links[-1].seq, links[-1].hash, *at,
            [link.seq for link in links], [link.hash for link in links],
            [link.body for link in links], gone,
            [key for key, _ in put], [value for _, value in put],
        )  # fmt: skip
        async with self.asking(committing=True) as db:
            if not also:  # one statement is a transaction, and one round trip
                return bool(await db.fetchval(COMMIT, *values))
            async with db.transaction():
                swapped = await db.fetchval(COMMIT, *values)
                for sql, rows in also if swapped else ():
                    await db.executemany(sql, rows)
        return bool(swapped)

    async def freeze(self) -> None:
        """From now on answer from one head."""
        async with self.asking() as db:
            await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await db.fetchrow(HEAD)  # a transaction sees what its first question saw
        self._frozen = True

    # --- the connection ---

    @asynccontextmanager
    async def asking(
        self, *, committing: bool = False
    ) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        db = await self._connected()
        try:
            yield db
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            fault, lost = fault_of(error)
            if lost:
                await self._hang_up()
                if committing:
                    raise InDoubt(str(self._place), fault, "ask for the head") from error
            raise Unavailable(str(self._place), fault, RUNS if lost else "") from error

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        db = self._connection
        if db is not None and not db.is_closed():
            return db
        if self._frozen:
            raise Unavailable(str(self._place), "the connection of a snapshot was lost")
        try:
            self._connection = db = await asyncpg.connect(
                self._place.dsn, timeout=CONNECT, command_timeout=ANSWER,
                server_settings={
                    "search_path": self._place.space, "synchronous_commit": "on",
                    "application_name": "omniroute",
                },
            )  # fmt: skip
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise Unavailable(str(self._place), *_refusal(error)) from error
        return db

    async def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _refusal(error: Exception) -> tuple[str, str]:
    fault, _ = fault_of(error)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return fault, "make the database: createdb NAME"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return fault, "check user and password in store.url"
    return fault, RUNS


def _head(row: asyncpg.Record | None) -> Head:
    assert row is not None, "the head is one row, made with its table"
    return row["seq"], row["hash"]
