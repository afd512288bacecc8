"""How long to wait between tries."""

from __future__ import annotations

import math

import pytest

from omniroute.runtime.pauses import DAY, Pauses


def test_pauses_grow_to_the_longest() -> None:
    pauses = Pauses(1.0, 60.0)
    for about in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert 0.8 * about <= pauses.next() <= 1.2 * about


@pytest.mark.parametrize("after", [0.001, 30.0, 3600.0])
def test_the_other_side_is_given_its_time(after: float) -> None:
    assert Pauses(1.0, 60.0).next(after) == after


def test_what_the_other_side_says_does_not_stop_the_growth() -> None:
    pauses = Pauses(1.0, 60.0)
    pauses.next(30.0)
    assert pauses.next() >= 1.6


@pytest.mark.parametrize("after", [0.0, -1.0, math.nan])
def test_what_is_no_span_is_not_heeded(after: float) -> None:
    assert 0.8 <= Pauses(1.0, 60.0).next(after) <= 1.2


def test_for_ever_is_a_day() -> None:
    assert Pauses(1.0, 60.0).next(math.inf) == DAY
