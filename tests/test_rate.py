from __future__ import annotations

import pytest

from omniroute.rate import MOST_KEYS, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_through_and_then_one_by_one() -> None:
    clock = Clock()
    rate = Rate(per_minute=30, burst=3, clock=clock)
    assert [rate.wait("joe") for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 1
    assert rate.wait("joe") == pytest.approx(1)
    clock.now += 1
    assert rate.wait("joe") == 0
    assert rate.wait("joe") == pytest.approx(2)


def test_waiting_fills_up_no_further_than_the_burst() -> None:
    clock = Clock()
    rate = Rate(per_minute=60, burst=2, clock=clock)
    rate.wait("joe")
    clock.now += 3600
    assert [rate.wait("joe") for _ in range(3)] == [0, 0, 1]


def test_each_has_a_bucket_of_their_own() -> None:
    rate = Rate(per_minute=1, burst=1, clock=Clock())
    assert rate.wait("joe") == 0
    assert rate.wait("ann") == 0
    assert rate.wait("joe") > 0


def test_zero_is_no_limit() -> None:
    rate = Rate(per_minute=0, burst=1, clock=Clock())
    assert {rate.wait("joe") for _ in range(100)} == {0}


def test_memory_is_bounded() -> None:
    rate = Rate(per_minute=1, burst=1, clock=Clock())
    for n in range(MOST_KEYS + 10):
        rate.wait(str(n))
    assert len(rate._left) == MOST_KEYS
