"""Taking in goes before reading, and reading is never kept from its work for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from omniroute.runtime.precedence import (
    BURST,
    HANDFUL,
    LOOK,
    MOST,
    PATIENCE,
    PAUSE,
    QUICK,
    SHARE,
    Precedence,
)

ENOUGH = 1000  # pauses of a test in which nothing else would end the wait


class Doings:
    """A loop's clock and a spool; what happens in a pause is the test's to say."""

    def __init__(self) -> None:
        self.came, self.depth, self.pauses = 0, 0, 0
        self.turn = 0.0  # seconds that a turn of the loop takes
        self.in_a_pause: Callable[[], None] = lambda: None
        self.rate = 0.0  # messages that come a second, besides
        self._now = 1000.0
        self.precedence = Precedence(self, self._sleep, self._turn, lambda: self._now)

    async def read_for(self, seconds: float) -> float:
        """Read a handful, give way; for how long, in seconds."""
        self._pass(seconds)
        ended = self._now
        await self.precedence.give_way(seconds)
        return self._now - ended

    async def _turn(self) -> None:
        self._now += self.turn

    async def _sleep(self, seconds: float) -> None:
        self.pauses += 1
        assert self.pauses < ENOUGH
        self._pass(seconds)
        self.in_a_pause()

    def _pass(self, seconds: float) -> None:
        self._now += seconds
        self.came += round(self.rate * seconds)

    def comes(self) -> None:
        """Somebody brings a message."""
        self.came += 1


async def test_where_nobody_comes_nobody_is_given_way_to() -> None:
    desk = Doings()
    desk.turn = 1.0
    assert await desk.read_for(0.5) == 0


async def test_while_messages_come_reading_takes_half_of_the_time_at_most() -> None:
    desk = Doings()
    desk.in_a_pause = desk.comes
    desk.comes()
    assert 0.01 <= await desk.read_for(0.01) < 0.01 + 2 * PAUSE


async def test_whoever_came_is_given_way_to_until_the_loop_has_little_to_do() -> None:
    desk = Doings()
    desk.turn = 2 * QUICK

    def later() -> None:
        desk.comes()
        if desk.pauses == 5:
            desk.turn = 0

    desk.in_a_pause = later
    desk.comes()
    await desk.read_for(0)
    assert desk.pauses == 5


async def test_when_they_have_stopped_coming_reading_goes_on() -> None:
    desk = Doings()
    desk.turn = 2 * QUICK
    desk.comes()
    await desk.read_for(0)
    assert desk.pauses == 1


async def test_patience_ends_and_the_sooner_the_more_is_waiting() -> None:
    desk = Doings()
    desk.turn, desk.in_a_pause = 2 * QUICK, desk.comes
    waits = []
    for desk.depth in (0, MOST // 2, MOST, 2 * MOST):
        desk.comes()
        waits.append(await desk.read_for(0))
    more = PAUSE + 2 * QUICK
    assert PATIENCE <= waits[0] < PATIENCE + more
    assert PATIENCE / 2 <= waits[1] < PATIENCE / 2 + more
    assert waits[2:] == [0, 0]


async def test_in_a_burst_nothing_is_read_until_it_is_over() -> None:
    desk = Doings()
    desk.depth, desk.rate = HANDFUL + 1, 2000
    desk.in_a_pause = lambda: setattr(desk, "rate", 2000 if desk.pauses < 40 else 0)
    assert await desk.read_for(HANDFUL * 0.001) >= 40 * LOOK


async def test_what_can_be_read_as_it_comes_is_no_burst() -> None:
    desk = Doings()
    desk.depth, desk.rate = HANDFUL + 1, 1000 * SHARE - 50
    assert await desk.read_for(HANDFUL * 0.001) < PATIENCE


async def test_nor_is_what_a_handful_is_enough_for() -> None:
    desk = Doings()
    desk.depth, desk.rate = HANDFUL, 2000
    assert await desk.read_for(HANDFUL * 0.001) < PATIENCE


async def test_a_burst_that_does_not_end_is_given_way_to_once() -> None:
    desk = Doings()
    desk.depth, desk.rate = HANDFUL + 1, 2000
    waits = [await desk.read_for(HANDFUL * 0.001) for _ in range(4)]
    assert BURST <= waits[0] < BURST + PATIENCE + LOOK
    assert max(waits[1:]) <= PATIENCE


async def test_after_everything_was_read_the_next_burst_is_given_way_to_again() -> None:
    desk = Doings()
    for _ in range(2):
        desk.depth, desk.rate = HANDFUL + 1, 2000
        assert await desk.read_for(HANDFUL * 0.001) >= BURST
        desk.depth, desk.rate = 0, 0
        assert await desk.read_for(0.001) < PATIENCE


async def test_the_more_is_waiting_the_sooner_a_burst_is_read() -> None:
    desk = Doings()
    desk.depth, desk.rate = MOST // 2, 2000
    assert BURST / 2 <= await desk.read_for(HANDFUL * 0.001) < BURST / 2 + PATIENCE
    desk.depth = MOST
    assert await desk.read_for(HANDFUL * 0.001) == 0


async def test_on_a_real_loop_it_returns() -> None:
    desk = Doings()
    precedence = Precedence(desk)
    async with asyncio.timeout(15):
        for _ in range(3):
            desk.comes()
            await precedence.give_way(0.001)
