"""Turns: no more than Slack allows, the important first, a stopped channel by itself."""

from __future__ import annotations

import asyncio

import pytest

from omniroute_slack.budget import Budget, Rank


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


async def test_a_channel_gets_one_a_second_after_a_burst(time: Time) -> None:
    budget = Budget(time.clock, time.sleep)
    for _ in range(38):
        await budget.turn("C1", Rank.POST)
    assert 29 <= time.now - 1000 <= 31


async def test_all_channels_together_stay_below_what_a_workspace_allows(time: Time) -> None:
    budget, taken = Budget(time.clock, time.sleep), []
    for number in range(600):
        await budget.turn(f"C{number}", Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 60 for other in taken) for at in taken) <= 345


async def test_a_burst_goes_out_in_its_order_and_an_answer_before_a_card(time: Time) -> None:
    budget, order = Budget(time.clock, time.sleep), []
    budget.stop("C1", 5)
    time.goes.clear()

    async def wait(rank: Rank, number: int) -> None:
        await budget.turn("C1", rank)
        order.append((rank, number))

    ranks = (Rank.MARK, Rank.REFRESH, Rank.ANSWER, Rank.POST, Rank.ANSWER)
    waiting = [asyncio.create_task(wait(rank, n)) for n, rank in enumerate(ranks)]
    await asyncio.sleep(0)
    time.goes.set()
    await asyncio.gather(*waiting)
    assert order == [(Rank.ANSWER, 2), (Rank.ANSWER, 4), (Rank.POST, 3), (Rank.REFRESH, 1),
                     (Rank.MARK, 0)]  # fmt: skip


async def test_a_channel_that_is_told_to_wait_holds_up_no_other(time: Time) -> None:
    budget = Budget(time.clock, time.sleep)
    budget.stop("C1", 3600)
    waiting = asyncio.create_task(budget.turn("C1", Rank.ANSWER))
    before = time.now
    await budget.turn("C2", Rank.POST)
    assert time.now - before < 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
