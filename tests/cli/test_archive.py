"""``omniroute archive`` beside a store without a server; ``omniroute report`` of one that runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.terminal import omniroute
from tests.runtime.archive_contract import parted, past, rows_of

from omniroute.runtime.archiver import Archiver
from omniroute.stores.api import GENESIS
from omniroute.stores.archive_sqlite import SqliteArchive
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteStore

Options = tuple[str, Path]


def desk(folder: Path, store: MemoryStore, archived: MemoryStore) -> Options:
    """A folder with a desk's database and an archive of what may be another's."""
    database = SqliteStore(folder / "desk.db")
    database.commit(GENESIS, [r.body for r in store.tail(0, 10_000)], rows_of(store.reader()))
    database.close()
    archive = SqliteArchive(folder / "a.db")
    archiver = Archiver(archive, archived.reader())
    while archiver.step():
        pass
    archiver.close()
    archive.close()
    settings = folder / "omniroute.toml"
    settings.write_text('[store]\npath = "desk.db"\narchive = "a.db"\n')
    return "--config", settings


def test_searching_needs_no_server(tmp_path: Path) -> None:
    options = desk(tmp_path, past().store, past().store)
    head, first, *_ = omniroute("archive", "search", "#1", *options).lines
    assert head.split() == ["id", "opened", "phase", "queue", "channel", "name", "passage"]
    assert first.startswith("#1 ")
    found = omniroute("archive", "search", "1", *options, "--json").json
    assert found[0]["id"] == 1
    assert omniroute("archive", "search", "zanzibar", *options).lines == ["nothing"]


def test_an_archive_that_forked_is_made_anew_and_the_old_one_kept(tmp_path: Path) -> None:
    options = desk(tmp_path, past().store, parted())
    made = omniroute("archive", "remake", *options, "--json").json
    assert made["records"] == past().store.head()[0]
    assert Path(made["aside"]).name == f"a.until-{parted().head()[0]}.db"
    for name, expected in (("a.db", past().store), (Path(made["aside"]).name, parted())):
        archive = SqliteArchive(tmp_path / name)
        assert archive.head() == expected.head()
        archive.close()


def test_where_there_is_none_it_says_so(config: Options) -> None:
    assert "store.archive: is not set" in omniroute("archive", "search", "x", *config).err
    assert (
        "the server fills it — stop the server first" in omniroute("archive", "remake", *config).err
    )


def test_what_came_and_went(config: Options) -> None:
    lines = omniroute("report", *config, "--days", "1").lines
    assert lines[0] == "24 h: 2 threads opened, 0 resolved; 2 messages in, 0 answers"
    assert any(line.split()[:2] == ["billing", "1"] for line in lines)
    found = omniroute("report", *config, "--json", "--until", "2020-01-01T00:00+00:00").json
    assert (found["opened"], found["articles"]) == (0, [])
