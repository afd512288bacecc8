from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_webchat.mailbox import Line
from omniroute_webchat.streams import AT_ONCE, MOST_PER_SESSION, Stream, Streams

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat


async def test_lines_appear_as_they_come(chat: Chat) -> None:
    joe = await chat.visitor()
    stream = joe.listens()
    await stream.opened()
    await joe.says("hello")
    assert await stream.until(1) == ["hello"]
    await chat.answers("Good morning.", key="e1")
    assert await stream.until(2) == ["hello", "Good morning."]

    answer = stream.lines[1]
    assert (answer["direction"], answer["author"], answer["id"]) == ("out", "Ana", "e1")
    assert f"id: {answer['seq']}\n" in stream.text
    await stream.breaks()


async def test_a_stream_begins_with_what_was_said_before(chat: Chat) -> None:
    joe = await chat.visitor()
    for text in ("one", "two"):
        await joe.says(text)
    stream = joe.listens()
    assert await stream.until(2) == ["one", "two"]
    await stream.breaks()


async def test_reconnecting_loses_and_doubles_nothing(chat: Chat) -> None:
    joe = await chat.visitor()
    stream = joe.listens()
    await joe.says("one")
    await stream.until(1)
    last = stream.lines[-1]["seq"]
    await stream.breaks()

    await chat.answers("two", key="e2")
    await joe.says("three")
    again = joe.listens(after=last)
    assert await again.until(2) == ["two", "three"]
    await again.breaks()


async def test_what_the_browser_saw_last_outdoes_the_address(chat: Chat) -> None:
    joe = await chat.visitor()
    for text in ("one", "two", "three"):
        await joe.says(text)
    shown = (await joe.asks("GET", "lines")).json()["lines"]
    first, second = (line["seq"] for line in shown[:2])
    stream = joe.listens(after=first, **{"Last-Event-ID": str(second)})
    assert await stream.until(1) == ["three"]
    await stream.breaks()


async def test_nothing_is_lost_over_a_restart_of_the_server(chat: Chat) -> None:
    joe = await chat.visitor()
    stream = joe.listens()
    await joe.says("one")
    await stream.until(1)
    last = stream.lines[-1]["seq"]
    await chat.stops()
    await stream.ends()

    await chat.starts_again()
    await chat.answers("two", key="e2")
    again = joe.listens(after=last)
    assert await again.until(1) == ["two"]
    await again.breaks()


async def test_stopping_ends_every_stream_at_once(chat: Chat) -> None:
    joe, ann = await chat.visitor(), await chat.visitor()
    streams = [joe.listens(), joe.listens(), ann.listens()]
    for stream in streams:
        await stream.opened()
    await chat.stops()
    for stream in streams:
        await stream.ends()


async def test_both_devices_of_a_user_are_told(chat: Chat) -> None:
    phone, desk = await chat.visitor(chat.token("17")), await chat.visitor(chat.token("17"))
    streams = [phone.listens(), desk.listens()]
    await phone.says("hello")
    for stream in streams:
        assert await stream.until(1) == ["hello"]
        await stream.breaks()


async def test_signing_in_ends_the_guests_stream_and_the_next_one_has_all(chat: Chat) -> None:
    joe = await chat.visitor()
    stream = joe.listens()
    await joe.says("as a guest")
    await stream.until(1)
    await joe.opens(chat.token("17"))
    await stream.ends()

    again = joe.listens()
    await joe.says("as Joe")
    assert await again.until(2) == ["as a guest", "as Joe"]
    await again.breaks()


async def test_signing_out_ends_the_stream(chat: Chat) -> None:
    joe = await chat.visitor(chat.token("17"))
    stream = joe.listens()
    await stream.opened()
    await joe.asks("DELETE", "session")
    await stream.ends()


async def test_a_session_holds_only_so_many_streams(chat: Chat) -> None:
    joe = await chat.visitor()
    streams = [joe.listens() for _ in range(MOST_PER_SESSION)]
    for stream in streams:
        await stream.opened()
    refused = await joe.asks("GET", "stream")
    assert (refused.status_code, refused.json()["error"]) == (429, "streams")

    await streams.pop().breaks()
    streams.append(joe.listens())
    await streams[-1].opened()
    for stream in streams:
        await stream.breaks()


async def test_a_quiet_stream_is_kept_alive() -> None:
    async def nothing(after: int) -> Sequence[Line]:
        return []

    stream = Stream("s:joe", frozenset(("s:joe",)))
    events = stream.events(nothing, 0, heartbeat=0.001)
    assert await anext(events) == b"retry: 1000\n: open\n\n"
    assert await anext(events) == b": still here\n\n"
    assert await anext(events) == b": still here\n\n"
    stream.end()
    assert [event async for event in events] == []


async def test_a_long_absence_is_made_up_for_in_portions() -> None:
    lines = [Line(seq, str(seq), "out", "Ana", "x", 0) for seq in range(1, 2 * AT_ONCE + 2)]
    asked: list[int] = []

    async def read(after: int) -> Sequence[Line]:
        asked.append(after)
        if after + AT_ONCE >= len(lines):
            stream.end()
        return lines[after : after + AT_ONCE]

    stream = Stream("s:joe", frozenset(("s:joe",)))
    events = [event async for event in stream.events(read, 0, heartbeat=60)]
    assert len(events) == 1 + len(lines)
    assert asked == [0, AT_ONCE, 2 * AT_ONCE]


async def test_a_line_that_comes_while_reading_is_not_slept_over() -> None:
    """The wake-up between reading and waiting is the one that is easily lost."""
    lines = [Line(1, "1", "out", "Ana", "x", 0)]

    async def read(after: int) -> Sequence[Line]:
        found = lines[after:]
        if after == 0 and len(lines) == 1:
            lines.append(Line(2, "2", "out", "Ana", "y", 0))
            stream.wake()
        return found

    stream = Stream("s:joe", frozenset(("s:joe",)))
    events = stream.events(read, 0, heartbeat=3600)
    async with asyncio.timeout(10):
        assert [b"id: %d" % n in await anext(events) for n in (0, 1, 2)] == [False, True, True]
    await events.aclose()  # type: ignore[attr-defined]


@given(st.lists(st.sampled_from(["open", "let go", "end"]), max_size=40))
def test_streams_that_are_gone_leave_nothing_behind(steps: list[str]) -> None:
    streams = Streams()
    opened: list[Stream] = []
    for step in steps:
        if step == "open":
            stream = streams.open("s:joe", ("u:17",))
            if stream is not None:
                opened.append(stream)
        elif step == "let go" and opened:
            streams.let_go(opened.pop())
        else:
            streams.end("s:joe")
        assert len(opened) <= MOST_PER_SESSION
    for stream in opened:
        streams.let_go(stream)
    assert streams._all == {}


@pytest.mark.parametrize("conversation", ["s:joe", "u:17"])
def test_a_stream_is_woken_by_each_of_its_conversations(conversation: str) -> None:
    streams = Streams()
    stream = streams.open("s:joe", ("u:17",))
    assert stream is not None
    streams.wake("s:ann")
    assert not stream._news.is_set()
    streams.wake(conversation)
    assert stream._news.is_set()
