"""How a server of a test ends: whoever is connected, or is just coming in, is let go at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

COMING_IN: Final = 3
"""Turns of the loop from a connection's being taken to its protocol's being told of it."""


async def let_go(
    servers: Iterable[asyncio.Server], connections: Callable[[], Iterable[asyncio.Transport]]
) -> None:
    """Close *servers* and all their *connections*, which are asked for when all are known.

    asyncio's own `close` stops listening alone, and up to Python 3.11 it forgets whoever was taken
    in the turn before.  A connection left open is complained of when its memory is collected,
    which may be in the midst of any other test.
    """
    listening = list(servers)
    loop = asyncio.get_running_loop()
    for server in listening:
        for each in server.sockets:
            loop.remove_reader(each.fileno())
    for _ in range(COMING_IN):
        await asyncio.sleep(0)
    for server in listening:
        server.close()
    for connection in list(connections()):
        connection.abort()
    await asyncio.sleep(0)
