"""Books: the small SQLite databases that lie beside the journal, wherever that lies.

A store in a file has them in files; one that several nodes share has them on its shelf, where the
next writer finds them.  Whoever is lent a book holds a `sqlite3.Connection` either way.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

from omniroute.errors import StoreError
from omniroute.stores.courier import Courier, NotKept
from omniroute.stores.mirrored import (
    Mirrored,
    columns_of,
    decode,
    encode,
    key_of,
    listed,
    plain,
    quoted,
)
from omniroute.stores.shelf import Shelf

MUCH: Final = 2_000  # rows of a file that are put on the shelf at a time
WHOLE: Final = encode(["", "whole"])
"""The key of what stands in each book that was taken up to its end."""


Opener: TypeAlias = Callable[[Path], sqlite3.Connection]
"""How a book is opened that in a file would be this one.

Raises `sqlite3.Error`, and `Unavailable` where the store is away.
"""


def open_file(path: Path) -> sqlite3.Connection:
    """The database in a file, which its owner alone can read.  Raises `sqlite3.Error`."""
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)  # SQLite gives the files beside it the same mode
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file: {error}") from error
    return sqlite3.connect(path, check_same_thread=False)


class OnShelf:
    """The books of one writer on the shelf of a store that several nodes share."""

    def __init__(
        self, shelf: Shelf, database: Path, on_trouble: Callable[[StoreError], None]
    ) -> None:
        """Claim *shelf*, which is closed with this; *database* is what the books would lie beside.

        *on_trouble* hears, in another thread, that somebody else has claimed it.  Raises
        `Unavailable`.
        """
        self._shelf, self._home = shelf, f"{database.with_suffix('')}."
        owner = secrets.token_hex(8)
        shelf.claim(owner)
        self._courier = Courier(shelf, owner, on_trouble)

    def open(self, path: Path) -> sqlite3.Connection:
        """The book that in a file would be *path*, the same on each node."""
        return open_book(self._shelf, self._courier, str(path).removeprefix(self._home), path)

    def close(self) -> None:
        """Bring what is on its way, and let go; twice is harmless."""
        self._courier.close()
        self._shelf.close()


class Elsewhere(sqlite3.Connection):
    """A book of a node that follows: its tables may be made, but what is in them the writer has."""

    def execute(self, sql: str, given: Any = (), /) -> sqlite3.Cursor:
        if sql.lstrip()[:6].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE", "REPLAC"):
            raise NotKept("", "this node follows; the book is the writer's")
        return super().execute(sql, given)


def open_elsewhere(path: Path) -> sqlite3.Connection:
    """A book of a node that follows."""
    return sqlite3.connect("", check_same_thread=False, factory=Elsewhere)


def open_book(shelf: Shelf, courier: Courier, book: str, file: Path) -> sqlite3.Connection:
    """The database that stands on *shelf* as *book*; where there is none, what is in *file*.

    The file, if there is one, stays as it is.  Raises `Unavailable` or `sqlite3.Error`.
    """
    db = Mirrored("", check_same_thread=False)
    try:
        rows = shelf.rows(book)
        if rows.pop(WHOLE, None) is not None:
            _restore(db, rows)
            db.follow(book, courier, {k: v for k, v in rows.items() if decode(k)[0] == ""})
        else:
            if file.exists():
                _copy(file, db)
            db.follow(book, courier, {})
            _take_up(db, courier, book, rows)
    except BaseException:
        db.close()
        raise
    return db


def read_book(shelf: Shelf, book: str) -> sqlite3.Connection:
    """A copy of what stands on *shelf* as *book*; nothing is in it where there is none, or a part.

    Raises `Unavailable` or `sqlite3.Error`.
    """
    rows = shelf.rows(book)
    db = sqlite3.connect("", check_same_thread=False)
    try:
        if rows.pop(WHOLE, None) is not None:
            _restore(db, rows)
    except BaseException:
        db.close()
        raise
    return db


def _copy(file: Path, db: sqlite3.Connection) -> None:
    """The statements and rows of *file*: its pages may be such as no private database can have."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as source:
        for sql in source.iterdump():
            plain(db, sql)
        plain(db, f"PRAGMA user_version = {plain(source, 'PRAGMA user_version')[0][0]}")


def _take_up(db: Mirrored, courier: Courier, book: str, left: Iterable[bytes]) -> None:
    """Put all there is on the shelf, part by part; *left* is what an attempt before has put."""
    plain(db, "BEGIN")
    changed = dict.fromkeys(left) | db.changed()
    rows = [((book, key), value) for key, value in changed.items()]
    for start in range(0, len(rows), MUCH):
        courier.wait(courier.send(dict(rows[start : start + MUCH])))
    courier.wait(courier.send({(book, WHOLE): b""}))
    db.settle(changed)
    sqlite3.Connection.commit(db)


def _restore(db: sqlite3.Connection, rows: Mapping[bytes, bytes]) -> None:
    """Make the tables, then their rows, then what else there is."""
    found = [(decode(key), decode(value)) for key, value in rows.items()]
    form = {tuple(key[1:]): value for key, value in found if key[0] == ""}
    plain(db, "BEGIN")
    for what, sql in form.items():
        if what[0] == "table":
            plain(db, sql)
    inserts: dict[str, tuple[str, bool]] = {}
    for (table, *key), row in found:
        if table != "":
            sql, keyed = inserts.get(table) or inserts.setdefault(table, _insert(db, table))
            plain(db, sql, [*key, *row] if keyed else row)
    for what, said in form.items():
        match what:
            case ["sequence", name]:
                plain(db, "DELETE FROM sqlite_sequence WHERE name = ?", [name])
                plain(db, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [name, said])
            case ["version"]:
                plain(db, f"PRAGMA user_version = {int(said)}")
            case [kind, _] if kind != "table":
                plain(db, said)
    plain(db, "COMMIT")


def _insert(db: sqlite3.Connection, table: str) -> tuple[str, bool]:
    """The statement for a row of *table*, and whether its number comes first."""
    columns, key = columns_of(db, table), key_of(db, table)
    keyed = key == ("rowid",)
    named = key + columns if keyed else columns
    marks = ", ".join("?" * len(named))
    return f"INSERT INTO {quoted(table)} ({listed(named)}) VALUES ({marks})", keyed  # noqa: S608
