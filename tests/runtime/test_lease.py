"""Who writes: one node as long as it renews the lease, another soon after it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from omniroute.errors import ConfigError
from omniroute.runtime.lease import Lease, May, always, take_turns
from omniroute.stores.api import Moved, Unavailable
from omniroute.stores.memory_exchange import MemoryExchange

PATIENCE = 15  # seconds after which a test gives up
QUICK = 0.001  # seconds between looks


class Clock:
    """Stands until it is moved; seconds."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


class Playing:
    """A node that notes what it is, and may be told that it must not go on."""

    def __init__(self, exchange: MemoryExchange, name: str, may: May = always) -> None:
        self.lease = Lease(exchange, name, seconds=6, pace=QUICK, may=may)
        self.roles: list[str] = []
        self.over = asyncio.Event()
        self.refused: list[Exception] = []

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[None]:
        self.roles.append("follows")
        yield

    @asynccontextmanager
    async def write(self) -> AsyncIterator[asyncio.Event]:
        if self.refused:
            raise self.refused.pop()
        self.over = asyncio.Event()
        self.roles.append("writes")
        yield self.over

    async def is_now(self, role: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.roles.count(role) < times or self.roles[-1] != role:  # noqa: ASYNC110
                await asyncio.sleep(QUICK)


@asynccontextmanager
async def running(*nodes: Playing) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(take_turns(n.lease, n.follow, n.write)) for n in nodes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_is_alone_writes_at_once() -> None:
    one = Playing(MemoryExchange(), "one")
    async with running(one):
        await one.is_now("writes")
    assert one.roles == ["writes"]


async def test_the_second_follows_until_the_first_has_stopped() -> None:
    exchange = MemoryExchange(Clock())  # on which no lease runs out
    one, two = Playing(exchange, "one"), Playing(exchange, "two")
    async with running(one):
        await one.is_now("writes")
        async with running(two):
            await two.is_now("follows")
    async with running(two):
        await two.is_now("writes")


async def test_a_lease_that_is_not_renewed_is_another_s() -> None:
    clock = Clock()
    exchange = MemoryExchange(clock)
    assert exchange.lease("one", 6) == "one"
    two = Playing(exchange, "two")
    async with running(two):
        await two.is_now("follows")
        clock.at += 6
        await two.is_now("writes")
        assert two.roles == ["follows", "writes"]


async def test_a_writer_whose_lease_another_has_follows() -> None:
    clock = Clock()
    exchange = MemoryExchange(clock)
    one = Playing(exchange, "one")
    async with running(one):
        await one.is_now("writes")
        exchange.release("one")
        exchange.lease("two", 1_000)
        await one.is_now("follows")


async def test_a_writer_that_must_not_go_on_begins_anew() -> None:
    one = Playing(MemoryExchange(), "one")
    async with running(one):
        await one.is_now("writes")
        one.over.set()
        await one.is_now("writes", times=2)


async def test_whom_the_store_does_not_let_begin_tries_again() -> None:
    one = Playing(MemoryExchange(), "one")
    one.refused = [Moved((1, b"a"), (2, b"b")), Unavailable("store", "is away")]
    async with running(one):
        await one.is_now("writes")
    assert one.refused == []


async def test_who_could_not_begin_leaves_it_to_another_and_goes_on_taking_in() -> None:
    exchange = MemoryExchange(Clock())
    one, two = Playing(exchange, "one"), Playing(exchange, "two")
    one.refused = [Unavailable("store", "what it holds is too new")] * 1_000
    async with running(one):
        await one.is_now("follows")
        async with running(two):
            await two.is_now("writes")
    assert set(one.roles) == {"follows"}


async def test_wrong_settings_end_a_start_and_not_a_node_that_runs() -> None:
    exchange = MemoryExchange()
    one = Playing(exchange, "one")
    one.refused = [ConfigError("site", "is wrong")]
    with pytest.raises(ConfigError):
        await take_turns(one.lease, one.follow, one.write)
    assert exchange.lease("two", 1_000) == "two"
    one.refused = [ConfigError("site", "is wrong")]
    async with running(one):
        await one.is_now("follows")
        exchange.release("two")
        await one.is_now("writes")


async def test_a_node_whose_turn_it_is_not_does_not_ask_for_the_lease() -> None:
    exchange, mine = MemoryExchange(Clock()), asyncio.Event()

    async def may() -> bool:
        return mine.is_set()

    one = Playing(exchange, "one", may)
    async with running(one):
        await one.is_now("follows")
        assert exchange.lease("two", 1) == "two"
        exchange.release("two")
        mine.set()
        await one.is_now("writes")
        mine.clear()
        one.over.set()
        await one.is_now("follows", times=2)


async def test_who_cannot_ask_stays_what_it_was() -> None:
    exchange = MemoryExchange()
    lease = Lease(exchange, "one", seconds=6, pace=QUICK)
    assert await lease.look()

    def away(node: str, seconds: float) -> str:
        raise Unavailable("store", "is away")

    exchange.lease = away  # type: ignore[method-assign]
    assert await lease.look()
    await lease.give_up()
    assert not lease.mine
