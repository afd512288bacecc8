"""A Redis with an archive holds open work: its memory falls, and everything reads as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.terminal import omniroute
from tests.runtime.archive_contract import kept, rows_of
from tests.runtime.test_trimming import HOUR, Desk, naming, past, trimmed
from tests.server.house import House
from tests.server.shared import serving

from omniroute.runtime.upgrading import signed
from omniroute.runtime.verify import verify
from omniroute.server.composition import load_plugins
from omniroute.stores.api import GENESIS
from omniroute.stores.redis import RedisStore
from omniroute.stores.tiered import GONE, first_kept
from omniroute.testing.redis_server import redis_server

pytestmark = pytest.mark.redis


@pytest.fixture
def url() -> Iterator[str]:
    """A real Redis."""
    with redis_server() as server:
        yield server.url


@pytest.fixture
def desk(tmp_path: Path, url: str) -> Iterator[Desk]:
    """The past of a desk in it."""
    store: Any = RedisStore(url)
    bodies = [record.body for record in past().tail(0, 100_000)]
    store.commit(GENESIS, bodies, {**dict(past().scan("", "", 100_000)), **signed()})
    desk = Desk(tmp_path, store)
    yield desk
    desk.close()


def memory(desk: Desk) -> int:
    """Bytes of journal, rows and their order."""
    line = desk.alone._line
    keys = line.ask(lambda client: client.keys("*"))
    return sum(line.ask(lambda client, key=key: client.memory_usage(key, 0)) for key in keys)


def test_memory_follows_open_work_and_nothing_reads_otherwise(desk: Desk) -> None:
    before, journal = memory(desk), past().tail(0, 100_000)
    trimmed(desk)
    assert memory(desk) < before * 0.6
    assert first_kept(desk.alone) == desk.alone.head()[0]
    reader = desk.store.reader()
    assert kept(rows_of(reader)) == kept(rows_of(past().reader()))
    assert reader.tail(0, 100_000) == journal
    reader.close()
    assert verify(desk.store.reader()).ok


def test_an_erasure_of_what_has_left_reaches_the_archive(desk: Desk) -> None:
    trimmed(desk)
    here = dict(desk.alone.scan("b/", "", 1000, desk.alone.head()))
    gone = next(key for key, _ in past().scan("b/") if key not in here)
    head = desk.store.commit(desk.store.head(), [naming(gone)], {gone: None})
    assert desk.alone.get([gone], head) == {gone: GONE}
    assert desk.store.get([gone], head) == {}
    desk.copies()
    assert desk.asker.get([gone]) == {}
    desk.lap()
    desk.clock.at += HOUR
    desk.lap()
    assert desk.alone.get([gone], head) == {}


async def test_a_desk_whose_archive_is_lost_starts_once_somebody_has_accepted_it(
    desk: Desk, url: str, tmp_path: Path
) -> None:
    trimmed(desk)
    (tmp_path / "archive.db").rename(tmp_path / "lost.db")
    house = House(tmp_path / "house", store=url)
    house.write(house.settings().replace("[store]\n", '[store]\narchive = "a.db"\n'))
    options = ("--config", house.config)
    said = omniroute("archive", "remake", *options)
    assert "`omniroute archive remake --accept-loss`" in said.err
    assert (said.code, desk.alone.get(["u/begins"], desk.alone.head())) == (1, {})
    first, closed = first_kept(desk.alone), sum(1 for _ in past().scan("tc/", "", 1000))
    lines = omniroute("archive", "remake", "--accept-loss", *options).lines
    assert lines[0] == f"1 records, from {first} on"
    assert lines[1].startswith(f"lost: records 1 to {first - 1}, from before 20")
    assert lines[2] == f"  and {closed} closed threads with what was said in them"
    assert lines[3].startswith("kept: open threads, customers")
    again = omniroute("archive", "remake", "--accept-loss", *options)
    assert "has what the store has let go of: nothing need be lost" in again.err
    async with serving(house, load_plugins()) as server:
        verdict = verify(server.store.reader())
        assert (verdict.ok, verdict.begins) == (True, first)
    lines = omniroute("verify", *options).lines
    assert lines[0].startswith(f"the journal begins at record {first}")
    assert lines[-1].endswith("threads: all is well")
