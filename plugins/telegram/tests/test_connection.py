"""A bot that stops listening leaves no connection behind, whatever it was about to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from telegram import User

from omniroute import Retry, Secret
from omniroute_telegram.connection import Connection
from omniroute_telegram.settings import Config

TURNS = range(0, 60, 3)  # of the loop, from before the connection is made to after the answer
ME = b'{"ok": true, "result": {"id": 1, "is_bot": true, "first_name": "Bot", "username": "a_bot"}}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(ME), ME)


class Telegram:
    """Telegram's end of all connections, and what it answers."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self._open, self._changed = 0, asyncio.Event()

    def counts(self, change: int) -> None:
        self._open += change
        self._changed.set()

    async def until(self, count: int) -> None:
        """Wait until so many connections are open."""
        async with asyncio.timeout(15):
            while self._open != count:
                self._changed.clear()
                await self._changed.wait()


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._telegram.counts(1)

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._telegram.answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._telegram.counts(-1)


@pytest.mark.parametrize("turns", TURNS)
async def test_whatever_is_under_way_no_connection_stays(turns: int) -> None:
    async with asked(Telegram()) as (telegram, connection, asking):
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.close()
        with suppress(Retry):
            assert (await asking).username == "a_bot"
        for _ in range(3):  # whoever was just taken in is known after these
            await asyncio.sleep(0)
        await telegram.until(0)


async def test_a_call_that_gets_no_answer_is_broken_off() -> None:
    async with asked(Telegram(b"")) as (telegram, connection, asking):
        await telegram.until(1)
        await connection.close()
        with pytest.raises(Retry, match="stopped listening") as broken:
            await asking
        assert broken.value.in_doubt


async def test_a_caller_who_is_stopped_stays_stopped() -> None:
    async with asked(Telegram(b"")) as (telegram, connection, asking):
        await telegram.until(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await connection.close()


@asynccontextmanager
async def asked(
    telegram: Telegram,
) -> AsyncIterator[tuple[Telegram, Connection, asyncio.Task[User]]]:
    """A bot that has just begun to ask who it is."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Line(telegram), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        config = Config(token=Secret("1:a-token"), api_url=f"http://127.0.0.1:{port}")
        connection = Connection(config, "channels.telegram")
        await connection.open()
        yield telegram, connection, asyncio.create_task(connection.ask(lambda bot: bot.get_me()))
