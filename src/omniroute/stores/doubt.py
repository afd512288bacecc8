"""What became of a commit whose answer was lost: the head says it, once the server can be asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from omniroute.stores.api import Head, InDoubt, Moved, Unavailable

PATIENCE: Final = 10.0
"""Seconds in which a server may come back and say what it has."""


def settle(
    doubt: InDoubt, ask: Callable[[], Head], at: Head, to: Head,
    sleep: Callable[[float], None] = time.sleep,
) -> Head:  # fmt: skip
    """*to*, if the commit from *at* to *to* has happened.

    A head names everything before it, so it leaves no third answer.  Raises `Unavailable` if
    nothing was written, `Moved` if another has written since, and *doubt* itself if the server
    does not come back.
    """
    waited, pause = 0.0, 0.05
    while (found := _asked(ask)) is None:
        if waited >= PATIENCE:
            raise doubt
        sleep(pause)
        waited, pause = waited + pause, min(2 * pause, 1.0)
    if found == to:
        return to
    if found == at:
        raise Unavailable(doubt.place, f"{doubt.fault}; nothing was written")
    raise Moved(at, found)


def _asked(ask: Callable[[], Head]) -> Head | None:
    try:
        return ask()
    except Unavailable:
        return None
