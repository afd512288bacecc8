"""How many may come in at a time, and what happens when we close."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from omniroute import Intake
from omniroute_email.reception import Reception
from omniroute_email.server import serving
from omniroute_email.settings import Config, mailboxes

Serve = Callable[..., Awaitable[tuple[Reception, int]]]


async def greeting(port: int) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return (await reader.readline()).decode().rstrip(), reader, writer


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"max_connections": 1}, "421 4.3.2 Too many connections, please come again later"),
        ({"max_connections_per_ip": 1}, "421 4.7.0 Too many connections from your address"),
    ],
)
async def test_too_many_connections_are_turned_away_until_one_leaves(
    serve: Serve, settings: dict[str, int], answer: str
) -> None:
    _, port = await serve(**settings)
    first, reader, writer = await greeting(port)
    assert first.startswith("220")
    second, closed, other = await greeting(port)
    assert second == answer
    assert await closed.read() == b""
    other.close()
    writer.write(b"QUIT\r\n")
    await reader.read()
    writer.close()
    third, _, writer = await greeting(port)
    assert third.startswith("220")
    writer.close()


async def test_closing_ends_an_idle_session_with_a_word(spool: Intake) -> None:
    config = Config(addresses=["help@demo.example"], listen_port=0)
    reception = Reception(config, mailboxes(config, "channels.email"), spool)
    async with serving(reception, "channels.email") as port:
        _, reader, writer = await greeting(port)
    assert (await reader.read()).startswith(b"421 4.3.2 Closing down")
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_closing_lets_a_message_that_is_being_kept_have_its_answer(spool: Spooling) -> None:
    config = Config(addresses=["help@demo.example"], listen_port=0)
    reception = Reception(config, mailboxes(config, "channels.email"), spool)
    spool.open.clear()
    async with serving(reception, "channels.email") as port:
        _, reader, writer = await greeting(port)
        for line in (b"HELO x", b"MAIL FROM:<a@x>", b"RCPT TO:<help@demo.example>", b"DATA"):
            writer.write(line + b"\r\n")
            await reader.readline()
        writer.write(b"text\r\n.\r\n")
        await spool.asked.wait()
        asyncio.get_running_loop().call_later(0.05, spool.open.set)
    assert await reader.readline() == b"250 2.6.0 Message kept\r\n"
    assert await reader.read() == b""
    writer.close()


class Spooling(Intake):
    asked: asyncio.Event
    open: asyncio.Event


@pytest.mark.parametrize("turns", range(6))
async def test_closing_ends_a_session_that_is_just_beginning(spool: Intake, turns: int) -> None:
    config = Config(addresses=["help@demo.example"], listen_port=0)
    reception = Reception(config, mailboxes(config, "channels.email"), spool)
    async with serving(reception, "channels.email") as port:
        caller = socket.create_connection(("127.0.0.1", port))
        for _ in range(turns):
            await asyncio.sleep(0)
    with caller:
        caller.settimeout(15)
        with suppress(ConnectionResetError):
            while caller.recv(100):
                pass
    assert reception.count == 0
