"""How a server of a test ends: whoever is connected, or is just coming in, is let go at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from omniroute.listening import take_nobody_more


async def let_go(
    servers: Iterable[asyncio.Server], connections: Callable[[], Iterable[asyncio.Transport]]
) -> None:
    """Close *servers* and all their *connections*, which are asked for when all are known.

    A connection left open is complained of when its memory is collected, which may be in the midst
    of any other test.
    """
    await take_nobody_more(servers)
    for connection in list(connections()):
        connection.abort()
    await asyncio.sleep(0)
