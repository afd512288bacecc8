"""What another node has sent in a journal that is lost: it is asked, and marked only in doubt."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.runtime.house import Faulty, House, Jammed

from omniroute.errors import Retry
from omniroute.runtime.keeping import Keeping
from omniroute.runtime.spool import Spool
from omniroute.runtime.witnesses import MARGIN, TIMES
from omniroute.stores.memory_exchange import MemoryExchange

HOUR = 3_600_000  # ms
BEFORE = 100  # the first key of what is done twice


class Pair(House):
    """A writer that sends, a store that forgets it, and another that writes then."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.common = MemoryExchange(lambda: self.clock.at / 1000, self.store, HOUR)
        self.exchange = self.common
        self.node = self.made()

    @asynccontextmanager
    async def follower(self, disk: str) -> AsyncIterator[Keeping]:
        """A node that follows, on that disk."""
        spool = Spool(self.folder / disk, min_free=0)
        try:
            yield Keeping(spool, self.common, self.clock, sleep=self.sleep)
        finally:
            await spool.close()

    async def begins(self, *, second: str = "second") -> None:
        """The first writes, a second one follows; somebody has written to them."""
        await self.start()
        async with self.follower(second) as keeping:
            await keeping.look()
        await self.says("hello")
        await self.until(lambda: self.texts() == ["hello"])
        self.behind, self.before = self.store.copy(), self.common.copy()

    async def answers(self) -> None:
        """An agent answers; the same again is the same command."""
        self.keys = itertools.count(BEFORE)
        await self.replies("sorry", hold=0)

    async def moves(self, to: str = "second", store: Faulty | None = None) -> None:
        """Another node writes from now on."""
        await self.node.stop()
        left = store or self.store.copy()
        await self.node.close()
        self.store = self.common._store = left
        self.spool = Jammed(self.folder / to)
        self.node = self.made()
        await self.start()

    async def fails_over(self, to: str = "second") -> None:
        """The store goes on without what came last, and the second node writes."""
        self.common.become(self.before)
        await self.moves(to, self.behind)

    @property
    def arrived(self) -> list[tuple[str, bool]]:
        return [(out.text, out.repeat) for out in self.pipe.sent]


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    pair = Pair(tmp_path)
    await pair.begins()
    yield pair
    await pair.close()


async def test_what_the_other_has_sent_and_says_so_is_not_sent_again(pair: Pair) -> None:
    await pair.answers()
    await pair.until(lambda: pair.events("ReplySent"))
    await pair.fails_over()
    async with pair.follower("spool") as first:
        await first.look()
        await pair.answers()
        await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", False)]


async def test_what_the_other_may_have_sent_goes_out_marked(pair: Pair) -> None:
    pair.awake.clear()  # it is not tried again
    pair.pipe.answers.append(Retry("the line broke", in_doubt=True))
    await pair.answers()
    await pair.until(lambda: pair.pipe.sent)
    pair.awake.set()
    await pair.fails_over()
    async with pair.follower("spool") as first:
        await first.look()
        await pair.answers()
        await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", False), ("sorry", True)]


async def test_what_no_other_has_tried_goes_out_without_a_mark(pair: Pair) -> None:
    await pair.says("lost", sender="ada")
    await pair.until(lambda: len(pair.texts()) == 2)
    await pair.fails_over()
    async with pair.follower("spool") as first:
        await first.look()
        await pair.answers()
        await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", False)]


async def test_a_node_that_was_there_and_is_gone_leaves_all_in_doubt(pair: Pair) -> None:
    await pair.fails_over()
    await pair.answers()
    await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", True)]
    assert len(pair.slept) == TIMES, "it was asked for a while"


async def test_a_node_that_was_gone_before_what_is_lost_is_not_asked(pair: Pair) -> None:
    pair.clock.at += MARGIN + 120_000
    await pair.moves()
    await pair.says("much later", sender="ada")
    await pair.until(lambda: len(pair.texts()) == 2)
    pair.behind, pair.before = pair.store.copy(), pair.common.copy()
    await pair.fails_over()
    await pair.answers()
    await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", False)]


async def test_who_was_not_there_at_the_loss_does_not_know_whom_to_ask(pair: Pair) -> None:
    await pair.fails_over(to="third")
    await pair.answers()
    await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", True)]


async def test_on_a_server_that_has_lost_nothing_nobody_is_asked_again(pair: Pair) -> None:
    """A writer that is killed has said, when it began, what it knew of what came before."""
    await pair.moves()
    await pair.answers()
    await pair.until(lambda: pair.events("ReplySent"))
    assert pair.arrived == [("sorry", False)]


async def test_a_writer_whose_server_is_another_asks_without_beginning_anew(pair: Pair) -> None:
    """It has lost nothing, but somebody may have written in between."""
    keeping = pair.node.keeping
    assert keeping is not None
    pair.clock.at += HOUR
    looks = itertools.count(1)

    async def look(seconds: float) -> None:
        match next(looks):
            case 2:
                assert not keeping.may_repeat()
                pair.common.become(pair.common.copy())
            case 3:
                keeping.horizon = 0  # the last one

    await keeping.watch(pair.troubles.append, look)
    assert pair.troubles == []
    assert keeping.may_repeat()
