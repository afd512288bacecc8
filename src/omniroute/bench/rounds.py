"""Ours and the floor in turn, and the median of each.

A shared machine speeds up and slows down within seconds.  Two figures taken in turn meet the same
weather; two taken one after the other do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from statistics import median

from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, beside

Turn = Callable[[], Awaitable[float]]
"""One measurement; returns a rate, higher is better."""


async def in_turn(
    name: str, unit: str, rounds: int, ours: Turn, floor: Turn, progress: Progress
) -> Row:
    """Measure both *rounds* times, each first every other time, and make a row of the medians."""
    found: dict[Turn, list[float]] = {ours: [], floor: []}
    progress.begin(name, rounds * 2)
    for number in range(rounds):
        for turn in (ours, floor) if number % 2 == 0 else (floor, ours):
            found[turn].append(await turn())
            progress.step(rate=f"{found[turn][-1]:,.0f} {unit}")
    row = beside(name, unit, median(found[ours]), median(found[floor]))
    progress.end(f"{row.ours:,.0f} {unit}, floor {row.floor:,.0f}")
    return row
