"""A bot that stops listening leaves no connection behind, whatever it was about to do."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from omniroute import Retry, Secret
from omniroute_telegram.connection import Connection
from omniroute_telegram.settings import Config

TURNS = range(0, 60, 3)  # of the loop, from before the connection is made to after the answer
ME = b'{"ok": true, "result": {"id": 1, "is_bot": true, "first_name": "Bot", "username": "a_bot"}}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(ME), ME)


class Telegram(asyncio.Protocol):
    """Telegram's end of a connection."""

    def __init__(self, open: set[asyncio.BaseTransport], answer: bytes = ANSWER) -> None:
        self._open, self._answer = open, answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self._transport)


@pytest.mark.parametrize("turns", TURNS)
async def test_whatever_is_under_way_no_connection_stays(turns: int) -> None:
    loop, theirs = asyncio.get_running_loop(), set[asyncio.BaseTransport]()
    async with await loop.create_server(lambda: Telegram(theirs), "127.0.0.1", 0) as server:
        connection = await connected(server)
        asking = asyncio.create_task(connection.ask(lambda bot: bot.get_me()))
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.close()
        with suppress(Retry):
            assert (await asking).username == "a_bot"
        async with asyncio.timeout(15):
            for _ in range(3):  # whoever was just taken in is known after these
                await asyncio.sleep(0)
            while theirs:
                await asyncio.sleep(0)


async def test_a_call_that_gets_no_answer_is_broken_off() -> None:
    loop, theirs = asyncio.get_running_loop(), set[asyncio.BaseTransport]()
    async with await loop.create_server(lambda: Telegram(theirs, b""), "127.0.0.1", 0) as server:
        connection = await connected(server)
        asking = asyncio.create_task(connection.ask(lambda bot: bot.get_me()))
        async with asyncio.timeout(15):
            while not theirs:
                await asyncio.sleep(0)
        await connection.close()
        with pytest.raises(Retry, match="stopped listening") as broken:
            await asking
        assert broken.value.in_doubt


async def test_a_caller_who_is_stopped_stays_stopped() -> None:
    loop, theirs = asyncio.get_running_loop(), set[asyncio.BaseTransport]()
    async with await loop.create_server(lambda: Telegram(theirs, b""), "127.0.0.1", 0) as server:
        connection = await connected(server)
        asking = asyncio.create_task(connection.ask(lambda bot: bot.get_me()))
        async with asyncio.timeout(15):
            while not theirs:
                await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await connection.close()


async def connected(server: asyncio.Server) -> Connection:
    port = server.sockets[0].getsockname()[1]
    config = Config(token=Secret("1:a-token"), api_url=f"http://127.0.0.1:{port}")
    connection = Connection(config, "channels.telegram")
    await connection.open()
    return connection
