"""Where each agent was seen last: the desk from which they did something, or whose page they have
open.

A card goes there first.  It is a guess about this moment, so it is kept in memory and forgotten
with the process; then the order of the team file counts again.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count

from omniroute.core.model import AgentId


class Whereabouts:
    """Signs of life by agent and desk; the latest counts."""

    def __init__(self) -> None:
        self._moments = count(1)
        self._seen: dict[AgentId, dict[str, int]] = defaultdict(dict)

    def seen(self, agent: AgentId, desk: str) -> None:
        """*agent* is at *desk* now."""
        self._seen[agent][desk] = next(self._moments)

    def last(self, agent: AgentId, desk: str) -> int:
        """A number that is the greater the later they were seen there; 0 for never."""
        return self._seen[agent].get(desk, 0) if agent in self._seen else 0
