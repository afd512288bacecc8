"""What the admin's files say that pages need: names, queues, skills, the hour on the wall.

A new one replaces the old at every reload; nothing of it is in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from omniroute.core.model import AgentId
from omniroute.core.skills import Skills


@dataclass(frozen=True, slots=True)
class Directory:
    """*agents*: display name by id.  *queues*: the teams that serve each, none named for all."""

    agents: Mapping[AgentId, str] = field(default_factory=dict)
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skills: Skills = field(default_factory=Skills)
    zone: tzinfo = UTC
    heartbeat: int = 60_000  # ms that a desk may be silent before it counts as left

    def name(self, agent: AgentId) -> str:
        """What people call an agent; who is no longer in the files keeps their id."""
        return self.agents.get(agent) or agent

    def serves(self, teams: tuple[str, ...], queue: str) -> bool:
        """Whether an agent of *teams* is asked for work of *queue*."""
        serving = self.queues.get(queue, ())
        return not serving or not set(serving).isdisjoint(teams)
