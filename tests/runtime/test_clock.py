"""Time, handed in."""

from __future__ import annotations

import time

from omniroute.runtime.clock import SystemClock

SECOND = 1_000_000_000


def test_it_is_now_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    now = SystemClock().now()
    assert before <= now <= time.time_ns() // 1_000_000


def test_time_does_not_go_back_though_the_machine_s_clock_does() -> None:
    shown = iter([100 * SECOND, 101 * SECOND, 40 * SECOND, 100 * SECOND, 102 * SECOND])
    clock = SystemClock(lambda: next(shown))
    assert [clock.now() for _ in range(5)] == [100_000, 101_000, 101_000, 101_000, 102_000]


def test_another_process_starts_with_the_machine_s_time_again() -> None:
    assert SystemClock(lambda: 100 * SECOND).now() == 100_000
    assert SystemClock(lambda: 40 * SECOND).now() == 40_000
