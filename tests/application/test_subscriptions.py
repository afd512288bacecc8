"""Live notices: everybody hears, a slow one hears less, nobody is kept for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from omniroute.application.authorize import NOBODY, Actor, Kind
from omniroute.application.changes import LISTED, merged
from omniroute.application.pages import Change
from omniroute.application.subscriptions import DEPTH, Subscriptions
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk

ANA = Actor(Kind.AGENT, "ana", "agent")


async def test_everybody_hears_everything() -> None:
    hub = Subscriptions()
    one, two = hub.open(), hub.open()
    hub.publish(Change(1, threads=(7,)))
    hub.publish(Change(2, threads=(8,)))
    for listener in (one, two):
        assert [await anext(listener), await anext(listener)] == [
            Change(1, threads=(7,)),
            Change(2, threads=(8,)),
        ]


async def test_who_waits_is_woken() -> None:
    hub = Subscriptions()
    waiting = asyncio.ensure_future(anext(hub.open()))
    await asyncio.sleep(0)
    hub.publish(Change(1))
    assert await waiting == Change(1)


async def test_a_slow_listener_gets_a_shorter_story() -> None:
    hub = Subscriptions()
    slow = hub.open()
    for seq in range(1, 1_001):
        hub.publish(Change(seq, threads=(seq % 40,), wrote=("ana",)))

    heard = [await anext(slow) for _ in range(DEPTH)]

    assert [change.seq for change in heard[:3]] == [1, 2, 3]
    assert heard[-1].seq == 1_000
    assert set(heard[-1].threads) == set(range(40))
    assert heard[-1].wrote == ("ana",)


async def test_closing_ends_the_loop() -> None:
    hub = Subscriptions()
    listener = hub.open()
    heard: list[Change] = []

    async def listen() -> None:
        heard.extend([change async for change in listener])

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    hub.publish(Change(1))
    await asyncio.sleep(0)
    hub.close()
    await listening
    assert heard == [Change(1)]
    assert len(hub) == 0
    with pytest.raises(StopAsyncIteration):
        await anext(listener)


async def test_who_leaves_is_forgotten() -> None:
    hub = Subscriptions()
    async with hub.open():
        assert len(hub) == 1
    assert len(hub) == 0
    listener = hub.open()
    await listener.aclose()
    await listener.aclose()
    assert len(hub) == 0
    hub.publish(Change(1))


async def test_through_the_door(desk: Desk) -> None:
    await desk.seen()
    desk.scene.online("ana")
    await desk.seen()
    async with desk.application.subscribe(ANA) as changes:
        thread = desk.scene.writes("joe@x.org", "My refund?", topic="refund")
        assert await anext(changes) == Change(
            desk.scene.reader.head()[0], threads=(thread,), agents=("ana",), offered=("ana",)
        )


async def test_nobody_listens(desk: Desk) -> None:
    with pytest.raises(Refused):
        desk.application.subscribe(NOBODY)


async def test_the_stop_of_the_application_ends_it(desk: Desk) -> None:
    await desk.seen()  # nothing is on its way any more
    changes = desk.application.subscribe(ANA)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    await desk.application.stop()
    with pytest.raises(StopAsyncIteration):
        await waiting


# --- putting notices together ---


def test_two_notices_in_one() -> None:
    one = Change(1, (1, 2), ("ana",), ("ana",), ())
    two = Change(2, (2, 3), ("bo",), (), ("bo",))
    assert merged(one, two) == Change(2, (1, 2, 3), ("ana", "bo"), ("ana",), ("bo",))


def test_too_much_to_list_names_nothing() -> None:
    one = Change(1, tuple(range(LISTED)))
    two = Change(2, (LISTED,))
    assert merged(one, two) == Change(2, all=True)
    assert merged(Change(3, all=True), two) == Change(3, all=True)
