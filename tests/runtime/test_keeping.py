"""A store that forgets its last commits: what decided them is fed in again from the spool."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from tests.runtime.house import PATIENCE, Clock, Faulty, House

from omniroute.core.state import State
from omniroute.runtime.handover import HandedIn, Handover
from omniroute.runtime.keeping import GAP, TIDY, UNSURE, Keeping
from omniroute.runtime.spool import Spool
from omniroute.runtime.spool_kept import Known
from omniroute.stores.api import GENESIS, Moved, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.stores.memory_exchange import MemoryExchange

HOUR = 3_600_000  # ms


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.exchange = MemoryExchange(store=house.store, horizon=HOUR)
    house.node = house.made()
    return house


async def fails_over(house: House, to: Faulty) -> None:
    """The store goes on with a copy that is behind, and the node starts anew on it."""
    house.store.become(to)
    exchange = house.exchange = MemoryExchange(store=house.store, horizon=HOUR)
    await house.node.stop()
    left = house.store.copy()
    exchange._store = left
    await house.node.close()
    house.store, house.spool = left, type(house.spool)(house.folder / "spool")
    house.node = house.made()
    await house.start()


async def test_f24_what_a_failover_loses_is_fed_in_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.running():
        await house.says("kept")
        await house.until(lambda: house.texts() == ["kept"] and not house.spool.depth)
        behind = house.store.copy()
        await house.says("lost", sender="ada")
        await house.until(lambda: len(house.texts()) == 2 and not house.spool.depth)
        await fails_over(house, behind)
        await house.until(lambda: house.texts() == ["kept", "lost"] and not house.spool.depth)
        (loss,) = house.spool.losses
        assert (loss.known > loss.found, loss.entries) == (True, 2)
        assert "2 messages from this disk are handed in again" in caplog.text


async def test_a_number_that_a_lost_thread_had_is_nobody_else_s(house: House) -> None:
    async with house.running():
        behind = house.store.copy()
        await house.says("lost", sender="ada")
        await house.until(lambda: bool(house.node.state.threads) and not house.spool.depth)
        await fails_over(house, behind)
        await house.until(lambda: house.texts() == ["lost"])
        assert [event.thread for event in house.events("ThreadOpened")] == [2 + GAP]


async def moves(house: House) -> None:
    """Another node writes now, on another disk."""
    await house.node.stop()
    left = house.store.copy()
    assert isinstance(house.exchange, MemoryExchange)
    house.exchange._store = left
    await house.node.close()
    house.store, house.spool = left, type(house.spool)(house.folder / "spool of another")
    house.node = house.made()
    await house.start()


async def test_on_a_server_that_has_forgotten_nothing_a_change_of_writers_leaves_no_doubt(
    house: House,
) -> None:
    async with house.running():
        await house.says("hello")
        await house.until(lambda: house.texts() == ["hello"])
        await moves(house)
        await house.replies("sorry", hold=0)
        await house.until(lambda: house.events("ReplySent"))
        assert [(out.text, out.repeat) for out in house.pipe.sent] == [("sorry", False)]
        house.clock.at += UNSURE
        await moves(house)
        await house.replies("really", hold=0)
        await house.until(lambda: len(house.events("ReplySent")) == 2)
        assert (house.pipe.sent[-1].text, house.pipe.sent[-1].repeat) == ("really", False)


async def test_what_came_before_a_loss_is_marked_however_late_it_is_handed_in(
    house: House,
) -> None:
    async with house.running():
        await house.says("hello")
        await house.until(lambda: house.texts() == ["hello"])
        exchange = house.exchange
        assert isinstance(exchange, MemoryExchange)
        exchange.become(exchange.copy())
        await moves(house)
        keeping = house.node.keeping
        assert keeping is not None
        began = house.clock.at
        house.clock.at += 20 * 60_000
        assert not keeping.may_repeat()
        assert not keeping.may_repeat(came=house.clock.at)
        assert keeping.may_repeat(came=began)


async def test_what_was_sent_in_the_lost_journal_is_not_sent_again(house: House) -> None:
    async with house.running():
        await house.says("hello")
        await house.until(lambda: house.texts() == ["hello"])
        await house.replies("sorry", hold=5_000)
        behind = house.store.copy()
        house.clock.at += 6_000
        await house.until(lambda: house.events("ReplySent"))
        await house.until(lambda: not house.spool.attempts())
        await fails_over(house, behind)
        await house.until(lambda: house.events("ReplySent"))
        assert len(house.spool.losses) == 1
        assert house.pipe.texts == ["sorry"]


async def test_a_writer_notices_that_its_journal_is_another(house: House) -> None:
    async with house.running():
        behind = house.store.copy()
        await house.says("hello")
        await house.until(lambda: house.texts() == ["hello"])
        house.store.become(behind)
        assert house.node.keeping is not None
        await house.node.keeping.watch(house.troubles.append, house.sleep)
        assert isinstance(house.troubles[-1], Moved)


async def test_what_is_stable_leaves_the_disk(house: House) -> None:
    async with house.running():
        await house.says("x" * 300_000)  # in a file of its own
        await house.until(lambda: len(house.texts()) == 1 and not house.spool.depth)
        large = house.folder / "spool.large"
        assert house.node.keeping is not None
        house.clock.at += TIDY
        await house.node.keeping.look()
        assert len(list(large.iterdir())) == 1
        house.clock.at += HOUR + TIDY
        await house.node.keeping.look()
        assert list(large.iterdir()) == []
        loss = await house.spool.feed_again(house.clock.at, Known())
        assert loss.entries == 0


async def test_what_the_archive_has_leaves_the_disk_while_the_writer_writes(house: House) -> None:
    async with house.running():
        await house.says("x" * 300_000)
        await house.until(lambda: len(house.texts()) == 1 and not house.spool.depth)
        large, keeping = house.folder / "spool.large", house.node.keeping
        assert keeping is not None
        at, other = house.store.head(), (house.store.head()[0], b"of another jour")
        for archived, left in ((other, 1), ((at[0] - 1, b""), 1), (at, 0)):
            keeping.archived = lambda archived=archived: archived  # type: ignore[misc]
            house.clock.at += TIDY
            await asyncio.wait_for(looks(keeping), PATIENCE)
            assert len(list(large.iterdir())) == left
        loss = await house.spool.feed_again(house.clock.at, Known())
        assert loss.entries == 0


async def looks(keeping: Keeping) -> None:
    """A writer looks, once."""
    naps = iter((None,))

    async def once(seconds: float) -> None:
        if next(naps, "over") is not None:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await keeping.watch(lambda error: pytest.fail(str(error)), once)


async def test_a_follower_s_disk_keeps_what_the_archive_does_not_have(house: House) -> None:
    exchange = house.exchange
    assert isinstance(exchange, MemoryExchange)
    spool = Spool(house.folder / "other", min_free=0)
    follower = Handover(spool, exchange, house.clock)
    async with house.running():
        await spool.append("pipe", "a", b'{"text": "hello", "id": "x"}', at=1)
        await follower.look()
        await house.until(lambda: exchange.hear(spool.name).outcomes)
        await follower.look()
        await house.until(lambda: not spool.depth)
        for seq, left in ((1, 1), (house.store.head()[0], 0)):
            exchange.archived(house.store.tail(seq - 1, 1)[0][:2])
            house.clock.at += TIDY
            await follower.look()
            assert len(await spool.kept()) == left
    await spool.close()


async def test_a_node_that_was_away_while_its_record_left_for_the_archive_has_lost_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    exchange, store = house.exchange, house.store
    assert isinstance(exchange, MemoryExchange)
    spool = Spool(house.folder / "other", min_free=0)
    known = store.commit(store.head(), [b"one", b"two"], {})
    spool.note(Known(known))
    head = store.commit(known, [b"three", b"four", b"five"], {})
    store.trim(head, {}, 3, {})
    caplog.set_level("INFO")
    follower = Handover(spool, exchange, house.clock)
    follower.keeping.has_been = known.__eq__
    await follower.look()
    (said,) = [record.getMessage() for record in caplog.records if "away" in record.message]
    assert "was away from record 2 on" in said
    assert (spool.losses, spool.known.head) == ([], head)
    spool.note(Known((2, b"of another jour!")))  # the archive has never heard of that one
    await follower.look()
    assert len(spool.losses) == 1
    await spool.close()
    await house.node.close()


async def test_a_follower_hands_over_again_what_the_store_forgot(house: House) -> None:
    exchange, store = house.exchange, house.store
    assert isinstance(exchange, MemoryExchange)
    spool = Spool(house.folder / "other", min_free=0)
    follower = Handover(spool, exchange, house.clock)
    async with house.running():
        behind, before = store.copy(), exchange.copy()
        await spool.append("pipe", "a", b'{"text": "lost", "id": "x"}', at=1)
        await follower.look()
        await house.until(lambda: exchange.hear(spool.name).outcomes)
        await follower.look()
        await house.until(lambda: not spool.depth)
        store.become(behind)
        exchange.become(before)
        await follower.look()
        assert spool.depth == 1
        await follower.look()
        assert [parcel.raw for parcel in exchange.handed(())] == [b'{"text": "lost", "id": "x"}']
    await spool.close()


async def test_before_a_follower_hands_anything_over_again_the_erased_are_taken_out(
    house: House,
) -> None:
    exchange, store = house.exchange, house.store
    assert isinstance(exchange, MemoryExchange)
    spool = Spool(house.folder / "other", min_free=0)
    follower = Handover(spool, exchange, house.clock)
    fails = [Unavailable("", "away")]

    async def forget() -> None:
        if fails:
            raise fails.pop()
        await spool.drop([id for id, _ in await spool.kept()])

    follower.keeping.before_feeding = forget
    async with house.running():
        behind, before = store.copy(), exchange.copy()
        await spool.append("pipe", "a", b'{"text": "erased", "id": "x"}', at=1)
        await follower.look()
        await house.until(lambda: exchange.hear(spool.name).outcomes)
        await follower.look()
        async with asyncio.timeout(PATIENCE):
            while not await spool.kept():  # noqa: ASYNC110 - lies in a spool
                await asyncio.sleep(0.01)
        store.become(behind)
        exchange.become(before)
        with pytest.raises(Unavailable):  # who was erased cannot be asked: nothing is fed again
            await follower.look()
        assert spool.losses == []
        await follower.look()
        assert ([loss.entries for loss in spool.losses], spool.depth) == ([0], 0)
    await spool.close()


async def test_nobody_is_told_of_a_decision_that_the_store_has_forgotten(house: House) -> None:
    exchange = house.exchange
    assert isinstance(exchange, MemoryExchange)
    spool = Spool(house.folder / "other", min_free=0)
    follower, reading = Handover(spool, exchange), HandedIn(exchange, spool.others_suspects)
    await spool.append("pipe", "a", b"{}", at=1)
    await follower.look()
    await reading.look()
    reading.known = lambda: (1, b"x" * 16)  # decided there, and the store has failed over since
    reading.done([1])
    await reading.look()
    assert exchange.hear(spool.name).outcomes == {}
    reading.known = lambda: GENESIS
    await reading.look()
    assert exchange.hear(spool.name).outcomes == {1: ""}
    await spool.close()
    await house.node.close()


async def test_whoever_is_erased_is_not_fed_in_again(house: House) -> None:
    async with house.running():
        await house.says("forget me")
        await house.says("keep me", sender="ada")
        await house.read(2)
        kept = await house.spool.kept()
        said = {id: await house.spool.raw(id) or b"" for id, _ in kept}
        await house.spool.drop([id for id, raw in said.items() if b"forget" in raw])
        assert (await house.spool.feed_again(house.clock.at, Known())).entries == 1


async def test_what_was_decided_before_a_crash_stays_until_the_archive_has_it(
    tmp_path: Path,
) -> None:
    """What a node knows of the journal may not have come to its disk; a repeat is done at once."""
    store, clock = MemoryStore(), Clock()
    exchange = MemoryExchange(store=store, horizon=HOUR)
    noted = store.commit(store.head(), [b"one"], {})
    head = store.commit(noted, [b"two", b"three"], {})
    spool = Spool(tmp_path / "spool", min_free=0)
    await spool.note_now(Known(noted))
    keeping = Keeping(spool, exchange, clock)
    await keeping.begin(State(), lambda: (head, 1))
    spool.done([await spool.append("pipe", "a", b"decided by record 3", at=1)])
    for archived, left in ((noted, 1), (head, 0)):
        exchange.archived(archived)
        clock.at += TIDY
        await keeping.look()
        assert len(await spool.kept()) == left
    await spool.close()
