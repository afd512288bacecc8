"""Books: whoever holds one sees a SQLite database as it is in a file, and the next writer too."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.shelf_contract import ShelfContract

from omniroute.stores.api import Unavailable
from omniroute.stores.books import OnShelf, open_elsewhere, open_file
from omniroute.stores.courier import NotKept
from omniroute.stores.shelf import MemoryShelf, Row

TABLES = """
CREATE TABLE items (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, body BLOB);
CREATE TABLE pairs (a TEXT, b INTEGER, c, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE heap (x);
CREATE INDEX by_x ON heap (x);
"""


class TestMemoryShelf(ShelfContract):
    pass


class Away(MemoryShelf):
    """A shelf that may be out of reach, or take what it is given and not say so."""

    away = silent = False

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        if not self.away:
            super().put(owner, rows)
        if self.away or self.silent:
            raise Unavailable("shelf", "it does not answer")


@pytest.fixture
def shelf() -> Away:
    return Away()


@pytest.fixture
def books(shelf: Away, tmp_path: Path) -> Iterator[OnShelf]:
    made = writer(shelf, tmp_path)
    yield made
    made.close()


def writer(shelf: MemoryShelf, folder: Path) -> OnShelf:
    return OnShelf(shelf, folder / "desk.db", lambda error: None)


def everything(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """What a database holds, as far as whoever holds it can tell."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    found = {
        name: sorted(db.execute(f"SELECT rowid, * FROM {name}").fetchall(), key=repr)  # noqa: S608
        if name != "pairs"
        else db.execute("SELECT * FROM pairs").fetchall()
        for (name,) in db.execute(tables).fetchall()
    }
    return found | {"version": db.execute("PRAGMA user_version").fetchall()}


