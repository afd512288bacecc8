"""The shelf on a PostgreSQL: two tables beside the journal's."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

from omniroute.stores.postgres import Line
from omniroute.stores.postgres_server import LOCK, Place
from omniroute.stores.shelf import Displaced, Row

T = TypeVar("T")

TABLES: Final = """
    CREATE TABLE IF NOT EXISTS shelf(
        book text, k bytea, v bytea NOT NULL, PRIMARY KEY (book, k));
    CREATE TABLE IF NOT EXISTS shelf_owner(
        one int PRIMARY KEY CHECK (one = 1), owner text NOT NULL);
"""
CLAIM: Final = """
    INSERT INTO shelf_owner VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET owner = excluded.owner
"""
PUT: Final = """
    WITH mine AS (
        SELECT 1 FROM shelf_owner WHERE owner = $1 FOR SHARE
    ), gone AS (
        DELETE FROM shelf USING unnest($2::text[], $3::bytea[]) AS old(book, k)
        WHERE shelf.book = old.book AND shelf.k = old.k AND EXISTS (TABLE mine)
    ), put AS (
        INSERT INTO shelf (book, k, v)
        SELECT * FROM unnest($4::text[], $5::bytea[], $6::bytea[]) WHERE EXISTS (TABLE mine)
        ON CONFLICT (book, k) DO UPDATE SET v = excluded.v
    )
    SELECT count(*) FROM mine
"""


class PostgresShelf:
    """A `Shelf` on a connection of its own."""

    def __init__(self, place: Place) -> None:
        """Connect, and make the tables if absent.  Raises `Unavailable`."""
        self._line = Line(place)
        try:
            self._call(self._create())
        except BaseException:
            self._line.close()
            raise

    def claim(self, owner: str) -> None:
        self._call(self._execute(CLAIM, owner))

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        gone = [row for row, value in rows.items() if value is None]
        put = [(row, value) for row, value in rows.items() if value is not None]
        mine = self._call(
            self._value(
                PUT, owner, [book for book, _ in gone], [key for _, key in gone],
                [book for (book, _), _ in put], [key for (_, key), _ in put],
                [value for _, value in put],
            )
        )  # fmt: skip
        if not mine:
            raise Displaced

    def rows(self, book: str) -> dict[bytes, bytes]:
        return dict(self._call(self._rows("SELECT k, v FROM shelf WHERE book = $1", book)))

    def close(self) -> None:
        self._line.close()

    # --- questions ---

    def _call(self, question: Coroutine[Any, Any, T]) -> T:
        return self._line.call(question)

    async def _create(self) -> None:
        async with self._line.asking() as db, db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await db.execute(TABLES)

    async def _execute(self, sql: str, *given: object) -> None:
        async with self._line.asking() as db:
            await db.execute(sql, *given)

    async def _rows(self, sql: str, *given: object) -> list[Any]:
        async with self._line.asking() as db:
            return list(await db.fetch(sql, *given))

    async def _value(self, sql: str, *given: object) -> Any:
        async with self._line.asking() as db:
            return await db.fetchval(sql, *given)
