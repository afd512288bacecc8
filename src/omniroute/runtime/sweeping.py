"""Forgets what was kept only to recognise a repeat, once no repeat can come any more.

The answer to every input is kept under its key (``d/``) so that the same input again changes
nothing.  After the time for which spool and channels may bring one again, the rows go, a few with
each commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from omniroute.runtime.clock import Clock
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.record import decode
from omniroute.runtime.writer import Answered
from omniroute.stores.api import Reader

KEPT: Final = 30 * 86_400_000  # ms
PAUSE: Final = 3600.0  # s between two looks
AT_ONCE: Final = 2000  # rows that may ride with one commit

_answered = msgspec.json.Decoder(Answered).decode


async def sweep(
    reader: Reader,
    inbox: Inbox,
    clock: Clock,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Look for rows past their time, now and then, until cancelled."""
    while True:
        for row in await asyncio.to_thread(past, reader, clock.now() - KEPT):
            inbox.forget(row)
        await sleep(PAUSE)


def past(reader: Reader, before: int, limit: int = AT_ONCE) -> list[str]:
    """Keys of at most *limit* answers to inputs decided before *before* (ms)."""
    last = last_record(reader, before)
    found: list[str] = []
    after = ""
    while last and (rows := reader.scan("d/", after)):
        found += [key for key, row in rows if _answered(row).seq <= last]
        after = rows[-1][0]
        if len(found) >= limit:
            break
    return found[:limit]


def last_record(reader: Reader, before: int) -> int:
    """The number of the last record decided before *before*, found by halving; 0 if none is."""
    low, high = 0, reader.head()[0]
    while low < high:
        middle = (low + high + 1) // 2
        if decode(reader.tail(middle - 1, 1)[0].body).at < before:
            low = middle
        else:
            high = middle - 1
    return low
