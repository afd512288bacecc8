"""Turns: no more than a platform allows, the important first, a stopped place by itself."""

from __future__ import annotations

import asyncio

import pytest

from omniroute.budget import Bucket, Budget, Rank, Window
from omniroute.testing.moving import MovingClock


@pytest.fixture
def time() -> MovingClock:
    return MovingClock()


def slow(time: MovingClock) -> Budget[str]:
    """One a second in a place, and a hundred in all."""
    return Budget(Bucket(100, 0.01), lambda place: Bucket(1, 1.0), time.clock, time.sleep)


async def test_a_bucket_lets_a_burst_through_and_then_one_at_a_time(time: MovingClock) -> None:
    budget: Budget[str] = Budget(
        Bucket(100, 0.01), lambda place: Bucket(3, 2.0), time.clock, time.sleep
    )
    taken = []
    for _ in range(6):
        await budget.turn("here", Rank.POST)
        taken.append(time.now - 1000)
    assert taken == pytest.approx([0, 0, 0, 2, 4, 6], abs=0.01)


async def test_a_window_never_holds_more_than_it_may(time: MovingClock) -> None:
    budget: Budget[str] = Budget(
        Bucket(100, 0.01), lambda place: Window(4, 10.0), time.clock, time.sleep
    )
    taken = []
    for _ in range(40):
        await budget.turn("here", Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 10 for other in taken) for at in taken) == 4


async def test_all_places_together_keep_to_the_whole(time: MovingClock) -> None:
    budget: Budget[int] = Budget(
        Window(5, 1.0), lambda place: Bucket(10, 0.1), time.clock, time.sleep
    )
    taken = []
    for place in range(40):
        await budget.turn(place, Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 1 for other in taken) for at in taken) == 5


async def test_what_waits_goes_by_rank_and_then_in_its_order(time: MovingClock) -> None:
    budget, order = slow(time), []
    budget.stop("here", 5)
    time.goes.clear()

    async def wait(rank: Rank, number: int) -> None:
        await budget.turn("here", rank)
        order.append((rank, number))

    ranks = (Rank.MARK, Rank.REFRESH, Rank.ANSWER, Rank.POST, Rank.ANSWER)
    waiting = [asyncio.create_task(wait(rank, n)) for n, rank in enumerate(ranks)]
    await asyncio.sleep(0)
    time.goes.set()
    await asyncio.gather(*waiting)
    assert order == [(Rank.ANSWER, 2), (Rank.ANSWER, 4), (Rank.POST, 3), (Rank.REFRESH, 1),
                     (Rank.MARK, 0)]  # fmt: skip


async def test_a_place_that_is_told_to_wait_holds_up_no_other(time: MovingClock) -> None:
    budget = slow(time)
    budget.stop("here", 3600)
    waiting = asyncio.create_task(budget.turn("here", Rank.ANSWER))
    before = time.now
    await budget.turn("there", Rank.POST)
    assert time.now - before < 1
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_who_gives_up_waiting_leaves_the_line(time: MovingClock) -> None:
    budget = slow(time)
    await budget.turn("here", Rank.POST)
    time.goes.clear()
    first, second = (asyncio.create_task(budget.turn("here", Rank.POST)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    time.goes.set()
    await second
    assert time.now == pytest.approx(1001)
