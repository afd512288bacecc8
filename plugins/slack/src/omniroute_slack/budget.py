"""How fast an app may write: about one message a second in a channel, in short bursts more.

In all channels together a workspace allows several hundred a minute; we keep to 300
(docs.slack.dev, “Rate limits”).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from omniroute import Bucket, Budget

CHANNEL: Final = 8, 1.0  # messages at once, and s until one more
ALL: Final = 40, 0.2  # in all channels together


def new_budget(
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Budget[str]:
    """Turns of one app, by the ids of channels."""
    return Budget(Bucket(*ALL), lambda channel: Bucket(*CHANNEL), clock, sleep)
