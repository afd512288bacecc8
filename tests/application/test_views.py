"""The views as a file: filled from the journal, and made again whenever in doubt."""

from __future__ import annotations

import logging
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from omniroute.application.pages import Change
from omniroute.application.projections import schema
from omniroute.application.views import BATCH, Views
from omniroute.stores.api import Unavailable
from omniroute.stores.memory import MemoryStore

if TYPE_CHECKING:
    from tests.application.conftest import Scene


def excerpts(views: Views) -> list[str]:
    with views.reading() as db:
        return [row["excerpt"] for row in db.execute("SELECT excerpt FROM threads ORDER BY id")]


def content(views: Views) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    tables = (
        "threads messages files happenings decisions customers handles offers agents found applied"
    )
    with views.reading() as db:
        return {
            table: sorted(tuple(row) for row in db.execute(f"SELECT * FROM {table}"))  # noqa: S608
            for table in tables.split()
        }


# --- following ---


def test_the_journal_becomes_tables(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "I was charged twice")
    scene.writes("eve@x.org", "Where is my parcel?")

    views.catch_up()

    assert excerpts(views) == ["I was charged twice", "Where is my parcel?"]
    assert views.applied == scene.reader.head()[0]


def test_catching_up_twice_changes_nothing(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    assert views.catch_up() is not None
    before = content(views)

    assert views.catch_up() is None
    assert content(views) == before


def test_a_batch_says_whom_it_concerns(scene: Scene, views: Views) -> None:
    scene.online("ana")
    views.catch_up()
    thread = scene.writes("joe@x.org", "my refund", topic="refund")

    change = views.catch_up()
    assert change == Change(
        scene.reader.head()[0], threads=(thread,), agents=("ana",), offered=("ana",)
    )

    scene.accepts("ana", thread)
    views.catch_up()
    scene.writes("joe@x.org", "are you there?")

    change = views.catch_up()
    assert change == Change(scene.reader.head()[0], threads=(thread,), wrote=("ana",))


def test_many_records_are_folded_batch_by_batch(scene: Scene, views: Views) -> None:
    for number in range(BATCH + 10):
        scene.notes("ana", scene.writes("joe@x.org", f"message {number}"), "x")

    steps = []
    while (change := views.step()) is not None:
        steps.append(change.seq)

    assert len(steps) == 3
    assert steps[-1] == views.applied == scene.reader.head()[0]


def test_a_second_reading_of_the_same_journal_gives_the_same_tables(
    scene: Scene, views: Views, tmp_path: Path
) -> None:
    scene.online("ana", "bo")
    thread = scene.writes("joe@x.org", "my refund", name="Joe", topic="refund")
    views.catch_up()
    scene.passes("ana", thread)
    scene.replies("ana", thread, "here you are", hold=5_000)
    views.catch_up()
    scene.wait(minutes=10)
    views.catch_up()

    other = Views(tmp_path / "other", scene.reader)
    other.catch_up()

    assert content(other) == content(views)
    other.close()


def test_a_change_of_many_threads_names_none(scene: Scene, views: Views) -> None:
    for number in range(BATCH + 5):
        scene.writes(f"c{number}@x.org", "hello")

    change = views.catch_up()

    assert change == Change(views.applied, all=True)


# --- starting again ---


def test_a_file_is_taken_up_where_it_was_left(scene: Scene) -> None:
    scene.writes("joe@x.org", "hello")
    first = Views(scene.path, scene.reader)
    first.catch_up()
    first.close()
    scene.writes("eve@x.org", "and me")

    second = Views(scene.path, scene.reader)
    assert second.applied == scene.reader.head()[0] - 1
    change = second.catch_up()

    assert change is not None
    assert change.threads == (2,)
    assert excerpts(second) == ["hello", "and me"]
    second.close()


def test_a_file_that_is_gone_is_filled_again(scene: Scene) -> None:
    scene.writes("joe@x.org", "hello")
    first = Views(scene.path, scene.reader)
    first.catch_up()
    before = content(first)
    first.close()
    schema.delete(scene.path)

    second = Views(scene.path, scene.reader)
    assert second.applied == 0
    second.catch_up()

    assert content(second) == before
    second.close()


@pytest.mark.parametrize("rubbish", [b"", b"not a database at all" * 300, b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_made_again(scene: Scene, rubbish: bytes) -> None:
    scene.writes("joe@x.org", "hello")
    scene.path.write_bytes(rubbish)

    views = Views(scene.path, scene.reader)
    views.catch_up()

    assert excerpts(views) == ["hello"]
    views.close()


def test_a_file_of_another_version_is_made_again(scene: Scene) -> None:
    scene.writes("joe@x.org", "hello")
    db = sqlite3.connect(scene.path)
    db.execute("CREATE TABLE threads (everything TEXT)")
    db.execute("PRAGMA user_version = 7")
    db.close()

    views = Views(scene.path, scene.reader)
    views.catch_up()

    assert excerpts(views) == ["hello"]
    views.close()


def test_a_change_of_the_tables_changes_the_stamp() -> None:
    assert schema.STAMP != 0
    assert schema.STAMP < 2**31  # as much as a file can hold


def damage(path: Path) -> None:
    """Overwrite all but the first page; whoever reads on meets nonsense."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def test_a_file_damaged_while_we_write_is_made_again(
    scene: Scene, views: Views, caplog: pytest.LogCaptureFixture
) -> None:
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    damage(scene.path)
    scene.writes("eve@x.org", "and me")

    with caplog.at_level(logging.WARNING):
        views.catch_up()

    assert excerpts(views) == ["hello", "and me"]
    assert "desk.views is made again" in caplog.text


def test_a_file_found_damaged_by_a_reader_is_made_again(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    assert excerpts(views) == ["hello"]
    alarms: list[str] = []
    views.alarm = lambda: alarms.append("rung")
    damage(scene.path)

    with pytest.raises(Unavailable, match=r"desk\.views: is damaged and made again"):
        excerpts(views)

    assert alarms == ["rung"]
    views.catch_up()
    assert excerpts(views) == ["hello"]


def test_another_journal_under_the_same_numbers_is_noticed(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """After a store has lost its last records, others carry their numbers."""
    scene.writes("joe@x.org", "hello")
    views = Views(scene.path, scene.reader)
    views.catch_up()
    views.close()
    other = MemoryStore()
    records = scene.reader.tail(0)
    rows: dict[str, bytes | None] = dict(scene.reader.scan("p/"))
    lost = [record.body for record in records[:-1]]
    instead = records[-1].body.replace(b'"m2"', b'"m9"')
    assert instead != records[-1].body
    other.commit(other.head(), [*lost, instead], {**rows, "b/m9": b'{"text":"something else"}'})

    views = Views(scene.path, other.reader())
    with caplog.at_level(logging.WARNING):
        change = views.catch_up()

    assert excerpts(views) == ["something else"]
    assert change is not None
    assert change.all
    assert "the journal is another than at record" in caplog.text
    views.close()


def test_a_shorter_journal_is_noticed(scene: Scene) -> None:
    scene.writes("joe@x.org", "hello")
    views = Views(scene.path, scene.reader)
    views.catch_up()
    views.close()
    fresh = MemoryStore()
    fresh.commit(fresh.head(), [scene.reader.tail(0)[0].body], {})

    views = Views(scene.path, fresh.reader())
    views.catch_up()

    assert views.applied == 1
    assert excerpts(views) == []
    views.close()


def test_readers_see_the_old_tables_until_the_new_are_there(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    with views.reading() as db:
        before = db.execute("SELECT COUNT(*) FROM threads").fetchone()[0]
        scene.writes("eve@x.org", "and me")
        views.catch_up()
        assert db.execute("SELECT COUNT(*) FROM threads").fetchone()[0] == before

    assert excerpts(views) == ["hello", "and me"]


def test_nothing_is_half_written(scene: Scene, views: Views) -> None:
    """A record that cannot be read stops the batch; the tables stand where they stood."""
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    at = views.applied
    scene.writes("eve@x.org", "and me")
    scene.store.commit(scene.store.head(), [b"rubbish"], {})

    with pytest.raises(msgspec.DecodeError):
        views.catch_up()

    assert views.applied == at
    assert excerpts(views) == ["hello"]


def test_a_failing_statement_leaves_nothing_behind(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    before = content(views)
    scene.writes("eve@x.org", "and me")
    with sqlite3.connect(scene.path) as db:
        db.execute("ALTER TABLE decisions RENAME TO elsewhere")
    db.close()

    with pytest.raises(sqlite3.OperationalError, match="no such table: decisions"):
        views.catch_up()

    with sqlite3.connect(scene.path) as db:
        db.execute("ALTER TABLE elsewhere RENAME TO decisions")
    db.close()
    assert content(views) == before
    views.catch_up()
    assert excerpts(views) == ["hello", "and me"]


def test_a_private_row_that_cannot_be_read_is_said_and_left_out(
    scene: Scene, views: Views, caplog: pytest.LogCaptureFixture
) -> None:
    scene.writes("joe@x.org", "hello")
    thread = scene.writes("eve@x.org", "and me")
    row = f"b/{scene.state.threads[thread].message}"
    scene.store.commit(scene.store.head(), [b'{"v":1}'], {row: b"rubbish"})

    with caplog.at_level(logging.ERROR):
        views.catch_up()

    assert excerpts(views) == ["hello", ""]
    assert f"row {row} cannot be read" in caplog.text


# --- the file ---


def test_the_file_is_for_its_owner_alone(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    views.catch_up()
    for suffix in ("", "-wal"):
        mode = scene.path.with_name(scene.path.name + suffix).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600


def test_a_reader_cannot_write(views: Views) -> None:
    with views.reading() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM threads")


def test_a_folder_that_is_not_there_is_named(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nowhere/desk"):
        Views(tmp_path / "nowhere" / "desk", scene.reader)
