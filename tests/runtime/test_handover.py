"""What a follower took in comes to the writer, and leaves the spool when it is decided."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from tests.runtime.house import House, Pipe

from omniroute import Busy, Intake
from omniroute.runtime.follower import Follower
from omniroute.runtime.handover import AFRESH, HandedIn, Handover
from omniroute.runtime.reading import AGAIN
from omniroute.runtime.spool import Entry, Spool
from omniroute.stores.api import Unavailable
from omniroute.stores.exchange import Parcel
from omniroute.stores.memory_exchange import MemoryExchange


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    made = Spool(tmp_path / "other", min_free=0)
    yield made
    await made.close()


@pytest.fixture
def exchange() -> MemoryExchange:
    return MemoryExchange()


async def takes(spool: Spool, text: str) -> int:
    return await spool.append("pipe", "a", json.dumps({"text": text, "id": text}).encode(), at=1)


def handed_in(exchange: MemoryExchange, spool: Spool) -> tuple[HandedIn, list[Entry]]:
    found: list[Entry] = []
    reading = HandedIn(exchange, spool.others_suspects)
    reading.subscribe(found.extend)
    return reading, found


async def test_a_follower_s_message_is_decided_and_leaves_its_spool(
    tmp_path: Path, spool: Spool, exchange: MemoryExchange
) -> None:
    house = House(tmp_path)
    house.exchange = exchange
    house.node = house.made()
    follower = Handover(spool, exchange)
    await takes(spool, "hello")
    await follower.look()
    async with house.running():
        await house.until(house.texts)
        await house.until(lambda: exchange.hear(spool.name).outcomes)
        assert spool.depth == 1
        await follower.look()
        assert spool.pending() == []
        assert house.texts() == ["hello"]


async def test_one_that_cannot_be_read_is_a_dead_letter_where_it_was_taken_in(
    spool: Spool, exchange: MemoryExchange
) -> None:
    follower = Handover(spool, exchange)
    id = await takes(spool, "hello")
    await follower.look()
    reading, found = handed_in(exchange, spool)
    await reading.look()
    await reading.bury(found[0].id, "no such channel")
    await reading.look()
    await follower.look()
    assert [(letter.id, letter.why) for letter in await spool.dead()] == [(id, "no such channel")]


async def test_what_the_exchange_forgot_is_handed_over_again(
    spool: Spool, exchange: MemoryExchange
) -> None:
    follower = Handover(spool, exchange)
    await takes(spool, "hello")
    await follower.look()
    exchange.forget()
    for _ in range(AFRESH):
        await follower.look()
    assert exchange.waiting() == 1


async def test_f25_a_node_that_is_cut_off_takes_in_and_hands_over_later(
    spool: Spool, exchange: MemoryExchange
) -> None:
    reached, hand = asyncio.Event(), exchange.hand

    def cut_off(parcels: Sequence[Parcel]) -> None:
        reached.set()
        raise Unavailable("store", "cannot be reached")

    exchange.hand = cut_off  # type: ignore[method-assign]
    handing = asyncio.create_task(Handover(spool, exchange, pace=0.001).run())
    async with asyncio.timeout(15):
        await takes(spool, "hello")
        await reached.wait()
        await takes(spool, "anybody there?")
        exchange.hand = hand  # type: ignore[method-assign]
        while exchange.waiting() < 2:  # noqa: ASYNC110 - what is waited for lies in the exchange
            await asyncio.sleep(0.001)
    handing.cancel()
    await asyncio.gather(handing, return_exceptions=True)
    assert spool.depth == 2


async def test_what_is_being_read_is_not_fetched_again(
    spool: Spool, exchange: MemoryExchange
) -> None:
    follower, (reading, found) = Handover(spool, exchange), handed_in(exchange, spool)
    await takes(spool, "one")
    await follower.look()
    await reading.look()
    await takes(spool, "two")
    await follower.look()
    await reading.look()
    assert [json.loads(entry.raw)["text"] for entry in found] == ["one", "two"]
    assert reading.pending() == found
    reading.done([found[0].id])
    assert reading.pending(limit=5) == found[1:]


async def test_a_message_under_which_the_process_dies_is_known_after_a_restart(
    spool: Spool, exchange: MemoryExchange
) -> None:
    await takes(spool, "one")
    await Handover(spool, exchange).look()
    numbers = []
    for _ in range(2):
        reading, found = handed_in(exchange, spool)
        await reading.look()
        numbers.append(reading.number(found[0].id))
    assert numbers[0] == numbers[1]


async def test_a_writer_reads_its_own_from_its_spool(
    tmp_path: Path, exchange: MemoryExchange
) -> None:
    house = House(tmp_path)
    house.exchange = exchange
    await takes(house.spool, "hello")
    await Handover(house.spool, exchange).look()
    house.node = house.made()
    async with house.running():
        await house.until(house.texts)
        assert exchange.waiting() == 0
        assert house.texts() == ["hello"]


def lose_the_disk(folder: Path) -> None:
    for file in folder.glob("other*"):
        file.unlink()


async def test_f35_with_a_node_s_disk_is_lost_what_it_had_not_handed_over(
    tmp_path: Path, spool: Spool, exchange: MemoryExchange
) -> None:
    """What is in the store is decided without it; the node goes on under another name."""
    house = House(tmp_path)
    house.exchange = exchange
    house.node = house.made()
    follower = Handover(spool, exchange)
    await takes(spool, "decided")
    await follower.look()
    async with house.running():
        await house.until(lambda: house.texts() == ["decided"])
        await takes(spool, "handed over")
        await follower.look()
        await takes(spool, "acknowledged and no more")
        name = spool.name
        await spool.close()
        lose_the_disk(tmp_path)
        empty = Spool(tmp_path / "other", min_free=0)
        assert empty.name != name
        await takes(empty, "afterwards")
        await Handover(empty, exchange).look()
        await house.until(lambda: len(house.texts()) == 3)
        assert house.texts() == ["decided", "handed over", "afterwards"]
        await empty.close()


class Substitute(Pipe):
    """A channel that leaves what comes to another node to the writer's."""

    anywhere: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.not_yet = 1  # times that it cannot be taken up

    async def stand_in(self, intake: Intake) -> None:
        await self.listen(intake)

    async def take_up(self, raw: bytes) -> None:
        if self.not_yet:
            self.not_yet -= 1
            raise Busy("not yet")
        said = json.loads(raw)
        if said == "nonsense":
            raise ValueError(said)
        assert self.intake is not None
        taken = {"text": f"{said}, looked into", "id": said}
        await self.intake.accept(json.dumps(taken).encode(), key=said)


async def test_what_a_follower_cannot_look_into_the_writer_s_channel_takes_up_once(
    tmp_path: Path, spool: Spool, exchange: MemoryExchange
) -> None:
    house = House(tmp_path)
    house.exchange, house.pipe = exchange, Substitute()
    house.node = house.made()
    substitute = Substitute()
    follower = Follower(spool, exchange, [substitute], house.clock)
    await follower.start()
    assert substitute.intake is not None
    for said in ("hello", "hello", "nonsense"):
        await substitute.intake.accept(json.dumps(said).encode(), key=said)
    async with house.running():
        await house.until(lambda: len(house.texts()) == 1 and not spool.depth)
        assert house.texts() == ["hello, looked into"]
        (dead,) = await spool.dead()
        assert dead.why == "ValueError: nonsense"
        assert house.slept.count(AGAIN) == 1
    await follower.stop()
