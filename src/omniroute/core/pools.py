"""Waiting lines by requirement, pools of agents by skill profile.

A *line* holds the threads that ask for the same; a *pool* holds the agents who know the same.
Both are heaps that are cleaned lazily: an entry counts only if it says what is still so.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Mapping
from typing import TypeAlias

from omniroute.core.model import Agent, AgentId, Step, Thread, ThreadId
from omniroute.core.ranking import PARTS, Part, Standing, able

Needed: TypeAlias = tuple[tuple[str, float], ...]
Profile: TypeAlias = tuple[tuple[str, ...], Needed]  # teams, skills
Key: TypeAlias = tuple[int, int, int, ThreadId]  # -priority, deadline, routing_since, id
Signature: TypeAlias = tuple[str, Needed, tuple[AgentId, ...], int, bool]
"""What threads ask for: queue, needs, named agents, weight, live."""


def order_key(thread: Thread) -> Key:
    """A thread's place in its queue, fixed on entry (routing.md 2.7)."""
    return (-thread.priority, thread.deadline, thread.routing_since, thread.id)


def signature(thread: Thread) -> Signature:
    """What the thread waits for now."""
    step = thread.steps[thread.step] if thread.steps else Step()
    needs = tuple(sorted(step.need.items()))
    return thread.queue, needs, step.agents, thread.weight, thread.live


class Pool:
    """Agents with one profile, ordered under each policy that was ever asked for."""

    __slots__ = (
        "_orders", "free", "levels", "lines", "members", "present", "profile", "skills", "teams",
    )  # fmt: skip

    def __init__(self, profile: Profile, levels: Mapping[str, float]) -> None:
        self.profile = profile
        self.teams = frozenset(profile[0])
        self.skills = dict(profile[1])
        self.levels = levels
        self.members: dict[AgentId, None] = {}
        self.present = [0, 0]  # how many could be asked for mail, for a chat
        self.free = [0, 0]  # how many of them have room
        self.lines: dict[Signature, Line] = {}  # that this pool serves
        self._orders: dict[tuple[str, bool], list[Part]] = {}

    def count(self, one: Standing, by: int) -> None:
        """Keep the head counts by which a failed match is explained."""
        for live in (False, True):
            self.present[live] += by * one.present[live]
            self.free[live] += by * one.able[live]

    def note(self, agent: Agent, now: Standing) -> None:
        """An agent's rank changed: enter them anew wherever they can be asked."""
        for key, order in list(self._orders.items()):
            policy, live = key
            if not now.able[live]:
                continue
            if len(order) > 4 * len(self.members) + 64:
                del self._orders[key]  # mostly out of date; made anew when next asked for
            else:
                heapq.heappush(order, PARTS[policy](agent))

    def ordered(
        self, policy: str, live: bool, agents: Mapping[AgentId, Agent]
    ) -> Generator[tuple[Part, Agent], None, None]:
        """Able agents, best first.  Whoever stops early leaves the order as it was."""
        part = PARTS[policy]
        order = self._orders.get((policy, live))
        if order is None:
            order = [part(agents[a]) for a in self.members if able(agents[a], live)]
            heapq.heapify(order)
            self._orders[policy, live] = order
        taken: list[Part] = []
        try:
            while order:
                entry = order[0]
                agent = agents.get(str(entry[-1]))
                if (
                    agent is None
                    or agent.id not in self.members
                    or not able(agent, live)
                    or part(agent) != entry
                    or (taken and taken[-1] == entry)
                ):
                    heapq.heappop(order)
                    continue
                yield entry, agent
                taken.append(heapq.heappop(order))
        finally:
            for entry in taken:
                heapq.heappush(order, entry)


class Line:
    """Threads that wait for the same, in their queue's order."""

    __slots__ = (
        "barring", "heap", "lack", "live", "named", "needs",
        "places", "pools", "queue", "signature", "weight",
    )  # fmt: skip

    def __init__(self, signature: Signature) -> None:
        self.queue, self.needs, self.named, self.weight, self.live = signature
        self.signature = signature
        self.pools: list[tuple[float, float, Pool]] = []  # cost, strength: those who serve it
        self.heap: list[Key] = []
        self.places: dict[ThreadId, Key] = {}  # which of its entries are still so
        self.barring: dict[ThreadId, None] = {}  # waiting threads from which somebody is barred
        self.lack = (-1, 0, 0)  # at which membership; how many lack the team, the requirement

    def enter(self, key: Key) -> None:
        """A thread waits here."""
        self.places[key[-1]] = key
        if len(self.heap) > 4 * len(self.places) + 64:  # mostly out of date
            self.heap[:] = sorted(self.places.values())
        else:
            heapq.heappush(self.heap, key)

    def leave(self, thread: ThreadId) -> None:
        """The thread waits here no more."""
        del self.places[thread]
        self.barring.pop(thread, None)
        if not self.places:
            self.heap.clear()
