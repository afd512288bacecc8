"""A Redis with an archive holds open work: its memory falls, and everything reads as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.archive_contract import kept, rows_of
from tests.runtime.test_trimming import HOUR, Desk, naming, past, trimmed

from omniroute.runtime.verify import verify
from omniroute.stores.api import GENESIS
from omniroute.stores.redis import RedisStore
from omniroute.stores.tiered import GONE, first_kept
from omniroute.testing.redis_server import redis_server

pytestmark = pytest.mark.redis


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The past of a desk in a real Redis."""
    with redis_server() as server:
        store: Any = RedisStore(server.url)
        bodies = [record.body for record in past().tail(0, 100_000)]
        store.commit(GENESIS, bodies, dict(past().scan("", "", 100_000)))
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
