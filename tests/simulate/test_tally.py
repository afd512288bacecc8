"""Percentiles without keeping every wait, and intervals over runs."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.simulate.tally import ACCURACY, Waits, half_width

SPANS = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@given(st.lists(SPANS, min_size=1), st.floats(0.01, 1.0))
def test_percentiles_are_as_near_as_they_say(spans: list[float], share: float) -> None:
    waits = Waits()
    for span in spans:
        waits.add(span)
    exact = sorted(spans)[ceil(share * len(spans)) - 1]
    assert waits.quantile(share) == pytest.approx(exact, rel=ACCURACY * 1.01)


@given(st.lists(SPANS), st.lists(SPANS, min_size=1))
def test_merged_is_as_if_counted_together(some: list[float], others: list[float]) -> None:
    one, other, both = Waits(), Waits(), Waits()
    for span in some:
        one.add(span)
    for span in others:
        other.add(span)
    for span in (*some, *others):
        both.add(span)
    one.merge(other)
    assert (one.counts, one.none, one.total) == (both.counts, both.none, both.total)


def test_nobody_has_no_percentile() -> None:
    assert Waits().quantile(0.5) is None


def test_an_interval_needs_two_runs() -> None:
    assert half_width([1.0]) is None
    assert half_width([1.0, 1.0, 1.0]) == 0.0
    assert half_width([1.0, 2.0, 3.0]) == pytest.approx(4.303 / 3**0.5)
