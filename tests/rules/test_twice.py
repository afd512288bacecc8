"""Two forecasts at once."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from omniroute.rules.prediction import Forecast, Played
from omniroute.rules.twice import ENOUGH, both


def played(agent: str) -> Played:
    return Played(Forecast(1, 2, 3, 4, {agent: 0.5}), {7: agent})


def where(agent: str) -> Played:
    """Who played, and in which process."""
    return Played(Forecast(os.getpid(), 0, 0, 0, {}), {7: agent})


@pytest.mark.parametrize("arrivals", [1, ENOUGH])
def test_both_are_told_in_their_order(arrivals: int) -> None:
    found = both(lambda tell: played("ana"), lambda tell: played("bo"), arrivals, print)
    assert found == (played("ana"), played("bo"))


def test_a_few_are_played_here() -> None:
    first, second = both(lambda tell: where("ana"), lambda tell: where("bo"), ENOUGH - 1, print)
    assert first.forecast == second.forecast


def test_a_process_that_dies_is_made_up_for() -> None:
    here = os.getpid()

    def second(tell: Callable[[], None]) -> Played:
        if os.getpid() != here:
            os._exit(1)
        return played("bo")

    assert both(lambda tell: played("ana"), second, ENOUGH, print) == (played("ana"), played("bo"))


@pytest.mark.parametrize("arrivals", [1, ENOUGH])
def test_progress_is_heard_of_what_is_played_here(arrivals: int) -> None:
    told: list[int] = []

    def play(tell: Callable[[], None]) -> Played:
        tell()
        return played("ana")

    both(play, play, arrivals, lambda: told.append(1))
    alone = arrivals < ENOUGH or os.cpu_count() == 1
    assert len(told) == (2 if alone else 1)
