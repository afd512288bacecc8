"""Taking in goes before reading, and reading is never kept from its work for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from omniroute.runtime.precedence import MOST, PATIENCE, PAUSE, QUICK, Precedence

ENOUGH = 100  # pauses of a test in which nothing else would end the wait


class Doings:
    """A loop's clock and a spool; what happens in a pause is the test's to say."""

    def __init__(self) -> None:
        self.came, self.depth, self.pauses = 0, 0, 0
        self.turn = 0.0  # seconds that a turn of the loop takes
        self.in_a_pause: Callable[[], None] = lambda: None
        self._now = 1000.0
        self.precedence = Precedence(self, self._sleep, self._turn, lambda: self._now)

    async def read_for(self, seconds: float) -> float:
        """Read a handful, give way; for how long, in seconds."""
        ended = self._now
        await self.precedence.give_way(seconds)
        return self._now - ended

    async def _turn(self) -> None:
        self._now += self.turn

    async def _sleep(self, seconds: float) -> None:
        self.pauses += 1
        assert self.pauses < ENOUGH
        self._now += seconds
        self.in_a_pause()

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


async def test_on_a_real_loop_it_returns() -> None:
    desk = Doings()
    precedence = Precedence(desk)
    async with asyncio.timeout(15):
        for _ in range(3):
            desk.comes()
            await precedence.give_way(0.001)
