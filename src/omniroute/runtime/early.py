"""Changes that came before the message they are of, as platforms promise no order of events.

They wait in memory, a bounded number of them, for the message to come; after a restart the message
stands as it was written first.
"""

from __future__ import annotations

from typing import Final

from omniroute.channel import Inbound

MOST: Final = 200  # messages whose changes wait
MOST_OF_ONE: Final = 20
WAITS: Final = ("edit", "delete", "reaction")


class Early:
    """What waits, by the id under which the message itself will come."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[str, Inbound]]] = {}

    def __len__(self) -> int:
        """Of how many messages something waits."""
        return len(self._waiting)

    def keep(self, external: str, unique: str, inbound: Inbound) -> None:
        """Have *inbound* wait; *unique* is what tells it from any other.

        Whoever has waited longest gives way: most are changes of what was never for us.
        """
        if inbound.kind not in WAITS:
            return
        waiting = self._waiting.setdefault(external, [])
        if len(waiting) < MOST_OF_ONE:
            waiting.append((unique, inbound))
        if len(self._waiting) > MOST:
            del self._waiting[next(iter(self._waiting))]

    def take(self, external: str) -> list[tuple[str, Inbound]]:
        """What waited for a message that is here now, in the order it came."""
        return self._waiting.pop(external, [])
