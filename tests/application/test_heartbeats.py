"""A desk that knows whether anybody is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from omniroute.application.heartbeats import Heartbeats
from omniroute.core.inputs import AnyInput, DeskSignal
from omniroute.runtime.writer import Answered
from omniroute.stores.api import Unavailable


class Heard:
    """What the writer was told, and a clock that stands until it is let go."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bool]] = []
        self.fails = False
        self.asked: list[float] = []
        self.over = asyncio.Event()
        self.beats = Heartbeats(self, "web", lambda: 60.0, self.sleep)

    async def submit(
        self, make: Callable[[int], AnyInput], puts: Mapping[str, bytes | None] | None = None
    ) -> Answered:
        if self.fails:
            raise Unavailable("inbox", "is closed")
        signal = make(0)
        assert isinstance(signal, DeskSignal)
        assert signal.desk == "web"
        self.said.append((signal.agent, signal.up))
        return Answered(0, True, "desk")

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self.over.wait()


async def settled() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_opens_a_page_is_there_and_has_left_a_while_after_the_last_is_closed() -> None:
    heard = Heard()
    with heard.beats.there("ana"):
        with heard.beats.there("ana"):
            await settled()
        await settled()
        assert heard.said == [("ana", True)]
    await settled()
    assert heard.said == [("ana", True)]
    assert heard.asked == [60.0]
    heard.over.set()
    await settled()
    assert heard.said == [("ana", True), ("ana", False)]


async def test_who_goes_from_page_to_page_has_not_left() -> None:
    heard = Heard()
    for _ in range(3):
        with heard.beats.there("ana"):
            await settled()
    with heard.beats.there("ana"):
        heard.over.set()
        await settled()
        assert heard.said == [("ana", True)]


async def test_a_server_that_stops_says_of_nobody_that_they_left() -> None:
    heard = Heard()
    with heard.beats.there("ana"):
        await settled()
    await settled()
    await heard.beats.stop()
    heard.over.set()
    await settled()
    assert heard.said == [("ana", True)]


async def test_what_cannot_be_recorded_harms_no_page(caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    heard.fails = True
    with heard.beats.there("ana"):
        await settled()
    assert "is closed" in caplog.text
    await heard.beats.stop()
