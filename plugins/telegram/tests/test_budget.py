"""Turns: no more than Telegram allows."""

from __future__ import annotations

from omniroute import Rank
from omniroute.testing.moving import MovingClock
from omniroute_telegram.budget import new_budget


async def test_a_group_gets_at_most_20_in_any_minute() -> None:
    time, taken = MovingClock(), []
    budget = new_budget(time.clock, time.sleep)
    for _ in range(100):
        await budget.turn(-100, Rank.POST)
        taken.append(time.now)
    windows = [sum(at <= other < at + 60 for other in taken) for at in taken]
    assert max(windows) <= 20
    assert time.now - 1000 < 6 * 60


async def test_a_chat_gets_one_a_second_after_a_burst() -> None:
    time = MovingClock()
    budget = new_budget(time.clock, time.sleep)
    for _ in range(40):
        await budget.turn(5001, Rank.POST)
    assert 29 <= time.now - 1000 <= 31


async def test_all_chats_together_stay_below_30_a_second() -> None:
    time, taken = MovingClock(), []
    budget = new_budget(time.clock, time.sleep)
    for chat in range(1, 100):
        await budget.turn(chat, Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 1 for other in taken) for at in taken) <= 30
