"""How many messages a peer may hand over in a minute."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MINUTE: Final = 60_000  # ms
REMEMBERED: Final = 10_000  # peers; the ones seen longest ago are forgotten first


class Rate:
    """Counts by peer, in minutes that begin with a peer's first message."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minutes: OrderedDict[str, tuple[int, int]] = OrderedDict()  # since, how many

    def allows(self, peer: str, now: int) -> bool:
        """Count one more message of *peer* at *now* (ms), unless it is one too many."""
        since, count = self._minutes.pop(peer, (now, 0))
        if not 0 <= now - since < MINUTE:
            since, count = now, 0
        allowed = count < self._most
        self._minutes[peer] = since, count + allowed
        if len(self._minutes) > REMEMBERED:
            self._minutes.popitem(last=False)
        return allowed
