"""Who has had how much of the work that nobody likes: measured, so that it can be shared out.

A thread counts as *hard* for whoever takes it if others passed or missed it before, if its promise
was broken already, or if it weighs more than one unit.  What counts is the share of such threads
among all that an agent took in the last `DAYS` days, so that part-timers are not spared and those
who work much are not punished (routing.md 2.8, "fair").
"""

from __future__ import annotations

from typing import Final, TypeAlias

from omniroute.core.model import Agent, Thread
from omniroute.core.urgency import DAY

DAYS: Final = 7
Days: TypeAlias = tuple[tuple[int, int, int], ...]


def hard(thread: Thread, agent: str, at: int) -> bool:
    """Whether *thread* is hard for *agent*, who takes it at *at*."""
    passed = bool(thread.excluded) and any(
        x.agent != agent and x.reason in ("declined", "missed") for x in thread.excluded
    )
    return passed or 0 < thread.deadline < at or thread.weight > 1


def burdened(agent: Agent, thread: Thread, at: int) -> tuple[Days, float]:
    """The agent's last week with *thread* in it, and the share of hard threads in that week."""
    today = at // DAY
    if agent.days and agent.days[-1][0] == today:  # what is too old went with the day's first
        _, taken, before = agent.days[-1]
        kept = (*agent.days[:-1], (today, taken + 1, before + hard(thread, agent.id, at)))
        return kept, share(kept)
    days = {day: (taken, hard) for day, taken, hard in agent.days}
    taken, before = days.get(today, (0, 0))
    days[today] = taken + 1, before + hard(thread, agent.id, at)
    kept = tuple((day, *days[day]) for day in sorted(days) if day > today - DAYS)
    return kept, share(kept)


def share(days: Days) -> float:
    """The share of hard threads among those of some days, of which one at least was taken."""
    taken = hard_ones = 0
    for _, number, of_them in days:
        taken += number
        hard_ones += of_them
    return hard_ones / taken
