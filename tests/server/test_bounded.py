"""A request is bounded in size and in time before anybody has read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from omniroute.server.bounded import HEAD, MOST, SILENCE, Bounded
from omniroute.server.serving import Serving, listen_tcp

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "one field": GET + b"X-A: " + b"a" * (MOST + 1),
    "many fields": GET + b"X-A: a\r\n" * (MOST // 8),
    "an address": b"GET /" + b"a" * (MOST + 1),
    "what stands beside a chunk": CHUNKED + b"5;" + b"a" * (16 * MOST),
    "trailers": CHUNKED + b"0\r\n" + b"X-A: a\r\n" * (2 * MOST),
}


@dataclass
class Wire:
    """A connection, seen from both ends."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    serving: Serving

    async def sends(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):  # it has hung up, as it may
            await self.writer.drain()

    async def hears(self) -> bytes:
        """All that comes until the server hangs up."""
        async with asyncio.timeout(15):
            try:
                return await self.reader.read()
            except ConnectionError:  # it hung up on what was still under way
                return b""

    async def at_the_server(self, where: Callable[[Bounded], bool]) -> Bounded:
        """The server's end, once it is so there."""
        async with asyncio.timeout(15):
            while True:
                for found in self.serving.server_state.connections:
                    if isinstance(found, Bounded) and where(found):
                        return found
                await asyncio.sleep(0)


async def answer(request: Request) -> Response:
    try:
        return PlainTextResponse(f"{len(await request.body())} bytes")
    except ClientDisconnect:
        return Response()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    listening = listen_tcp("127.0.0.1", 0)
    address = listening.getsockname()
    serving = Serving(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])]), listening)
    await serving.begin()
    reader, writer = await asyncio.open_connection(*address)
    yield Wire(reader, writer, serving)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    await serving.end()


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
async def test_what_has_no_end_is_not_held(wire: Wire, data: bytes) -> None:
    await wire.sends(data)
    said = await wire.hears()
    assert said == b"" or said.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


async def test_a_body_of_many_pieces_is_bounded_by_nobody_here(wire: Wire) -> None:
    await wire.sends(CHUNKED + b"400\r\n" + b"a" * 1024 + b"\r\n")
    for _ in range(200):
        await wire.sends(b"400\r\n" + b"a" * 1024 + b"\r\n")
    await wire.sends(b"0\r\n\r\n")
    await wire.sends(GET + b"Connection: close\r\n\r\n")
    said = await wire.hears()
    assert b"205824 bytes" in said
    assert said.endswith(b"0 bytes")


@pytest.mark.parametrize("data", [b"", GET], ids=["nothing", "half a head"])
async def test_a_head_that_does_not_come_is_waited_for_a_while(wire: Wire, data: bytes) -> None:
    await wire.sends(data)
    end = await wire.at_the_server(lambda found: found._unread == len(data))
    began = asyncio.get_running_loop().time()
    end.look(began + HEAD - 1)
    assert not end.transport.is_closing()
    end.look(began + HEAD + 1)
    assert (await wire.hears()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_stops_coming_is_waited_for_a_while(wire: Wire) -> None:
    await wire.sends(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    end = await wire.at_the_server(lambda found: found._in_body)
    end.look(asyncio.get_running_loop().time() + SILENCE + 1)
    assert await wire.hears() == b""


async def test_whoever_reads_an_answer_may_be_silent_as_long_as_it_takes(wire: Wire) -> None:
    await wire.sends(GET + b"\r\n")
    async with asyncio.timeout(15):
        await wire.reader.readuntil(b"0 bytes")
    end = await wire.at_the_server(lambda found: not found._in_head)
    end.look(asyncio.get_running_loop().time() + 10 * SILENCE)
    assert not end.transport.is_closing()
