"""A server whose store lets go of what the archive has: what it says of it, and what it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.runtime.test_trimming import HOUR
from tests.server.house import House
from tests.server.shared import Shared, moved, serving

from omniroute.cli.nodes import _archived
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.verify import verify
from omniroute.server.roster import ArchiveReport, KeptReport
from omniroute.stores.api import Unavailable
from omniroute.stores.tiered import TRIMMED, TieredStore, first_kept
from omniroute.testing.server_process import until


def house(folder: Path, archive: str = 'archive = "a.db"\n') -> House:
    house = House(folder, store="shared:")
    house.write(house.settings().replace("[store]\n", f"[store]\n{archive}"))
    return house


async def test_a_server_lets_go_of_old_records_and_starts_again_without_them(
    tmp_path: Path,
) -> None:
    store = Shared()
    one = house(tmp_path / "one")
    async with serving(one, store.plugins()) as server:
        assert isinstance(server.store, TieredStore)
        trimming = server.node.parts.trimming
        assert trimming is not None
        archiving = server.archiving
        assert archiving is not None
        await asyncio.to_thread(
            until, "the archive has all", 30, lambda: archiving.status.at == store.head()[0]
        )
        await asyncio.to_thread(trimming.page)  # it sees what the archive has
        later = SystemClock(lambda: (server.clock.now() + 2 * HOUR) * 1_000_000)
        trimming._clock = later
        held, _ = await asyncio.to_thread(trimming.page)
        assert held is not None
        await server.node.inbox.trim(held)
        assert first_kept(store) > 1
        assert verify(server.store.reader()).ok
    async with serving(one, store.plugins()) as server:
        assert verify(server.store.reader()).ok
    without = house(tmp_path / "without", archive="")
    moved(one, without)
    with pytest.raises(Unavailable, match="name that archive there"):
        async with serving(without, store.plugins()):
            pass
    another = house(tmp_path / "another")
    moved(one, another)
    with pytest.raises(Unavailable, match="and this one has 0"):
        async with serving(another, store.plugins()):
            pass
    assert store.get([TRIMMED])


def test_the_list_of_nodes_says_what_the_store_has_itself() -> None:
    report = ArchiveReport(9, 0, "", KeptReport(1, 7))
    said = _archived({"at": 9, "behind": 0, "fault": "", "kept": {"closed": 1, "first": 7}})
    assert report.kept == KeptReport(1, 7)
    assert said == (
        "the archive is at record 9, and has all; the store itself has 1 closed thread,"
        " and records from 7 on"
    )
