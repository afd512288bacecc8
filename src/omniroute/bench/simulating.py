"""`simulate.arrivals`: customers of a scenario a second, all that belongs to it included."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from statistics import median
from typing import Final

from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale, alone
from omniroute.simulate.distributions import exponential
from omniroute.simulate.invented import Invented
from omniroute.simulate.scenario import CustomerClass, Group, Relaxed, Scenario

ROW: Final = "simulate.arrivals"
UNIT: Final = "arrivals/s"


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The row of this module."""
    whole, rates = scenario(scale.decisions), []
    progress.begin(ROW, scale.rounds)
    for number in range(scale.rounds):
        began = time.thread_time()
        tally = Invented(whole, number).run()
        rates.append(tally.arrivals / (time.thread_time() - began))
        progress.step(rate=f"{rates[-1]:,.0f} {UNIT}")
    row = alone(ROW, UNIT, median(rates))
    progress.end(f"{row.ours:,.0f} {UNIT}")
    return [row]


def scenario(arrivals: int) -> Scenario:
    """Two classes, two groups, nine tenths of what they can do; the impatient leave."""
    needs = (("billing", "high"), ("tech", "normal"))
    return Scenario(
        classes=tuple(
            CustomerClass(
                skill,
                exponential(1.0),
                between=exponential(1 / 9.0),
                patience=exponential(3.0),
                priority=30 if urgency == "high" else 20,
                steps=(Relaxed({skill: 1.0}),),
            )
            for skill, urgency in needs
        ),
        groups=(
            Group("one", 10, {"billing": 3.0}),
            Group("both", 10, {"billing": 2.0, "tech": 2.0}),
        ),
        total=arrivals,
    )
