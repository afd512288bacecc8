"""What became of a commit whose answer was lost: the head says it, once the server can be asked.

Until then nothing more can be decided, and what comes is taken in as in any other outage.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from omniroute.stores.api import Head, InDoubt, Moved, Unavailable

log = logging.getLogger(__name__)

PATIENCE: Final = 3_600.0
"""Seconds in which a server may come back and say what it has: no outage should last that long."""


def settle(
    doubt: InDoubt, ask: Callable[[], Head], at: Head, to: Head,
    wait: Callable[[float], bool],
) -> Head:  # fmt: skip
    """*to*, if the commit from *at* to *to* has happened.

    *wait* waits for so many seconds, and says whether nobody needs to know any more.

    A head names everything before it, so it leaves no third answer.  Raises `Unavailable` if
    nothing was written, `Moved` if another has written since, and *doubt* itself if nobody waited
    until the server came back.
    """
    waited, pause = 0.0, 0.05
    while (found := _asked(ask)) is None:
        if not waited:
            log.error("nothing is decided until the store says what it has: %s", doubt)
        if waited >= PATIENCE or wait(pause):
            raise doubt
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
