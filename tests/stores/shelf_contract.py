"""What every shelf must do; a driver's tests subclass `ShelfContract`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from omniroute.stores.books import OnShelf
from omniroute.stores.courier import NotKept
from omniroute.stores.shelf import Displaced, MemoryShelf, Shelf


class ShelfContract:
    """The suite; `shelf` is an empty one."""

    @pytest.fixture
    def shelf(self) -> Iterator[Shelf]:
        shelf = MemoryShelf()
        yield shelf
        shelf.close()

    def test_what_is_put_is_there_book_by_book(self, shelf: Shelf) -> None:
        shelf.claim("one")
        shelf.put("one", {("notes", b"\x00k"): b"\xff", ("notes", b"l"): b"", ("more", b"l"): b"3"})
        assert shelf.rows("notes") == {b"\x00k": b"\xff", b"l": b""}
        shelf.put("one", {("notes", b"l"): None, ("notes", b"m"): b"2", ("notes", b"gone"): None})
        shelf.put("one", {("notes", b"\x00k"): b"1"})
        assert shelf.rows("notes") == {b"\x00k": b"1", b"m": b"2"}
        assert shelf.rows("more") == {b"l": b"3"}
        assert shelf.rows("none") == {}

    def test_many_rows_are_read_at_once(self, shelf: Shelf) -> None:
        shelf.claim("one")
        rows: dict[tuple[str, bytes], bytes | None] = {("n", b"%d" % n): b"x" for n in range(3000)}
        shelf.put("one", rows)
        assert len(shelf.rows("n")) == 3000

    def test_who_was_displaced_changes_nothing(self, shelf: Shelf) -> None:
        shelf.claim("one")
        shelf.put("one", {("notes", b"k"): b"1"})
        shelf.claim("two")
        with pytest.raises(Displaced):
            shelf.put("one", {("notes", b"k"): b"2", ("notes", b"l"): b"2"})
        with pytest.raises(Displaced):
            shelf.put("one", {("notes", b"k"): None})
        assert shelf.rows("notes") == {b"k": b"1"}
        shelf.put("two", {("notes", b"k"): b"3"})
        assert shelf.rows("notes") == {b"k": b"3"}

    def test_the_next_writer_finds_a_book_as_it_was(self, shelf: Shelf, tmp_path: Path) -> None:
        """Its tables, rows and numbers; what was rolled back never was."""
        first = OnShelf(shelf, tmp_path / "desk.db", lambda error: None)
        with closing(first.open(tmp_path / "desk.accounts")) as db:
            db.executescript("CREATE TABLE people (name TEXT PRIMARY KEY, secret BLOB)")
            with db:
                db.execute("INSERT INTO people VALUES ('Ana', x'00FF'), ('Bo', NULL)")
            db.execute("DELETE FROM people")
            with pytest.raises(sqlite3.IntegrityError), db:
                db.execute("INSERT INTO people VALUES ('Cy', 1), ('Cy', 2)")
            with db:
                db.execute("UPDATE people SET secret = 'new' WHERE name = 'Bo'")
        second = OnShelf(shelf, tmp_path / "other.db", lambda error: None)
        with closing(second.open(tmp_path / "other.accounts")) as db:
            found = db.execute("SELECT * FROM people ORDER BY name").fetchall()
            assert found == [("Ana", b"\x00\xff"), ("Bo", "new")]
        second.close()
        first.close()

    def test_an_earlier_writer_is_told_and_keeps_nothing(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        told: list[Exception] = []
        first = OnShelf(shelf, tmp_path / "desk.db", told.append)
        with closing(first.open(tmp_path / "desk.notes")) as db:
            db.executescript("CREATE TABLE notes (said)")
            second = OnShelf(shelf, tmp_path / "desk.db", told.append)
            with pytest.raises(NotKept, match="another node has taken over"), db:
                db.execute("INSERT INTO notes VALUES ('late')")
            assert db.execute("SELECT * FROM notes").fetchall() == []
        assert [type(error) for error in told] == [Displaced]
        with closing(second.open(tmp_path / "desk.notes")) as db:
            assert db.execute("SELECT * FROM notes").fetchall() == []
        second.close()
        first.close()
