"""A real Redis that comes back without its last commits, under a node that has taken mail in."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.house import House, Jammed

from omniroute.stores.api import InDoubt, Moved, verify_chain
from omniroute.stores.redis import RedisStore
from omniroute.testing.redis_server import RedisServer, program

pytestmark = pytest.mark.redis


class OnRedis(House):
    """The node on a Redis, made anew as its server would make it."""

    async def opens(self, url: str) -> None:
        store: Any = RedisStore(url)
        self.store, self.exchange = store, store.exchange()
        self.spool = Jammed(self.folder / "real")
        self.node = self.made()
        await self.start()

    async def leaves(self) -> None:
        await self.close()
        assert self.exchange is not None
        self.exchange.close()

    def stopped(self) -> bool:
        """Whether it must not go on."""
        return any(isinstance(each, InDoubt | Moved) for each in self.troubles)

    def decided(self) -> set[str]:
        return {message.message for message in self.messages()}


async def test_f24_a_redis_that_forgets_its_last_commits_loses_no_message(tmp_path: Path) -> None:
    """It is killed and comes back with an earlier state of its disk, as a replica behind would."""
    found = program()
    assert found is not None
    disk, earlier = tmp_path / "disk", tmp_path / "earlier"
    disk.mkdir()
    server = RedisServer(disk, found)
    server.start()
    house = OnRedis(tmp_path)
    try:
        await house.opens(server.url)
        for number in range(4):
            await house.says(f"kept {number}", sender=f"s{number}")
        await house.read(4)
        shutil.copytree(disk, earlier)
        for number in range(4):
            await house.says(f"lost {number}", sender=f"t{number}")
        await house.read(8)
        decided = house.decided()

        server.kill()
        shutil.rmtree(disk)
        shutil.copytree(earlier, disk)
        server.start()
        await house.says("while nobody knows yet", sender="u")
        await house.until(house.stopped)
        await house.leaves()

        await house.opens(server.url)
        assert [loss.entries for loss in house.spool.losses] == [8]
        await asyncio.wait_for(house.read(9), 30)
        assert decided < house.decided()
        reader = house.store.reader()
        assert verify_chain(reader) is None
        reader.close()
        await house.leaves()
    finally:
        server.kill()
