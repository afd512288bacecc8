"""The floor of matching: a heap of tuples per requirement and one per kind of agent, bare.

It finds the same thread for an agent who becomes free.  It keeps no state that could be saved or
taken back, knows no offers, no exclusions, no steps, no policies and no reasons.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import TypeAlias

from omniroute.bench import sample
from omniroute.core.matching import Key, Signature, order_key, signature
from omniroute.core.model import Thread
from omniroute.core.rules import RuleSet

Rank: TypeAlias = tuple[float, int, int, str]


class Heaps:
    """Waiting threads by signature, free agents by kind."""

    def __init__(self, rules: RuleSet, kinds: Iterable[Thread]) -> None:
        profiles = sample.profiles()
        self.lines: dict[Signature, list[Key]] = {signature(kind): [] for kind in kinds}
        self.pools: list[list[Rank]] = [[] for _ in profiles]
        self._pools_of: dict[Signature, list[list[Rank]]] = {wanted: [] for wanted in self.lines}
        self._lines_of: list[list[list[Key]]] = [[] for _ in profiles]
        for wanted, line in self.lines.items():
            queue, needs = rules.queues[wanted[0]], dict(wanted[1])
            for number, (teams, skills) in enumerate(profiles):
                serves = not queue.teams or not set(teams).isdisjoint(queue.teams)
                if serves and rules.skills.meets(skills, needs):
                    self._pools_of[wanted].append(self.pools[number])
                    self._lines_of[number].append(line)
        self.assigned: dict[str, int] = {}

    def fill(self, threads: Iterable[Thread]) -> None:
        """Have *threads* wait."""
        for thread in threads:
            self.lines[signature(thread)].append(order_key(thread))
        for line in self.lines.values():
            heapq.heapify(line)

    def arrive(self, wanted: Signature, key: Key) -> Rank | None:
        """A thread waits; the best agent who is free for it."""
        heapq.heappush(self.lines[wanted], key)
        best: Rank | None = None
        for pool in self._pools_of[wanted]:
            if pool and (best is None or pool[0] < best):
                best = pool[0]
        return best

    def free(self, number: int, rank: Rank) -> int:
        """An agent of kind *number* is free; the thread that they are offered."""
        pool = self.pools[number]
        heapq.heappush(pool, rank)
        first: list[Key] | None = None
        for line in self._lines_of[number]:
            if line and (first is None or line[0] < first[0]):
                first = line
        assert first is not None
        heapq.heappop(pool)
        return heapq.heappop(first)[-1]

    def accept(self, agent: str, thread: int) -> None:
        """The agent takes what they were offered."""
        self.assigned[agent] = thread
