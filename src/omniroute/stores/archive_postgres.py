"""An archive in a schema of a PostgreSQL database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from omniroute.stores.api import GENESIS, Head, Record, Unavailable
from omniroute.stores.archive import FORM, TABLES, TEXTS, Change, brought_forward, telling
from omniroute.stores.postgres import Line, PostgresReader, PostgresStore
from omniroute.stores.postgres_server import LOCK, Place

SPACE: Final = "omniroute_archive"
"""The schema, unless the URL names one: never that of a store."""

LONGEST: Final = 250_000
"""Characters of a text that are indexed: what PostgreSQL keeps of a text's words is limited."""

OWN: Final = (
    f"""CREATE TABLE texts (
      {TEXTS}, words tsvector GENERATED ALWAYS AS
        (to_tsvector('simple', left(subject || ' ' || said, {LONGEST}))) STORED
    )""",
    "CREATE INDEX texts_by_words ON texts USING gin (words)",
)
FOUND: Final = """
    SELECT id, ts_headline('simple', subject || ' ' || said, question,
      'StartSel=‹, StopSel=›, MaxFragments=1, MinWords=6, MaxWords=18') AS passage
    FROM texts, to_tsquery('simple', $1) AS question WHERE words @@ question
    ORDER BY ts_rank(words, question) DESC, id LIMIT $2
"""


class PostgresArchive(PostgresStore):
    """An `Archive` in one schema; of several writers one at a time gets further."""

    def __init__(self, url: str) -> None:
        """Connect, and make the tables if absent; raises as `PostgresStore` does."""
        super().__init__(with_space(url))
        try:
            self._line.call(_prepare(self._line, self._place))
        except BaseException:
            self.close()
            raise

    def append(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        return self._commit(at, records, puts, [(c.sql, c.rows) for c in changes])

    def begin(
        self,
        records: Sequence[Record],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        return self._link(GENESIS, records, puts, [(c.sql, c.rows) for c in changes])

    def set_aside(self) -> str:
        name = f"{self._place.space}_until_{self.head()[0]}"
        try:
            return self._line.call(_rename(self._line, self._place, name))
        finally:
            self.close()

    def asker(self) -> PostgresAsker:
        return PostgresAsker(self._place)


class PostgresAsker(PostgresReader):
    """A `Reader` of an archive that can be asked in SQL, too."""

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return self._line.call(_ask(self._line, sql, values))

    def found(self, words: Sequence[str], limit: int) -> list[dict[str, Any]]:
        # Each word in quotes, so that nothing a person types is an operator.
        plain = [word.replace("\\", "").replace("'", "''") for word in telling(words)]
        each = [f"'{word}'" for word in plain]
        return self.ask(FOUND, " & ".join(each) + ":*", limit) if each else []


def with_space(url: str) -> str:
    """*url* with a schema of the archive's own, unless it names one."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    return urlunsplit(parts._replace(query=urlencode({"space": SPACE, **given})))


async def _prepare(line: Line, place: Place) -> None:
    async with line.asking() as db, db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await db.fetchval("SELECT to_regclass($1)", f"{place.space}.archive") is None:
            if await db.fetchval("SELECT seq FROM head") != GENESIS[0]:
                fault = "is a desk's own store, and no archive"
                raise Unavailable(str(place), fault, "name another space in store.archive")
            for statement in (*TABLES, *OWN):
                await db.execute(statement)
            await db.execute("INSERT INTO archive VALUES (1, $1)", FORM)
        form = await db.fetchval("SELECT form FROM archive")
        for statement in brought_forward(form):
            await db.execute(statement)
    if form > FORM:
        fault = f"its tables are of form {form}; this program knows {FORM}"
        raise Unavailable(str(place), fault, "upgrade OmniRoute on this machine, too")


async def _rename(line: Line, place: Place, name: str) -> str:
    async with line.asking() as db, db.transaction():
        taken = [row["nspname"] for row in await db.fetch("SELECT nspname FROM pg_namespace")]
        free = next(each for each in _names(name) if each not in taken)
        await db.execute(f"ALTER SCHEMA {place.space} RENAME TO {free}")
    return free


def _names(name: str) -> Iterator[str]:
    yield name
    for number in itertools.count(1):
        yield f"{name}_{number}"


async def _ask(line: Line, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
    async with line.asking() as db, db.transaction(readonly=True):
        rows: list[asyncpg.Record] = await db.fetch(sql, *values)
    return [dict(row) for row in rows]
