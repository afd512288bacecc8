"""Rates say how long to wait."""

from __future__ import annotations

from omniroute.testing.fakes import Bucket, Window


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = Bucket(burst=2, rate=0.5)
    assert [bucket.spend(now) for now in (10, 10, 10)] == [0, 0, 2]
    assert [bucket.spend(now) for now in (12, 12, 13)] == [0, 2, 1]
    assert bucket.spend(1000) == bucket.spend(1000) == 0  # never more than a burst
    assert bucket.spend(1000) == 2


def test_a_window_has_room_again_once_the_oldest_is_out_of_it() -> None:
    window = Window(most=2, span=60)
    for now in (0, 20):
        assert window.left(now) == 0
        window.count(now)
    assert window.left(30) == 30
    assert window.left(60) == 0
