"""The archive beside a running server: how far it is, and what a lost store is made of again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.runtime.archive_contract import parted
from tests.server.house import House

from omniroute.cli.nodes import nodes
from omniroute.errors import ConfigError, StoreError
from omniroute.runtime.node import files_of
from omniroute.runtime.upgrading import signed
from omniroute.server.archiving import Archiving, open_archive, open_asker
from omniroute.server.settings import Settings, Storage, load
from omniroute.settings import Secret
from omniroute.stores.api import GENESIS, Record, Unavailable
from omniroute.stores.archive import Behind
from omniroute.stores.archive_sqlite import SqliteArchive
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteStore
from omniroute.testing.server_process import until


def with_archive(folder: Path) -> House:
    house = House(folder)
    house.write(house.settings().replace('path = "desk.db"', 'path = "desk.db"\narchive = "a.db"'))
    return house


def said(house: House) -> str:
    """What `omniroute nodes` says below its table."""
    result = CliRunner().invoke(nodes, ["--config", str(house.config)])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()[-1]


def test_a_database_that_was_lost_is_made_again_from_the_archive(tmp_path: Path) -> None:
    house = with_archive(tmp_path)
    with house.running() as running:
        running.mail("joe@mail.example", "Refund", "I was charged twice")
        running.wait_for_threads(1)
        until("the archive has all", 20, lambda: said(house).endswith("and has all"))
        assert said(house).startswith("the archive is at record ")
        assert "omniroute_archive_behind 0.0" in running.local.text("/metrics")
        running.process.stop()
        for suffix in ("", "-wal", "-shm"):
            house.database.with_name(house.database.name + suffix).unlink(missing_ok=True)
        files_of(house.database)["views"].unlink()
        running.process.start()
        assert "which the archive has: it is made whole from there" in running.process.log
        assert running.thread_of("joe@mail.example")["excerpt"] == "I was charged twice"
        assert running.local.get("/api/admin/verify")["ok"]
        running.mail("kim@mail.example", "Refund", "So was I")
        running.wait_for_threads(2)


def test_it_is_filled_as_the_journal_grows(tmp_path: Path) -> None:
    store, records = MemoryStore(), parted().tail(0, 1000)
    archiving = Archiving(SqliteArchive(tmp_path / "a.db"), store.reader())
    archiving.start()
    bodies = [record.body for record in records]
    store.commit(GENESIS, bodies[:100], {})
    archiving.wake()
    until("it has what there was", 20, lambda: archiving.status == (100, ""))
    store.commit(store.head(), bodies[100:], {})
    archiving.wake()
    until("and what came", 20, lambda: archiving.status == (len(records), ""))
    archiving.stop()


def test_an_archive_that_was_away_is_filled_later(tmp_path: Path) -> None:
    source = Away(parted())
    archiving = Archiving(SqliteArchive(tmp_path / "a.db"), source.reader(), pause=0.01)
    archiving.start()
    until("it says what is wrong", 20, lambda: archiving.status == (0, "the store: is away"))
    source.back.set()
    until("it has all", 20, lambda: archiving.status == (parted().head()[0], ""))
    archiving.stop()


class Away(MemoryStore):
    """A store that cannot be read until it is back."""

    def __init__(self, whole: MemoryStore) -> None:
        super().__init__()
        vars(self).update(vars(whole.copy()))
        self.back = threading.Event()

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        if not self.back.is_set():
            raise Unavailable("the store", "is away")
        return super().tail(after, limit)


def test_a_running_server_hears_that_its_store_has_lost_records(tmp_path: Path) -> None:
    whole, losses = parted(), list[StoreError]()
    archive = SqliteArchive(tmp_path / "a.db")
    archive.append(GENESIS, [r.body for r in whole.tail(0, 20)], signed(), [])
    left = MemoryStore()
    left.commit(GENESIS, [r.body for r in whole.tail(0, 10)], {})
    archiving = Archiving(archive, left.reader(), losses.append, pause=0.01)
    archiving.start()
    until("it is told", 20, lambda: losses)
    archiving.stop()
    assert isinstance(losses[0], Behind)


def test_what_is_no_archive_is_refused_by_name(tmp_path: Path) -> None:
    def named(archive: str) -> Settings:
        return Settings(store=Storage(tmp_path / "desk.db", archive=Secret(archive)))

    assert open_archive(named("")) is None
    assert open_asker(named("")) is None
    with pytest.raises(ConfigError, match=r"store\.archive: is the desk's own database"):
        open_archive(named(str(tmp_path / "desk.db")))
    with pytest.raises(ConfigError, match="is neither a file nor postgresql://"):
        open_archive(named("redis://localhost"))
    store = SqliteStore(tmp_path / "other.db")
    store.commit(GENESIS, [b"one"], {})
    store.close()
    with pytest.raises(Unavailable, match="is a desk's own database, and no archive"):
        open_archive(named(str(tmp_path / "other.db")))


def test_a_file_lies_where_the_settings_do_and_can_be_asked_beside_the_server(
    tmp_path: Path,
) -> None:
    settings = load(with_archive(tmp_path).config)
    archive = open_archive(settings)
    assert archive is not None
    asker = open_asker(settings)
    assert asker is not None
    assert asker.ask("SELECT COUNT(*) AS n FROM threads") == [{"n": 0}]
    asker.close()
    archive.close()
    assert (tmp_path / "a.db").exists()
