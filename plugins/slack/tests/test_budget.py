"""Turns: no more than Slack allows."""

from __future__ import annotations

from omniroute import Rank
from omniroute.testing.moving import MovingClock
from omniroute_slack.budget import new_budget


async def test_a_channel_gets_one_a_second_after_a_burst() -> None:
    time = MovingClock()
    budget = new_budget(time.clock, time.sleep)
    for _ in range(38):
        await budget.turn("C1", Rank.POST)
    assert 29 <= time.now - 1000 <= 31


async def test_all_channels_together_stay_below_what_a_workspace_allows() -> None:
    time, taken = MovingClock(), []
    budget = new_budget(time.clock, time.sleep)
    for number in range(600):
        await budget.turn(f"C{number}", Rank.POST)
        taken.append(time.now)
    assert max(sum(at <= other < at + 60 for other in taken) for at in taken) <= 345
