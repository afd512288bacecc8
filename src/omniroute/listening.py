"""How a server stops taking callers without forgetting the one who is just coming in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

COMING_IN: Final = 3
"""Turns of the loop from a connection's being taken to its protocol's being told of it."""


async def take_nobody_more(servers: Iterable[asyncio.Server]) -> None:
    """Close *servers*, when the protocol of whoever was taken last knows of it.

    asyncio's own `close` stops listening alone, and up to Python 3.11 it forgets whoever was taken
    in the turn before: nobody says goodbye to them, and whoever counts connections waits for them.
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
