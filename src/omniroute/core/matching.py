"""Who gets what: the index over waiting threads and agents, asked from either side.

A decision looks at one head per line of threads or per pool of agents, and costs what the number
of distinct requirements and profiles costs, never what the number of waiting threads or of agents
costs.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from itertools import islice

import msgspec

from omniroute.core.lines import Lines
from omniroute.core.model import Agent, AgentId, Candidate, Phase, Thread, ThreadId
from omniroute.core.pools import Key, Line, Pool, Signature, order_key, signature
from omniroute.core.ranking import PARTS, Part, able, fits, present, rank, takes

__all__ = [
    "CANDIDATES",
    "Found",
    "Index",
    "Key",
    "Signature",
    "able",
    "fits",
    "order_key",
    "present",
    "rank",
    "signature",
    "takes",
]

CANDIDATES = 20  # at most so many are offered to a picker or to a broadcast


class Found(msgspec.Struct, frozen=True):
    """What a match found: candidates best first, and a count per reason of those who were not.

    Each agent counts once, under the first test they fail: team, requirement, exclusion,
    availability, capacity; of a step that names agents, only those count.
    """

    candidates: tuple[Candidate, ...]
    counts: dict[str, int]
    hopeful: bool  # somebody could do it who is here, not barred, and at most full
    absent: bool  # somebody could do it who is not here
    barred: bool  # somebody could do it who is here and barred


class Index(Lines):
    """What the lines and pools say, best first."""

    # --- asking for a thread's agents ---

    def policy(self, queue: str) -> str:
        """The selection policy of a queue."""
        known = self._queues.get(queue)
        return known.pick if known is not None else "longest_idle"

    def find(self, thread: Thread, limit: int = 2) -> Found:
        """The best agents for a waiting thread, best first, and why the others are not."""
        line = self._place[thread.id]
        barred = {exclusion.agent for exclusion in thread.excluded}
        barred.update(offer.agent for offer in thread.offers)
        if line.named:
            return self._among_named(line, barred, limit)
        return self._explained(line, barred, self._ranked(thread, line, barred, limit))

    def _ranked(
        self, thread: Thread, line: Line, barred: set[AgentId], limit: int
    ) -> tuple[Candidate, ...]:
        """Eligible agents, best first: the heads of all pools, merged."""
        policy, near = self.policy(line.queue), self._agents.get(thread.last_agent)
        if near is not None and (near.id in barred or not takes(near, line.weight, line.live)):
            near = None
        streams = [
            self._stream(line, pool, cost, strength, policy, barred, near)
            for cost, strength, pool in line.pools
            if pool.free[line.live]
        ]
        try:
            found = list(islice(heapq.merge(*streams), limit))
        finally:
            for stream in streams:
                stream.close()
        return tuple(Candidate(name, tuple(ranked)) for ranked, name in found)

    def _stream(
        self,
        line: Line,
        pool: Pool,
        cost: float,
        strength: float,
        policy: str,
        barred: set[AgentId],
        near: Agent | None,
    ) -> Generator[tuple[Part, AgentId], None, None]:
        if near is not None and near.id in pool.members:
            yield rank(policy, True, cost, strength, PARTS[policy](near)), near.id
        for part, agent in pool.ordered(policy, line.live, self._agents):
            if agent.id in barred or agent is near or not fits(agent, line.weight, line.live):
                continue
            yield rank(policy, False, cost, strength, part), agent.id

    def _explained(self, line: Line, barred: set[AgentId], found: tuple[Candidate, ...]) -> Found:
        live = line.live
        members = here = free = 0
        for _, _, pool in line.pools:
            members += len(pool.members)
            here += pool.present[live]
            free += pool.free[live]
        out = out_here = out_free = 0
        for name in barred:
            home = self._home.get(name)
            if home is not None and line.signature in home.lines:
                out += 1
                out_here += present(self._agents[name], live)
                out_free += able(self._agents[name], live)
        team, requirement = self._lack(line)
        counts = {
            "team": team,
            "requirement": requirement,
            "exclusion": out,
            "availability": members - here - (out - out_here),
            # Whoever has room, but less than this thread's weight, counts once nobody fits.
            "capacity": here - out_here - (free - out_free if found else 0),
        }
        return Found(found, counts, here > out_here, counts["availability"] > 0, out_here > 0)

    def _lack(self, line: Line) -> tuple[int, int]:
        """How many lack the team or the requirement, as of the present membership of all pools."""
        if line.lack[0] != self._membership:
            lack = {"team": 0, "requirement": 0, "": 0}
            for pool in self.pools.values():
                lack[self.lacking(line, pool)] += len(pool.members)
            line.lack = (self._membership, lack["team"], lack["requirement"])
        return line.lack[1:]

    def _among_named(self, line: Line, barred: set[AgentId], limit: int) -> Found:
        counts = dict.fromkeys(("team", "requirement", "exclusion", "availability", "capacity"), 0)
        policy = self.policy(line.queue)
        found: list[Candidate] = []
        barred_here = False
        for name in dict.fromkeys(line.named):
            reason = self._not_named(line, name, barred)
            if reason:
                counts[reason] += 1
                if reason == "exclusion" and present(self._agents[name], line.live):
                    barred_here = True
            else:
                part = PARTS[policy](self._agents[name])
                found.append(Candidate(name, rank(policy, True, 0, 0, part)))
        found.sort(key=lambda candidate: candidate.rank)
        hopeful = bool(found) or counts["capacity"] > 0
        absent = counts["availability"] > 0
        return Found(tuple(found[:limit]), counts, hopeful, absent, barred_here)

    def _not_named(self, line: Line, name: AgentId, barred: set[AgentId]) -> str:
        home = self._home.get(name)
        if home is None:
            return "availability"
        if self.lacking(line, home):
            return "requirement"
        if name in barred:
            return "exclusion"
        if not present(self._agents[name], line.live):
            return "availability"
        return "" if fits(self._agents[name], line.weight, line.live) else "capacity"

    # --- asking for an agent's threads ---

    def best_thread(self, agent: Agent) -> Thread | None:
        """The thread that *agent* should have next: the first they can serve in queue order."""
        pool = self._home.get(agent.id)
        if pool is None:
            return None
        best: Key | None = None
        for line in self._lines_of(pool, agent):
            if takes(agent, line.weight, line.live):
                best = self._head(line, agent, best)
        return self._threads[best[-1]] if best is not None else None

    def _lines_of(self, pool: Pool, agent: Agent) -> Iterator[Line]:
        for line in pool.lines.values():
            if line.places:
                yield line
        for wanted in self._named.get(agent.id, ()):
            line = self.lines[wanted]
            if line.places and not self.lacking(line, pool):
                yield line

    def _head(self, line: Line, agent: Agent, best: Key | None) -> Key | None:
        """The first in line that *agent* may have, if it goes before *best*; else *best*."""
        heap = line.heap
        aside: list[Key] = []
        try:
            while heap and (best is None or heap[0] < best):
                key = heap[0]
                if line.places.get(key[-1]) != key or (aside and aside[-1] == key):
                    heapq.heappop(heap)  # no longer so
                elif key[-1] in line.barring and self._barred(agent.id, key[-1]):
                    aside.append(heapq.heappop(heap))
                else:
                    return key
            return best
        finally:
            for key in aside:
                heapq.heappush(heap, key)

    def _barred(self, agent: AgentId, thread: ThreadId) -> bool:
        return any(exclusion.agent == agent for exclusion in self._threads[thread].excluded)

    # --- asking for whoever may have lost hope ---

    def forsaken(self) -> Iterator[Thread]:
        """Queued threads for whom perhaps nobody is here any more, since somebody left."""
        for wanted in self.left:
            line = self.lines.get(wanted)
            if line is None:
                continue
            here = self._here(line)
            for id in list(line.barring if here else line.places):
                thread = self._threads[id]
                if thread.phase is Phase.QUEUED and len(thread.excluded) >= here:
                    yield thread

    def _here(self, line: Line) -> int:
        """How many of those who could serve a line are present."""
        if line.named:
            return sum(
                1
                for name in dict.fromkeys(line.named)
                if (home := self._home.get(name)) is not None
                and not self.lacking(line, home)
                and present(self._agents[name], line.live)
            )
        return sum(pool.present[line.live] for _, _, pool in line.pools)
