"""Calls to addresses that somebody else chose: kept from what is not theirs to reach (SSRF).

A name is resolved here, every address it has must be one of the public internet, and the call goes
to the address that was looked at, so that a second answer of the name server changes nothing.
Redirects are not followed, no proxy is asked, and of the answer only status and headers are read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx2 as httpx

from omniroute.calling import seconds_to_wait

SECONDS: Final = 15.0  # that a call may take in all

Resolve = Callable[[str, int], Awaitable[Collection[str]]]
"""The addresses of a host."""


class Unreachable(Exception):
    """A call that could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver said: the status, and how long (ms) it asked to be left alone."""

    status: int
    after: int = 0


class Outgoing:
    """*private* are hosts that may be called although their address is not public, or by http."""

    def __init__(self, private: Collection[str] = (), resolve: Resolve | None = None) -> None:
        self._private = frozenset(host.lower() for host in private)
        self._resolve = resolve or _resolved
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send *body* to *url*.  Raises `Unreachable`."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._post(url, headers, body)
        except TimeoutError:
            raise Unreachable(f"no answer within {SECONDS:.0f} s") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from None

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        trusted = host in self._private
        if parts.scheme != "https" and not trusted:
            raise Unreachable("http is not sent over the internet; use https")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._checked(host, port, trusted)
        pinned = httpx.URL(url).copy_with(host=address, port=port)
        if self._client is None:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=SECONDS, limits=limits
            )
        named = {**headers, "Host": parts.netloc}
        asked = self._client.stream(
            "POST", pinned, content=body, headers=named, extensions={"sni_hostname": host}
        )
        async with asked as answer:
            return Answered(answer.status_code, _after(answer.headers.get("retry-after", "")))

    async def _checked(self, host: str, port: int, trusted: bool) -> str:
        """The address to call.  Raises `Unreachable`."""
        try:
            found = list(await self._resolve(host, port))
        except OSError:
            found = []
        if not found:
            raise Unreachable(f"{host} has no address")
        if not trusted and not all(map(is_public, found)):
            fix = "name it in server.private_hosts if it may be called"
            raise Unreachable(f"{host} is not in the public internet; {fix}")
        return found[0]

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()


async def _resolved(host: str, port: int) -> Collection[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits


def is_public(address: str) -> bool:
    """Whether *address* is one of the public internet, whatever it is wrapped in.

    >>> [is_public(a) for a in ("1.1.1.1", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False, False]
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (inner := _inside(found)) is not None:
        return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped if address.ipv4_mapped is not None else address.sixtofour


def _after(said: str) -> int:
    """The ms that ``Retry-After`` asks for; none where it cannot be read."""
    return int(1_000 * (seconds_to_wait(said, time.time()) or 0))
