"""Tables beside the journal's, and questions to them that wait for their answer."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from omniroute.stores.postgres import Line
from omniroute.stores.postgres_server import LOCK, Place

T = TypeVar("T")


class Asking:
    """A connection of its own, on which *tables* are there."""

    def __init__(self, place: Place, tables: str) -> None:
        """Connect, and make *tables*, which may be there already.  Raises `Unavailable`."""
        self._line = Line(place)
        try:
            self._call(self._create(tables))
        except BaseException:
            self._line.close()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        self._line.close()

    def _call(self, question: Coroutine[Any, Any, T]) -> T:
        return self._line.call(question)

    async def _create(self, tables: str) -> None:
        async with self._line.asking() as db, db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await db.execute(tables)

    async def _execute(self, sql: str, *given: object) -> None:
        async with self._line.asking() as db:
            await db.execute(sql, *given)

    async def _rows(self, sql: str, *given: object) -> list[Any]:
        async with self._line.asking() as db:
            return list(await db.fetch(sql, *given))

    async def _value(self, sql: str, *given: object) -> Any:
        async with self._line.asking() as db:
            return await db.fetchval(sql, *given)
