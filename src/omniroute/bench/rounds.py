"""Ours and the floor in turn, and the median of each.

A shared machine speeds up and slows down within seconds.  Two figures taken in turn meet the same
weather; two taken one after the other do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from statistics import median
from typing import NamedTuple

from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, beside

Turn = Callable[[], Awaitable[float]]
"""One measurement; returns a rate, higher is better."""


class Rates(NamedTuple):
    """The medians."""

    ours: float
    floor: float


async def in_turn(
    name: str, unit: str, rounds: int, ours: Turn, floor: Turn, progress: Progress
) -> Row:
    """Measure both *rounds* times and make a row of the medians."""
    rates = await alternate(name, unit, rounds, ours, floor, progress)
    return beside(name, unit, rates.ours, rates.floor)


async def alternate(
    name: str, unit: str, rounds: int, ours: Turn, floor: Turn, progress: Progress
) -> Rates:
    """Measure both *rounds* times, each going first every other time."""
    found: dict[Turn, list[float]] = {ours: [], floor: []}
    progress.begin(name, rounds * 2)
    for number in range(rounds):
        for turn in (ours, floor) if number % 2 == 0 else (floor, ours):
            found[turn].append(await turn())
            progress.step(rate=f"{found[turn][-1]:,.0f} {unit}")
    rates = Rates(median(found[ours]), median(found[floor]))
    progress.end(f"{rates.ours:,.0f} {unit}, floor {rates.floor:,.0f}")
    return rates
