"""The live stream."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from tests.web.people import village
from tests.web.site import MORNING, URL
from tests.web.village import Doorman, Village

from omniroute.application.authorize import Actor, Kind
from omniroute.application.pages import Change
from omniroute.web.console import Console
from omniroute.web.guard import token_for
from omniroute.web.live import stream
from omniroute.web.viewer import Viewer
from omniroute.web.visits import Visit

HOUR = 3600.0


class Listening:
    """A console and Ana, who listens."""

    def __init__(self, heartbeat: float = HOUR) -> None:
        self.village: Village = village(lambda: MORNING)
        self.doorman = Doorman(self.village)
        self.doorman.sessions["s"] = "ana"
        self.console = Console(
            self.village, self.doorman, lambda: MORNING, "Radhaus", URL, heartbeat=heartbeat
        )
        ana = Actor(Kind.AGENT, "ana", "agent")
        visit = Visit(ana, token_for("s"), "s", Viewer(MORNING))
        self.stream: AsyncIterator[str] = stream(self.console, visit)

    async def hears(self) -> str:
        async with asyncio.timeout(5):
            return await anext(self.stream)

    async def ends(self) -> None:
        with pytest.raises(StopAsyncIteration):
            await self.hears()
        assert not self.village.listeners


async def test_a_change_is_told_from_the_listeners_side() -> None:
    ana = Listening()
    assert (await ana.hears()).startswith("retry: 1000\n")
    await asyncio.sleep(0)  # now she listens
    ana.village.tell(Change(7, (4812, 4820), ("ana", "bo"), offered=("bo",), wrote=("ana",)))
    told = await ana.hears()
    head, data, *_ = told.split("\ndata: ")
    assert head == "id: 7\nevent: change"
    assert told.endswith("\n\n")
    assert json.loads(data) == {
        "all": False, "threads": [4812, 4820], "agents": ["ana", "bo"],
        "offered": False, "wrote": True,
    }  # fmt: skip


async def test_in_silence_there_is_a_sign_of_life() -> None:
    ana = Listening(heartbeat=0.001)
    await ana.hears()
    assert await ana.hears() == ": alive\n\n"


async def test_the_stream_ends_when_the_site_closes() -> None:
    ana = Listening()
    await ana.hears()
    ana.console.closing.set()
    await ana.ends()


async def test_the_stream_ends_with_the_session() -> None:
    ana = Listening(heartbeat=0.001)
    await ana.hears()
    ana.doorman.sessions.clear()
    await ana.ends()


async def test_the_stream_ends_when_nothing_more_will_be_told() -> None:
    class Over(Village):
        async def subscribe_forever(self, queue: asyncio.Queue[Change]) -> AsyncIterator[Change]:
            self.listeners.clear()
            nothing: tuple[Change, ...] = ()
            for change in nothing:
                yield change

    ana = Listening()
    ana.village.__class__ = Over
    await ana.hears()
    await ana.ends()


async def test_a_browser_that_leaves_leaves_nothing_behind() -> None:
    ana = Listening()
    await ana.hears()
    await asyncio.sleep(0)
    assert len(ana.village.listeners) == 1
    await ana.stream.aclose()  # type: ignore[attr-defined]
    assert not ana.village.listeners


async def test_who_is_writing_is_told_by_itself_and_beside_a_change() -> None:
    ana = Listening()
    await ana.hears()
    await asyncio.sleep(0)
    ana.village.tell(Change(0, writing=(4812,)))
    assert await ana.hears() == "event: writing\ndata: 4812\n\n"
    ana.village.tell(Change(8, (4820,), writing=(4812,)))
    assert (await ana.hears()).startswith("event: writing\ndata: 4812\n\nid: 8\nevent: change\n")
