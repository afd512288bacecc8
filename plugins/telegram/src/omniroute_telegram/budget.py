"""How fast a bot may write: 30 messages a second, about one in a chat, 20 a minute in a group."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from omniroute import Bucket, Budget, Window

OVERALL: Final = 28, 1.0  # a margin below Telegram's 30
PRIVATE: Final = 10, 1.0  # short bursts are let through
GROUP: Final = 19, 60.0  # a margin below its 20


def new_budget(
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Budget[int]:
    """Turns of one bot, by the numbers of chats; those of groups are negative."""

    def pace(chat: int) -> Bucket | Window:
        return Bucket(*PRIVATE) if chat > 0 else Window(*GROUP)

    return Budget(Window(*OVERALL), pace, clock, sleep)
