"""An archive in an SQLite file."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from omniroute.stores.api import GENESIS, Head, Record, Unavailable
from omniroute.stores.archive import FORM, TABLES, TEXTS, Change, brought_forward, telling
from omniroute.stores.sqlite import SqliteReader, SqliteStore

OWN: Final = (
    f"CREATE TABLE texts (no INTEGER PRIMARY KEY, {TEXTS})",
    """CREATE VIRTUAL TABLE found USING fts5 (
      subject, said, content = texts, content_rowid = no,
      tokenize = 'unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER text_added AFTER INSERT ON texts BEGIN
      INSERT INTO found (rowid, subject, said) VALUES (new.no, new.subject, new.said);
    END""",
    """CREATE TRIGGER text_gone AFTER DELETE ON texts BEGIN
      INSERT INTO found (found, rowid, subject, said)
      VALUES ('delete', old.no, old.subject, old.said);
    END""",
    """CREATE TRIGGER text_changed AFTER UPDATE ON texts BEGIN
      INSERT INTO found (found, rowid, subject, said)
      VALUES ('delete', old.no, old.subject, old.said);
      INSERT INTO found (rowid, subject, said) VALUES (new.no, new.subject, new.said);
    END""",
)
FORGET: Final = "INSERT INTO found (found) VALUES ('optimize')"
"""Words of what was deleted leave the index only when its parts are merged."""

FOUND: Final = (
    "SELECT texts.id AS id, snippet(found, -1, '‹', '›', '…', 18) AS passage FROM found"
    " JOIN texts ON texts.no = found.rowid WHERE found MATCH $1 ORDER BY rank LIMIT $2"
)


class SqliteArchive(SqliteStore):
    """An `Archive` in one file, held by one process."""

    def __init__(self, path: Path) -> None:
        """Open *path*, made if absent; raises as `SqliteStore` does, and for what is no archive."""
        super().__init__(path)
        try:
            with self._file.transaction() as db:
                _prepare(db, path)
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
        return self._commit(at, records, puts, lambda db: _apply(db, changes))

    def begin(
        self,
        records: Sequence[Record],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        return self._link(GENESIS, records, puts, lambda db: _apply(db, changes))

    def set_aside(self) -> str:
        path, until = self._file.path, self.head()[0]
        self.close()
        names = (f"{path.stem}.until-{until}{n}{path.suffix}" for n in _numbers())
        to = next(each for each in map(path.with_name, names) if not each.exists())
        for suffix in ("-wal", "-shm", ""):
            if (part := path.with_name(path.name + suffix)).exists():
                part.rename(to.with_name(to.name + suffix))
        return str(to)

    def asker(self) -> SqliteAsker:
        self._file.check_usable()
        return SqliteAsker(self._file.path)


class SqliteAsker(SqliteReader):
    """A `Reader` of an archive that can be asked in SQL, too; needs no open `SqliteArchive`."""

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return self._answer(lambda db: _rows(db, sql, values))

    def found(self, words: Sequence[str], limit: int) -> list[dict[str, Any]]:
        # Each word in quotes, so that nothing a person types is an operator.
        each = ['"' + word.replace('"', '""') + '"' for word in telling(words)]
        return self.ask(FOUND, " ".join(each) + "*", limit) if each else []


def _numbers() -> Iterator[str]:
    return itertools.chain([""], (f"-{number}" for number in itertools.count(1)))


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'archive'").fetchone()
    if known is None:
        if db.execute("SELECT seq FROM head").fetchone() != (GENESIS[0],):
            fault = "is a desk's own database, and no archive"
            raise Unavailable(str(path), fault, "name another file in store.archive")
        for statement in (*TABLES, *OWN):
            db.execute(statement)
        db.execute("INSERT INTO archive VALUES (1, ?)", (FORM,))
    (form,) = db.execute("SELECT form FROM archive").fetchone()
    if form > FORM:
        fault = f"its tables are of form {form}; this OmniRoute knows forms up to {FORM}"
        raise Unavailable(str(path), fault, "run the newer OmniRoute that wrote it")
    for statement in brought_forward(form):
        db.execute(statement)


def _apply(db: sqlite3.Connection, changes: Sequence[Change]) -> None:
    for sql, rows in changes:
        db.executemany(_own(sql), rows)
    if any(sql.startswith("DELETE FROM texts") for sql, _ in changes):
        db.execute(FORGET)


def _rows(db: sqlite3.Connection, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
    cursor = db.execute(_own(sql), values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _own(sql: str) -> str:
    """With values by their number as SQLite writes them."""
    return sql.replace("$", "?")
