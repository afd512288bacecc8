"""A real Redis that comes back without its last commits, under a node that has taken mail in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.runtime.house import House, Jammed

from omniroute.errors import StoreError
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.handover import Handover
from omniroute.runtime.keeping import GAP
from omniroute.runtime.spool import Spool
from omniroute.server.archiving import make_whole
from omniroute.stores.api import InDoubt, Moved, verify_chain
from omniroute.stores.archive import Archive
from omniroute.stores.archive_sqlite import SqliteArchive
from omniroute.stores.redis import RedisStore
from omniroute.stores.tiered import TieredStore
from omniroute.testing.redis_server import RedisServer, program, redis_server
from omniroute.testing.redis_sets import PATIENCE, watched

pytestmark = pytest.mark.redis


class OnRedis(House):
    """The node on a Redis, made anew as its server would make it."""

    async def opens(self, url: str, archive: Archive | None = None) -> None:
        store = RedisStore(url)
        behind: Any = store if archive is None else TieredStore(store, archive.reader())
        self.store, self.exchange = behind, store.exchange()
        self.spool = Jammed(self.folder / "real")
        self.node = self.made()
        try:
            await self.start()
        except StoreError:
            await self.leaves()
            raise

    async def leaves(self) -> None:
        await self.close()
        assert self.exchange is not None
        self.exchange.close()

    def stopped(self) -> bool:
        """Whether it must not go on."""
        return any(isinstance(each, InDoubt | Moved) for each in self.troubles)

    def decided(self) -> set[str]:
        return {message.message for message in self.messages()}

    async def goes_on(self, url: str) -> None:
        """Start again where it must, as its server does, once the store lets us begin."""
        if not self.stopped():
            return None
        await self.leaves()
        self.troubles.clear()
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self.opens(url)
                except StoreError:
                    await asyncio.sleep(0.2)

    async def found(self, url: str) -> list[str]:
        """What is decided; a node that had to stop has begun again."""
        await self.goes_on(url)
        try:
            return self.texts()
        except StoreError:
            return []


def stand_still(server: RedisServer) -> None:
    server.pause()


def die(server: RedisServer) -> None:
    server.kill()


@pytest.mark.parametrize("end", [stand_still, die])
async def test_f24_a_failover_under_load_loses_no_message(
    tmp_path: Path, end: Callable[[RedisServer], None]
) -> None:
    """The sentinel may choose a replica that lacks what another has; the spool has it."""
    with watched("--min-replicas-to-write", "1") as servers:
        house = OnRedis(tmp_path)
        await house.opens(servers.url)
        numbers = iter(range(1000))

        async def messages(count: int) -> None:
            for number in islice(numbers, count):
                await house.says(f"message {number}", sender=f"s{number}")

        await messages(20)
        await house.read(10)
        end(servers.primary)
        await messages(20)  # acknowledged, whatever the store does
        await asyncio.to_thread(servers.failed_over)
        said = sorted(f"message {number}" for number in range(40))
        async with asyncio.timeout(PATIENCE):
            found = await house.found(servers.url)
            while sorted(found) != said or house.spool.depth:
                await asyncio.sleep(0.1)
                found = await house.found(servers.url)
        await house.leaves()


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


async def test_f30_where_everything_is_deleted_messages_come_back_from_the_disks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without an archive: threads begin anew, and what agents did is gone; no message is."""
    with redis_server() as server, redis.Redis(port=server.port) as client:
        house, spool = OnRedis(tmp_path), Spool(tmp_path / "of a follower", min_free=0)
        with closing(RedisStore(server.url)) as store, closing(store.exchange()) as exchange:
            follower = Handover(spool, exchange, house.clock)
            await house.opens(server.url)
            await house.says("here", sender="joe")
            await spool.append("pipe", "a", b'{"text": "there", "id": "x"}', at=house.clock.at)
            await follower.look()
            await house.until(lambda: exchange.hear(spool.name).outcomes)
            await follower.look()
            await house.until(lambda: len(house.texts()) == 2 and not spool.depth)
            decided = house.decided()

            client.flushall()
            await house.until(house.stopped)
            await house.goes_on(server.url)
            await house.until(lambda: house.texts() == ["here"])
            await follower.look()
            await follower.look()
            await house.until(lambda: len(house.texts()) == 2)
            assert house.decided() == decided
            assert [loss.entries for loss in (*house.spool.losses, *spool.losses)] == [1, 1]
            assert "the store has forgotten what it had taken" in caplog.text
            threads = [event.thread for event in house.events("ThreadOpened")]
            assert min(threads) > GAP, "no number twice"
            await house.leaves()
        await spool.close()


async def test_f30_with_an_archive_all_of_it_comes_back(tmp_path: Path) -> None:
    with redis_server() as server, redis.Redis(port=server.port) as client:
        house, archive = OnRedis(tmp_path), SqliteArchive(tmp_path / "archive.db")
        await house.opens(server.url)
        await house.says("hello", sender="joe")
        await house.read(1)
        await house.replies("sorry", hold=0)
        await house.until(lambda: house.events("ReplySent"))
        archiver = Archiver(archive, house.store.reader())
        while archiver.step():
            pass
        archiver.close()
        threads, head = dict(house.node.state.threads), archive.head()

        client.flushall()
        await house.until(house.stopped)
        await house.leaves()
        house.troubles.clear()
        with closing(RedisStore(server.url)) as store:
            make_whole(store, archive)
            assert store.head() == head
        await house.opens(server.url, archive)
        assert house.node.state.threads.keys() == threads.keys()
        assert [said.text for said in house.pipe.sent] == ["sorry"], "sent once"
        await house.says("still there?", sender="joe")
        await house.read(2)
        assert house.spool.losses == []
        await house.leaves()
        archive.close()
