"""A SQLite database whose every commit is put on a shelf, so that the next writer goes on with it.

What holds such a connection sees a database as it is in a file, and need not know: it makes its
tables, reads and writes.  The database itself is a private one that ends with the connection.  Rows
that change are noted by triggers of the connection's own, and put on the shelf before the commit
here; if that fails, so does the commit.  ``PRAGMA synchronous`` means what it does of a disk: with
FULL a commit waits for the shelf, with NORMAL it does not, and a process that is killed may take
the last moments along.

On the shelf a row is ``[table, key …]`` and its values in the order of the columns; under the empty
table stand the statements that make the tables, the version, and the numbers of AUTOINCREMENT.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from omniroute.stores.courier import Courier, NotKept

CHANGES: Final = ("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")
MAKES: Final = ("CREATE", "ALTER", "DROP")
FULL: Final = 2  # of PRAGMA synchronous

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder().decode


_State: TypeAlias = tuple[object, ...]


class _Table(NamedTuple):
    """A table whose changes are noted."""

    sql: str
    key: tuple[str, ...]  # columns
    columns: tuple[str, ...]


class Mirrored(sqlite3.Connection):
    """Made by `open_book`.  A RETURNING outside a transaction is not for it."""

    _book: str
    _courier: Courier
    _tables: dict[str, _Table]
    _told: dict[bytes, bytes]  # what stands on the shelf under the empty table
    _made: int  # the schema that the triggers were made for
    _seen: _State | None  # when nothing was left to put

    def follow(self, book: str, courier: Courier, told: Mapping[bytes, bytes]) -> None:
        """Put every commit from now on under *book*; *told* is what stands there of its form."""
        self._book, self._courier, self._told = book, courier, dict(told)
        self._tables, self._made, self._seen = {}, -1, None
        plain(self, "PRAGMA recursive_triggers = ON")  # for what an OR REPLACE takes away
        plain(self, "BEGIN")
        self._watch()
        if told:
            self._clear()
        super().commit()

    # --- what whoever holds it calls ---

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)

    def execute(self, sql: str, given: Any = (), /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor()
        return cursor.execute(sql, given)

    def executemany(self, sql: str, given: Iterable[Any], /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor()
        return cursor.executemany(sql, given)

    def executescript(self, script: str, /) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor()
        return cursor.executescript(script)

    def commit(self) -> None:
        if self.in_transaction:
            self.put()
            super().commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if error is None:
            self.commit()
        else:
            self.rollback()
        return False

    # --- what changed ---

    def put(self) -> None:
        """Have on the shelf what was changed.  Else roll back, and raise `NotKept`."""
        if self._seen == self._state():
            return
        before, changed = (dict(self._tables), self._made), dict[bytes, bytes | None]()
        try:
            changed = self.changed()
            if changed:
                self._send(changed)
        except sqlite3.Error:
            self.rollback()
            self._tables, self._made = before
            self._take_back(changed)
            raise
        self.settle(changed)

    def _send(self, changed: Mapping[bytes, bytes | None]) -> None:
        number = self._courier.send({(self._book, key): row for key, row in changed.items()})
        if plain(self, "PRAGMA synchronous")[0][0] >= FULL:
            self._courier.wait(number)

    def _take_back(self, changed: Iterable[bytes]) -> None:
        """Have the shelf hold what is so here, should it have got what did not come to be."""
        with suppress(NotKept):
            self._courier.send({(self._book, key): self._now(key) for key in changed})

    def settle(self, changed: Mapping[bytes, bytes | None]) -> None:
        """All of *changed* is on the shelf, or on its way."""
        for key, value in changed.items():
            if value is None:
                self._told.pop(key, None)
            elif decode(key)[0] == "":
                self._told[key] = value
        self._clear()
        self._seen = self._state()

    def _state(self) -> _State:
        """Equal to an earlier one where nothing has been changed since."""
        schema, version = (
            plain(self, f"PRAGMA {name}")[0][0] for name in ("schema_version", "user_version")
        )
        return self.total_changes, schema, version, tuple(self._numbers())

    def _numbers(self) -> list[tuple[str, int]]:
        """The last numbers that AUTOINCREMENT gave, which even what is ignored may take."""
        if not plain(self, "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
            return []
        return plain(self, "SELECT name, seq FROM sqlite_sequence")

    def changed(self) -> dict[bytes, bytes | None]:
        """What the shelf does not have, by key."""
        form = dict(self._form())
        found: dict[bytes, bytes | None] = {key: None for key in self._told if key not in form}
        found |= {key: value for key, value in form.items() if self._told.get(key) != value}
        if self._made != plain(self, "PRAGMA schema_version")[0][0]:
            self._watch()
        for name, table in self._tables.items():
            found.update(self._changed_in(name, table))
        return found

    def _form(self) -> Iterator[tuple[bytes, bytes]]:
        """What is to be known before the rows: statements, version, numbers."""
        sql = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        for type, name, made in plain(self, sql):
            if not name.startswith("sqlite_"):
                yield encode(["", type, name]), encode(made)
        yield encode(["", "version"]), encode(plain(self, "PRAGMA user_version")[0][0])
        for name, seq in self._numbers():
            yield encode(["", "sequence", name]), encode(seq)

    def _changed_in(self, name: str, table: _Table) -> Iterator[tuple[bytes, bytes | None]]:
        keys, values = listed(table.key, "k."), listed(table.columns, "t.")
        same = " AND ".join(f"t.{quoted(one)} = k.{quoted(one)}" for one in table.key)
        sql = (
            f"SELECT t.{quoted(table.key[0])} IS NOT NULL, {keys}, {values}"  # noqa: S608
            f" FROM (SELECT DISTINCT * FROM temp.{_noted(name)}) AS k"
            f" LEFT JOIN main.{quoted(name)} AS t ON {same}"
        )
        for there, *found in plain(self, sql):
            key, row = found[: len(table.key)], found[len(table.key) :]
            yield encode([name, *key]), encode(row) if there else None

    def _now(self, key: bytes) -> bytes | None:
        """The value that stands under *key* here."""
        name, *rest = decode(key)
        if name == "":
            return dict(self._form()).get(key)
        table = self._tables.get(name)
        if table is None:
            return None
        where = " AND ".join(f"{quoted(one)} = ?" for one in table.key)
        sql = f"SELECT {listed(table.columns)} FROM main.{quoted(name)} WHERE {where}"  # noqa: S608
        found = plain(self, sql, rest)
        return encode(list(found[0])) if found else None

    def _clear(self) -> None:
        for name in self._tables:
            plain(self, f"DELETE FROM temp.{_noted(name)}")  # noqa: S608

    def _watch(self) -> None:
        """Note what changes in the tables that there are; in new ones all has."""
        found = {
            name: sql
            for name, sql in plain(
                self, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
            )
            if not name.startswith("sqlite_")
        }
        for name in [*self._tables]:
            if name not in found:
                raise sqlite3.NotSupportedError(f"table {name}: a book's tables cannot be dropped")
        for name, sql in found.items():
            if name in self._tables and self._tables[name].sql == sql:
                continue
            if sql.upper().startswith("CREATE VIRTUAL"):
                raise sqlite3.NotSupportedError(f"table {name}: a book has plain tables only")
            self._tables[name] = self._note(name, sql)
        self._made = plain(self, "PRAGMA schema_version")[0][0]

    def _note(self, name: str, sql: str) -> _Table:
        columns, key = columns_of(self, name), key_of(self, name)
        noted, main = _noted(name), quoted(name)
        plain(self, f"DROP TABLE IF EXISTS temp.{noted}")
        plain(self, f"CREATE TEMP TABLE {noted} ({listed(key)})")
        for what, sides in (("INSERT", "new"), ("DELETE", "old"), ("UPDATE", "old new")):
            trigger = quoted(f"_{what}_{name}")
            steps = "".join(
                f" INSERT INTO {noted} VALUES ({listed(key, f'{side}.')});"  # noqa: S608
                for side in sides.split()
            )
            plain(self, f"DROP TRIGGER IF EXISTS temp.{trigger}")
            plain(self, f"CREATE TEMP TRIGGER {trigger} AFTER {what} ON {main} BEGIN{steps} END")
        plain(self, f"INSERT INTO temp.{noted} SELECT {listed(key)} FROM main.{main}")  # noqa: S608
        return _Table(sql, key, columns)


class _Cursor(sqlite3.Cursor):
    """Makes a statement outside a transaction one of its own, which goes to the shelf."""

    connection: Mirrored

    def execute(self, sql: str, given: Any = (), /) -> _Cursor:
        db, word = self.connection, sql.lstrip().partition(" ")[0].rstrip(";").upper()
        if word in ("COMMIT", "END"):
            db.commit()
        elif word == "ROLLBACK":
            db.rollback()  # perhaps once more: a commit that failed has done so
        elif self._is_alone(word, sql):
            if "RETURNING" in sql.upper():
                raise sqlite3.NotSupportedError("begin a transaction around a RETURNING")
            self._whole(lambda: super(_Cursor, self).execute(sql, given))
        else:
            super().execute(sql, given)
        return self

    def executemany(self, sql: str, given: Iterable[Any], /) -> _Cursor:
        if self._is_alone(sql.lstrip().partition(" ")[0].upper(), sql):
            self._whole(lambda: super(_Cursor, self).executemany(sql, given))
        else:
            super().executemany(sql, given)
        return self

    def executescript(self, script: str, /) -> _Cursor:
        db = self.connection
        db.commit()
        super().executescript(script)
        if not db.in_transaction:  # the script has committed already
            plain(db, "BEGIN")
            db.commit()
        return self

    def _is_alone(self, word: str, sql: str) -> bool:
        db = self.connection
        if db.in_transaction:
            return False
        versions = word == "PRAGMA" and "user_version" in sql and "=" in sql
        return versions or word in MAKES or (db.isolation_level is None and word in CHANGES)

    def _whole(self, work: Callable[[], object]) -> None:
        db = self.connection
        plain(db, "BEGIN IMMEDIATE")
        try:
            work()
            db.commit()
        except BaseException:
            db.rollback()
            raise


def columns_of(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The names of a table's columns, in order."""
    return tuple(row[1] for row in plain(db, f"PRAGMA main.table_info({quoted(table)})"))


def key_of(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The columns by which a row is known: the primary key where there are no numbers."""
    try:
        plain(db, f"SELECT rowid FROM main.{quoted(table)} LIMIT 0")  # noqa: S608
    except sqlite3.OperationalError:
        about = plain(db, f"PRAGMA main.table_info({quoted(table)})")
        return tuple(row[1] for row in sorted(about, key=lambda row: row[5]) if row[5])
    return ("rowid",)


def plain(db: sqlite3.Connection, sql: str, given: Sequence[Any] = ()) -> list[Any]:
    """Past what is done for others: no rows of theirs, nothing put on the shelf."""
    return sqlite3.Cursor(db).execute(sql, given).fetchall()


def _noted(table: str) -> str:
    return quoted(f"_changed_{table}")


def listed(names: Iterable[str], before: str = "") -> str:
    """Several of them, each after *before*."""
    return ", ".join(before + quoted(name) for name in names)


def quoted(name: str) -> str:
    """A name as it may stand in a statement."""
    return '"' + name.replace('"', '""') + '"'
