"""One connection for several messages, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from omniroute import Rejected, Retry
from omniroute_email.sending import MOST_CARRIED, Courier
from omniroute_email.settings import Config


class Server:
    """Answers as servers do, and remembers what it was told on each connection."""

    def __init__(self) -> None:
        self.said: list[list[str]] = []
        self.extensions: tuple[str, ...] = ()
        self.to_mail = b"250 OK"
        self.writers: list[asyncio.StreamWriter] = []
        self.tasks: list[asyncio.Task[None] | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[str] = []
        self.said.append(heard)
        self.writers.append(writer)
        self.tasks.append(asyncio.current_task())
        writer.write(b"220 mx.example\r\n")
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            match line.split()[0].upper():
                case "EHLO":
                    more = "".join(f"250-{name}\r\n" for name in self.extensions)
                    writer.write(f"250-mx.example\r\n{more}250 HELP\r\n".encode())
                case "DATA":
                    writer.write(b"354 go\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 kept\r\n")
                case "MAIL":
                    writer.write(self.to_mail + b"\r\n")
                case "QUIT":
                    break
                case _:
                    writer.write(b"250 OK\r\n")
        writer.close()

    def verbs(self) -> list[str]:
        return [" ".join(line.split()[0] for line in heard) for heard in self.said]


@asynccontextmanager
async def courier(server: Server) -> AsyncIterator[Courier]:
    serving = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    config = Config(
        addresses=["help@demo.example"],
        smtp_host="127.0.0.1",
        smtp_port=serving.sockets[0].getsockname()[1],
        smtp_starttls=False,
    )
    made = Courier(config, "channels.email", "demo.example")
    made.open()
    try:
        yield made
    finally:
        made.close()
        serving.close()
        await asyncio.gather(*filter(None, server.tasks))


async def send(made: Courier, sender: str = "help@demo.example", key: str = "") -> None:
    await made.transmit(sender, "joe@x.example", b"Subject: hi\r\n\r\nhello\r\n", key)


ONE = "MAIL RCPT DATA"


async def test_the_next_message_takes_the_same_connection() -> None:
    server = Server()
    async with courier(server) as made:
        for _ in range(3):
            await send(made)
    assert server.verbs() == [f"EHLO {ONE} RSET {ONE} RSET {ONE} QUIT"]


async def test_messages_at_one_time_take_one_each_and_four_are_kept() -> None:
    server = Server()
    async with courier(server) as made:
        await asyncio.gather(*(send(made) for _ in range(6)))
        await asyncio.gather(*(send(made) for _ in range(4)))
    assert len(server.said) == 6
    assert sum(verbs.count("DATA") for verbs in server.verbs()) == 10


async def test_a_connection_that_the_server_closed_is_renewed() -> None:
    server = Server()
    async with courier(server) as made:
        await send(made)
        server.writers[0].close()
        await server.writers[0].wait_closed()
        await send(made)
    assert server.verbs()[1] == f"EHLO {ONE} QUIT"


async def test_a_connection_is_not_used_for_ever() -> None:
    server = Server()
    async with courier(server) as made:
        for _ in range(MOST_CARRIED + 1):
            await send(made)
    assert [verbs.count("DATA") for verbs in server.verbs()] == [MOST_CARRIED, 1]


async def test_after_a_refusal_the_next_message_has_a_connection_of_its_own() -> None:
    server = Server()
    async with courier(server) as made:
        server.to_mail = b"550 no"
        with pytest.raises(Rejected):
            await send(made)
        server.to_mail = b"451 later"
        with pytest.raises(Retry):
            await send(made)
        server.to_mail = b"250 OK"
        await send(made)
    assert server.verbs()[2] == f"EHLO {ONE} QUIT"


async def test_a_channel_that_has_stopped_keeps_no_connection() -> None:
    server = Server()
    async with courier(server) as made:
        made.close()
        await send(made)
        await send(made)
    assert server.verbs() == [f"EHLO {ONE} QUIT"] * 2


async def test_a_report_is_asked_for_where_the_server_knows_how() -> None:
    server = Server()
    server.extensions = ("DSN",)
    async with courier(server) as made:
        await send(made, key="e1")
        await send(made, key="not a key")
        await send(made, sender="", key="e1")
    lines = [line for line in server.said[0] if line.startswith(("MAIL", "RCPT"))]
    assert lines == [
        "MAIL FROM:<help@demo.example> RET=HDRS ENVID=e1",
        "RCPT TO:<joe@x.example> NOTIFY=FAILURE,DELAY",
        "MAIL FROM:<help@demo.example> RET=HDRS",
        "RCPT TO:<joe@x.example> NOTIFY=FAILURE,DELAY",
        "MAIL FROM:<>",
        "RCPT TO:<joe@x.example>",
    ]
