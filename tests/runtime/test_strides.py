"""Who comes alone goes at once; a crowd goes in strides."""

from __future__ import annotations

from omniroute.runtime.strides import Strides


class Road:
    """Strides of 5 s for four and more, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.strides = Strides(5.0, 4, lambda: self.now)

    def go(self, went: int, taking: float = 1.0) -> None:
        self.strides.begin()
        self.now += taking
        self.strides.end(went)


def test_the_first_goes_at_once() -> None:
    assert Road().strides.wait() == 0


def test_a_few_never_wait() -> None:
    road = Road()
    for _ in range(3):
        road.go(3)
        assert road.strides.wait() == 0


def test_after_a_crowd_the_next_waits_for_the_rest_of_the_stride() -> None:
    road = Road()
    road.go(4)
    assert road.strides.wait() == 4
    road.now += 3
    assert road.strides.wait() == 1


def test_after_one_that_took_longer_than_a_stride_nobody_waits() -> None:
    road = Road()
    road.go(40, taking=7)
    assert road.strides.wait() == 0


def test_when_the_crowd_is_gone_nobody_waits() -> None:
    road = Road()
    road.go(40)
    road.now += road.strides.wait()
    road.go(1)
    assert road.strides.wait() == 0
