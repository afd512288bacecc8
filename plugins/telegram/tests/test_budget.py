"""Turns: no more than Telegram allows, the important first, a stopped chat by itself."""

from __future__ import annotations

import asyncio

import pytest

from omniroute_telegram.budget import Budget, Rank


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.goes = asyncio.Event()
        self.goes.set()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await self.goes.wait()
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


async def test_a_group_gets_at_most_20_in_any_minute(time: Time) -> None:
    budget, taken = Budget(time.clock, time.sleep), []
    for _ in range(100):
        await budget.turn(-100, Rank.POST)
        taken.append(time.now)
    windows = [sum(at <= other < at + 60 for other in taken) for at in taken]
    assert max(windows) <= 20
    assert time.now - 1000 < 6 * 60


async def test_a_chat_gets_one_a_second_after_a_burst(time: Time) -> None:
    budget = Budget(time.clock, time.sleep)
    for _ in range(40):
        await budget.turn(5001, Rank.POST)
    assert 29 <= time.now - 1000 <= 31


async def test_all_chats_together_stay_below_30_a_second(time: Time) -> None:
    budget, taken = Budget(time.clock, time.sleep), []
    for chat in range(1, 100):
        await budget.turn(chat, Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 1 for other in taken) for at in taken) <= 30


async def test_an_answer_goes_before_a_card(time: Time) -> None:
    budget, order = Budget(time.clock, time.sleep), []
    budget.stop(5001, 5)
    time.goes.clear()

    async def wait(rank: Rank) -> None:
        await budget.turn(5001, rank)
        order.append(rank)

    ranks = (Rank.MARK, Rank.REFRESH, Rank.POST, Rank.ANSWER)
    waiting = [asyncio.create_task(wait(rank)) for rank in ranks]
    await asyncio.sleep(0)
    time.goes.set()
    await asyncio.gather(*waiting)
    assert order == sorted(ranks)


async def test_a_chat_that_is_told_to_wait_holds_up_no_other(time: Time) -> None:
    budget = Budget(time.clock, time.sleep)
    budget.stop(5001, 3600)
    waiting = asyncio.create_task(budget.turn(5001, Rank.ANSWER))
    before = time.now
    await budget.turn(5002, Rank.POST)
    assert time.now - before < 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
