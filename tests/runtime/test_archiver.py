"""The archive takes each record once, with what was written with it; on SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.archive_contract import ArchiveContract, asking, kept, parted, rows_of

from omniroute.runtime.archiver import Archiver
from omniroute.stores.archive import Archive
from omniroute.stores.archive_postgres import PostgresArchive
from omniroute.stores.archive_sqlite import SqliteArchive
from omniroute.testing.postgres_server import PostgresServer, postgres

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


class TestSqlite(ArchiveContract):
    def open(self, folder: Path) -> Archive:
        return SqliteArchive(folder / "archive.db")

    def is_nowhere(self, folder: Path, word: bytes) -> None:
        for path in folder.iterdir():
            assert word not in path.read_bytes().lower(), path


@pytest.mark.postgres
class TestPostgres(ArchiveContract):
    @pytest.fixture(autouse=True)
    def on(self, server: PostgresServer) -> None:
        self.url = server.url

    def open(self, folder: Path) -> Archive:
        name = folder / "space"
        if not name.exists():
            name.write_text(f"a{next(NUMBERS)}")
        return PostgresArchive(f"{self.url}?space={name.read_text()}")

    def test_two_that_fill_it_at_the_same_time_take_each_record_once(self, tmp_path: Path) -> None:
        source = parted().reader()
        one, twin = (PostgresArchive(f"{self.url}?space=twice") for _ in range(2))
        first, second = Archiver(one, source), Archiver(twin, source)
        while first.step(20) | second.step(20):
            pass
        with asking(twin) as asker:
            assert asker.tail(0, 10_000) == source.tail(0, 10_000)
            assert kept(rows_of(asker)) == kept(rows_of(source))
        for each in (first, second, one, twin):
            each.close()
