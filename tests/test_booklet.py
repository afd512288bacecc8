"""A channel's own small database: open or closed, and never half."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from omniroute import Booklet, Closed, ConfigError, Site

TABLES = "CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY)"


def put(id: int) -> Callable[[sqlite3.Connection], int]:
    return lambda db: db.execute("INSERT INTO seen VALUES (?)", (id,)).rowcount


async def test_what_was_noted_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    booklet = Booklet(Site(tmp_path, ""), "seen.sqlite", TABLES, synced=True)
    for times in (1, 2):
        await booklet.open()
        await asyncio.gather(*(booklet.do(put(n)) for n in (times, times * 10)))
        await booklet.close()
    await booklet.open()
    found = await booklet.do(lambda db: db.execute("SELECT id FROM seen ORDER BY id").fetchall())
    await booklet.close()
    assert found == [(1,), (2,), (10,), (20,)]


async def test_nothing_is_done_before_it_is_open_or_after(tmp_path: Path) -> None:
    booklet = Booklet(Site(tmp_path, ""), "seen.sqlite", TABLES)
    with pytest.raises(Closed):
        await booklet.do(put(1))
    await booklet.open()
    await booklet.close()
    await booklet.close()
    with pytest.raises(Closed):
        await booklet.do(put(1))


async def test_a_file_of_no_use_is_named(tmp_path: Path) -> None:
    (tmp_path / "seen.sqlite").write_bytes(b"no database" * 100)
    booklet = Booklet(Site(tmp_path, ""), "seen.sqlite", TABLES)
    with pytest.raises(ConfigError, match=r"seen\.sqlite: cannot be used"):
        await booklet.open()
    with pytest.raises(Closed):
        await booklet.do(put(1))
