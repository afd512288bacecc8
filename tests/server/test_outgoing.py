"""What may be called, and what not, whoever wrote the address (SSRF)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from omniroute.server.outgoing import Outgoing, Unreachable, is_public

INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "", "localhost", "1.2.3", "0x7f.1",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_what_is(address: str) -> None:
    assert is_public(address)


def resolving(*addresses: str) -> Outgoing:
    """Calls of hosts that all have these addresses."""

    async def resolve(host: str, port: int) -> Collection[str]:
        return addresses

    return Outgoing(resolve=resolve)


async def refused(outgoing: Outgoing, url: str) -> str:
    with pytest.raises(Unreachable) as error:
        await outgoing.post(url, {}, b"{}")
    await outgoing.close()
    return str(error.value)


async def test_a_name_that_leads_inside() -> None:
    said = await refused(resolving("10.0.0.1"), "https://crm.example/hook")
    assert said == (
        "crm.example is not in the public internet;"
        " name it in server.private_hosts if it may be called"
    )
    assert "not in" in await refused(resolving("1.1.1.1", "127.0.0.1"), "https://crm.example/")
    assert "no address" in await refused(resolving(), "https://crm.example/")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "0x7f000001", "2130706433", "127.1"]
)
async def test_addresses_of_this_machine_however_they_are_written(host: str) -> None:
    assert "not in" in await refused(Outgoing(), f"https://{host}/")


async def test_nothing_goes_over_the_internet_unencrypted() -> None:
    assert "use https" in await refused(resolving("1.1.1.1"), "http://crm.example/")


@asynccontextmanager
async def receiver(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Somebody on this machine who answers everything alike; its port, and what it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"{}"))
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def test_a_host_that_may_be_called_is_called_at_the_address_that_was_looked_at() -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Collection[str]:
        asked.append(host)
        return ["127.0.0.1"]

    outgoing = Outgoing({"CRM.example"}, resolve)
    async with receiver(b"HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n") as (
        port,
        heard,
    ):
        answer = await outgoing.post(f"http://crm.example:{port}/hook?x=1", {"a": "b"}, b"{}")
        await outgoing.close()
    assert (answer.status, answer.after) == (503, 7_000)
    assert asked == ["crm.example"]
    assert heard[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"Host: crm.example:{port}\r\n".lower().encode() in heard[0].lower()


async def test_a_redirect_is_an_answer_and_not_a_way_in() -> None:
    outgoing = Outgoing({"localhost"})
    moved = b"HTTP/1.1 302 x\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with receiver(moved) as (port, heard):
        answer = await outgoing.post(f"http://localhost:{port}/", {}, b"{}")
        await outgoing.close()
    assert answer.status == 302
    assert len(heard) == 1


async def test_a_receiver_that_is_not_there() -> None:
    outgoing = Outgoing({"localhost"})
    async with receiver(b"") as (port, _):
        pass
    assert "ConnectError" in await refused(outgoing, f"http://localhost:{port}/")
