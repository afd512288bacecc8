"""Who closes the chat while they wait, and who is back in time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from omniroute import Intake
from omniroute.testing.intake import Notebook
from omniroute_webchat.goings import Goings
from omniroute_webchat.parse import read
from omniroute_webchat.sessions import Session
from omniroute_webchat.streams import Streams

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Opens

SOON, PATIENCE = 0.01, 20  # s
JOE = Session("", "v1", "u1", "17", "", "Joe", joined=False, seen=0)


class Ear:
    """An intake that is there, or not."""

    def __init__(self) -> None:
        self.notebook = Notebook()
        self.intake: Intake | None = self.notebook

    async def hears(self) -> bytes:
        """The first that is taken in."""
        kept = self.notebook.kept
        async with asyncio.timeout(PATIENCE):
            while not kept:  # noqa: ASYNC110 - what is waited for is a dictionary
                await asyncio.sleep(SOON)
        return next(iter(kept.values()))


async def test_whose_last_window_is_closed_for_long_enough_has_left() -> None:
    ear, streams = Ear(), Streams()
    goings = Goings(SOON, streams, ear)
    one, other = (streams.open("v1", ("u1", "v1")) for _ in range(2))
    assert one is not None
    assert other is not None
    streams.let_go(one)
    goings.perhaps(JOE)
    assert not goings._waiting  # another window is open still
    streams.let_go(other)
    goings.perhaps(JOE)
    inbound = read(await ear.hears(), "main")
    assert (inbound.kind, inbound.text, inbound.conversation) == ("left", "", "u1")
    assert (inbound.sender.kind, inbound.sender.value) == ("webchat:main", "17")


@pytest.mark.parametrize("how", ["is back", "never counts", "nobody listens"])
async def test_who_is_back_in_time_has_not(how: str) -> None:
    ear, streams = Ear(), Streams()
    goings = Goings(0 if how == "never counts" else SOON, streams, ear)
    goings.perhaps(JOE)
    waiting = list(goings._waiting.values())
    if how == "is back":
        streams.open("v1", ("u1", "v1"))
    elif how == "nobody listens":
        ear.intake = None
    await asyncio.gather(*waiting)
    assert not ear.notebook.kept


async def test_a_reload_begins_the_time_anew() -> None:
    goings = Goings(PATIENCE, Streams(), Ear())
    goings.perhaps(JOE)
    (first,) = goings._waiting.values()
    goings.perhaps(JOE)
    (second,) = goings._waiting.values()
    assert first is not second
    second.cancel()
    assert await asyncio.gather(first, second, return_exceptions=True)
    assert first.cancelled()


async def test_a_window_that_closes_tells(open_chat: Opens) -> None:
    chat = open_chat(left_after=1)
    await chat.starts()
    joe = await chat.visitor()
    stream = joe.listens()
    await stream.opened()
    await joe.says("hello")
    await stream.breaks()
    goings = chat.channel._routes._goings
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*goings._waiting.values())
    assert [one.kind for one in chat.inbound] == ["message", "left"]
    assert chat.inbound[0].sender == chat.inbound[1].sender
