"""The shelf on a PostgreSQL: two tables beside the journal's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.stores.postgres_asking import Asking
from omniroute.stores.postgres_server import Place
from omniroute.stores.shelf import Displaced, Row

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


class PostgresShelf(Asking):
    """A `Shelf` on a connection of its own."""

    def __init__(self, place: Place) -> None:
        """Connect, and make the tables if absent.  Raises `Unavailable`."""
        super().__init__(place, TABLES)

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
