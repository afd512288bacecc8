"""Lanes: what is owed is performed in order, over any stop, and exactly one process performs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.house import House

from omniroute import Outbound, Receipt, Retry
from omniroute.errors import StoreError
from omniroute.stores.api import InDoubt, Moved, Unavailable


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """Joe and Zoe have written, and Ana has them both."""
    async with House(tmp_path).running() as house:
        await house.goes("ana")
        await house.says("I was charged twice", sender="joe")
        await house.says("where is my parcel?", sender="zoe")
        await house.read(2)
        yield house


def to(desk: House, sender: str) -> list[str]:
    return [out.text for out in desk.pipe.sent if out.to.value == sender]


async def test_answers_to_one_customer_keep_their_order(desk: House) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 30.0))
    await desk.replies("first")
    await desk.until(lambda: desk.slept)
    await desk.replies("second")
    await desk.replies("third")
    await desk.replies("on its way", thread=2)
    await desk.until(lambda: len(desk.events("ReplySent")) == 1)
    assert desk.pipe.texts == ["first", "on its way"], "the others flow"
    desk.awake.set()
    await desk.until(lambda: len(desk.events("ReplySent")) == 4)
    assert to(desk, "joe") == ["first", "first", "second", "third"]


async def test_answers_keep_their_order_over_a_restart(desk: House) -> None:
    desk.node.outbox.halt()
    texts = [f"line {number}" for number in range(12)]
    for text in texts:
        await desk.replies(text)
    await desk.again()
    await desk.until(lambda: len(desk.events("ReplySent")) == 12)
    assert desk.pipe.texts == texts


async def test_what_falls_due_while_a_node_starts_is_sent_once(desk: House) -> None:
    """A held reply is released by the first commit after a restart, before the outbox starts."""
    await desk.replies("you get it back", hold=5_000)
    desk.clock.at += 60_000
    await desk.again()
    await desk.until(lambda: desk.events("ReplySent"))
    await desk.replies("bye")
    await desk.until(lambda: len(desk.events("ReplySent")) == 2)
    assert desk.pipe.texts == ["you get it back", "bye"]


async def test_what_is_decided_during_a_stop_is_performed_after_the_next_start(
    desk: House,
) -> None:
    await desk.node.outbox.stop()
    await desk.replies("you get it back")
    assert desk.node.outbox.depth == 0
    await desk.again()
    await desk.until(lambda: desk.events("ReplySent"))
    assert desk.pipe.texts == ["you get it back"]


async def test_a_stop_ends_what_sleeps_at_once(desk: House) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 3600.0))
    await desk.replies("you get it back")
    await desk.until(lambda: desk.slept)
    await desk.node.outbox.stop()
    assert desk.node.outbox.depth == 0
    owed = [row for _, row in desk.node.reader.scan("o/")]  # a card's may be among them
    assert [row for row in owed if b'"Deliver"' in row]


async def test_what_cannot_be_performed_waits_for_a_restart_and_holds_up_nobody(
    desk: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours, here in what gives agents their names."""
    desk.names = lambda agent: str(1 / 0)
    await desk.replies("you get it back")
    await desk.until(lambda: "could not be performed" in caplog.text)
    desk.names = str.title
    await desk.replies("it is on its way")
    await desk.until(lambda: desk.events("ReplySent"))
    assert desk.pipe.texts == ["it is on its way"]
    await desk.again()
    await desk.until(lambda: len(desk.events("ReplySent")) == 2)
    assert desk.pipe.texts[1:] == ["you get it back"]


@pytest.mark.parametrize("error", [InDoubt("disk", "no answer"), Moved((1, b""), (2, b""))])
async def test_where_another_may_perform_it_nothing_more_is_sent(
    desk: House, error: StoreError
) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 1.0))
    await desk.replies("to joe")
    await desk.until(lambda: desk.slept)
    desk.store.faults.append(error)
    with pytest.raises(type(error)):
        await desk.replies("to zoe", thread=2)
    await desk.until(lambda: desk.troubles)
    desk.awake.set()
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert desk.pipe.texts == ["to joe"]
    await desk.again()
    await desk.until(lambda: desk.events("ReplySent"))
    assert desk.pipe.texts == ["to joe", "to joe"]


async def test_an_outcome_that_came_too_late_for_the_journal_is_in_the_spool(
    desk: House,
) -> None:
    """The writer is gone while the platform says yes; the next process does not send again."""

    async def takes_it_as_another_takes_over(out: Outbound) -> Receipt:
        desk.store.faults.append(Moved((1, b""), (2, b"")))
        return Receipt()

    desk.pipe.answers.append(takes_it_as_another_takes_over)
    await desk.replies("you get it back")
    await desk.until(lambda: desk.troubles)
    await desk.again()
    await desk.until(lambda: desk.events("ReplySent"))
    assert desk.pipe.texts == ["you get it back"]


async def test_a_store_that_fails_is_asked_less_and_less_often(desk: House) -> None:
    async def takes_it_as_the_disk_fills_up(out: Outbound) -> Receipt:
        desk.store.faults.extend([Unavailable("disk", "is full")] * 4)
        return Receipt()

    desk.pipe.answers.append(takes_it_as_the_disk_fills_up)
    await desk.replies("you get it back")
    await desk.until(lambda: desk.events("ReplySent"))
    for slept, about in zip(desk.slept, (1, 2, 4, 8), strict=True):
        assert 0.8 * about <= slept <= 1.2 * about


async def test_the_depth_counts_what_is_not_performed(desk: House) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 30.0))
    await desk.replies("first")
    await desk.replies("second")
    await desk.until(lambda: desk.slept)
    assert desk.node.outbox.depth == 2
    desk.awake.set()
    await desk.until(lambda: desk.node.outbox.depth == 0)