def next_sees(shelf: MemoryShelf, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the next writer finds; it has the shelf then."""
    books = writer(shelf, folder)
    with closing(books.open(folder / "desk.notes")) as db:
        found = everything(db)
    books.close()
    return found


STEPS: dict[str, Callable[[sqlite3.Connection, int], object]] = {
    "insert": lambda db, n: db.execute(
        "INSERT OR IGNORE INTO items (key, body) VALUES (?, ?)", (f"k{n % 5}", bytes([n]))
    ),
    "replace": lambda db, n: db.execute(
        "INSERT OR REPLACE INTO items (seq, key) VALUES (?, ?)", (n % 4 + 1, f"k{n % 3}")
    ),
    "upsert": lambda db, n: db.execute(
        "INSERT INTO pairs VALUES (?, ?, ?) ON CONFLICT (b, a) DO UPDATE SET c = excluded.c",
        (f"é{n % 2}", n % 3, n / 7),
    ),
    "rename": lambda db, n: db.execute("UPDATE OR IGNORE pairs SET b = 1 WHERE b = ?", (n % 3,)),
    "heap": lambda db, n: db.executemany("INSERT INTO heap VALUES (?)", [(n,), (None,), ("\0x",)]),
    "delete": lambda db, n: db.execute("DELETE FROM heap WHERE rowid % 3 = ?", (n % 3,)),
    "empty": lambda db, n: db.execute("DELETE FROM items"),
    "number": lambda db, n: db.execute("UPDATE sqlite_sequence SET seq = seq + 10"),
    "version": lambda db, n: db.execute(f"PRAGMA user_version = {n}"),
    "begin": lambda db, n: db.in_transaction or db.execute("BEGIN IMMEDIATE"),
    "commit": lambda db, n: db.in_transaction and db.execute("COMMIT"),
    "rollback": lambda db, n: db.in_transaction and db.execute("ROLLBACK"),
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99)), max_size=14))
def test_it_is_as_a_database_in_memory_is_and_the_next_writer_finds_it_so(
    steps: list[tuple[str, int]],
) -> None:
    shelf, folder = MemoryShelf(), Path("/nowhere")
    books = writer(shelf, folder)
    with (
        closing(books.open(folder / "desk.notes")) as book,
        closing(sqlite3.connect(":memory:")) as model,
    ):
        for db in (book, model):
            db.isolation_level = None
            db.executescript(TABLES)
            for step, n in steps:
                STEPS[step](db, n)
            if db.in_transaction:
                db.execute("COMMIT")
        assert everything(book) == everything(model)
        assert next_sees(shelf, folder) == everything(model)
    books.close()


def test_a_file_that_was_there_before_is_taken_up_and_left_as_it_is(
    books: OnShelf, shelf: Away, tmp_path: Path
) -> None:
    file = tmp_path / "desk.notes"
    with closing(open_file(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(TABLES + "PRAGMA user_version = 7;")
        with db:
            db.executemany("INSERT INTO heap VALUES (?)", [(n,) for n in range(5000)])
            db.execute("INSERT INTO items (key, body) VALUES ('k', x'00')")
        before = everything(db)
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    with closing(books.open(file)) as db:
        assert everything(db) == before
        with db:
            db.execute("DELETE FROM heap")
    assert next_sees(shelf, tmp_path) == before | {"heap": []}
    with closing(open_file(file)) as db:
        assert everything(db) == before


def test_taking_up_a_file_begins_anew_where_it_was_not_finished(
    shelf: Away, tmp_path: Path
) -> None:
    file = tmp_path / "desk.notes"
    with closing(open_file(file)) as db:
        db.executescript("CREATE TABLE heap (x); INSERT INTO heap VALUES (1), (2)")
    first = writer(shelf, tmp_path)
    shelf.silent = True
    with pytest.raises(NotKept):
        first.open(file)
    shelf.silent = False
    assert next_sees(shelf, tmp_path)["heap"] == [(1, 1), (2, 2)]
    first.close()


def test_a_column_that_is_added_is_there_for_the_next(
    books: OnShelf, shelf: Away, tmp_path: Path
) -> None:
    with closing(books.open(tmp_path / "desk.notes")) as db:
        db.executescript("CREATE TABLE heap (x); INSERT INTO heap VALUES (1)")
        db.execute("ALTER TABLE heap ADD COLUMN y DEFAULT 2")
        with db:
            db.execute("INSERT INTO heap VALUES (3, 4)")
    assert next_sees(shelf, tmp_path)["heap"] == [(1, 1, 2), (2, 3, 4)]


def test_a_commit_fails_where_the_shelf_is_away_and_nothing_is_changed(
    books: OnShelf, shelf: Away, tmp_path: Path
) -> None:
    """As with a full disk; later it works, and what was refused is nowhere."""
    with closing(books.open(tmp_path / "desk.notes")) as db:
        db.isolation_level = None
        db.executescript("CREATE TABLE heap (x)")
        shelf.away = True
        with pytest.raises(sqlite3.OperationalError, match=r"could not be kept.*does not answer"):
            db.execute("INSERT INTO heap VALUES ('lost')")
        shelf.away, shelf.silent = False, True
        with pytest.raises(NotKept):  # it may have arrived, and must not stay
            db.execute("INSERT INTO heap VALUES ('doubtful')")
        shelf.silent = False
        until_kept(db)
        assert db.execute("SELECT * FROM heap").fetchall() == [("kept",)]
    books.close()
    assert next_sees(shelf, tmp_path)["heap"] == [(1, "kept")]


def until_kept(db: sqlite3.Connection) -> None:
    """The courier learns that the shelf is back when it tries again."""
    while True:
        try:
            db.execute("INSERT INTO heap VALUES ('kept')")
        except NotKept:
            threading.Event().wait(0.02)
        else:
            return


def test_who_does_not_wait_for_a_disk_does_not_wait_for_the_shelf(
    books: OnShelf, shelf: Away, tmp_path: Path
) -> None:
    with closing(books.open(tmp_path / "desk.notes")) as db:
        db.isolation_level = None
        db.executescript("CREATE TABLE heap (x)")
        db.execute("PRAGMA synchronous = NORMAL")
        shelf.away = True
        db.execute("INSERT INTO heap VALUES (1)")
        assert db.execute("SELECT * FROM heap").fetchall() == [(1,)]
        shelf.away = False
    books.close()  # what is on its way gets there
    assert next_sees(shelf, tmp_path)["heap"] == [(1, 1)]


def test_what_a_book_cannot_do_is_said(books: OnShelf, tmp_path: Path) -> None:
    with closing(books.open(tmp_path / "desk.notes")) as db:
        db.isolation_level = None
        db.executescript("CREATE TABLE heap (x)")
        with pytest.raises(sqlite3.NotSupportedError, match="begin a transaction"):
            db.execute("DELETE FROM heap RETURNING x")
        with pytest.raises(sqlite3.NotSupportedError, match="plain tables only"):
            db.execute("CREATE VIRTUAL TABLE words USING fts5(x)")
        with pytest.raises(sqlite3.NotSupportedError, match=r"table heap: .*cannot be dropped"):
            db.execute("DROP TABLE heap")


def test_a_follower_s_book_has_nothing_to_read() -> None:
    with closing(open_elsewhere(Path("desk.notes"))) as db:
        db.executescript("CREATE TABLE heap (x)")
        for sql in ("SELECT * FROM heap", "INSERT INTO heap VALUES (1)", "DELETE FROM heap"):
            with pytest.raises(sqlite3.OperationalError, match="the book is the writer's"):
                db.execute(sql)
