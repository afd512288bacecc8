"""Who gets what: waiting lines by requirement, pools of agents by skill profile.

A *line* holds the threads that ask for the same; a *pool* holds the agents who know the same.
Which pools can serve which lines is worked out once, when either first appears.  So a decision
looks at one head per line or per pool, and costs what the number of distinct requirements and
profiles costs, never what the number of waiting threads or of agents costs.

Order is by tuples, never by packed weights.  Entries are deleted lazily: an entry counts only if
it says what is still so.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from omniroute.core.model import Agent, AgentId, Candidate, Status, Step, Thread, ThreadId
from omniroute.core.rules import Queue
from omniroute.core.skills import Skills
from omniroute.core.states import WAITING

Needed: TypeAlias = tuple[tuple[str, float], ...]
Signature: TypeAlias = tuple[str, Needed, tuple[AgentId, ...]]  # queue, needs, named agents
Profile: TypeAlias = tuple[tuple[str, ...], Needed]  # teams, skills
Key: TypeAlias = tuple[int, int, int, ThreadId]  # -priority, deadline, routing_since, id
Part: TypeAlias = tuple[float | str, ...]  # an agent's share of their rank

CANDIDATES = 20  # at most so many are offered to a picker or to a broadcast
LINES = 256  # beyond so many, empty lines are dropped when met


def present(agent: Agent, live: bool) -> bool:
    """Whether the agent may be asked at all; the away still get what is not live."""
    if not agent.employed or agent.unresponsive:
        return False
    return agent.status is Status.ONLINE or (not live and agent.status is Status.AWAY)


def fits(agent: Agent, weight: int, live: bool) -> bool:
    """Whether *weight* more units fit; mail never blocks a chat (routing.md 2.4)."""
    used = agent.live_load if live else agent.live_load + agent.mail_load
    return used + weight <= agent.capacity


def able(agent: Agent, live: bool) -> bool:
    """Present, with room for at least one unit."""
    return present(agent, live) and fits(agent, 1, live)


def takes(agent: Agent, weight: int, live: bool) -> bool:
    """Present, with room for *weight* units more."""
    return present(agent, live) and fits(agent, weight, live)


_PARTS: Mapping[str, Callable[[Agent], Part]] = {
    "least_loaded": lambda a: (a.load / a.capacity, a.idle_since, a.last_assigned, a.id),
    "longest_idle": lambda a: (a.load > 0, a.idle_since, a.last_assigned, a.id),
    "round_robin": lambda a: (a.last_assigned, a.idle_since, a.id),
    "most_spare": lambda a: (a.load - a.capacity, a.idle_since, a.last_assigned, a.id),
    "best_skill": lambda a: (a.load / a.capacity, a.idle_since, a.last_assigned, a.id),
}


def rank(policy: str, near: bool, cost: float, strength: float, part: Part) -> Part:
    """An agent's whole tuple under a policy; the smallest wins.

    *near* is affinity (the customer's last agent), *cost* what the skills graph took on the way,
    *strength* the sum of the effective levels asked for.
    """
    far = 0 if near else 1
    if policy == "least_loaded":
        return (far, part[0], cost, *part[1:])
    if policy == "best_skill":
        return (far, cost, -strength, *part)
    return (far, cost, *part)


class Pool:
    """Agents with one profile, ordered under each policy that was ever asked for."""

    def __init__(self, profile: Profile, levels: Mapping[str, float]) -> None:
        self.teams = frozenset(profile[0])
        self.skills = dict(profile[1])
        self.levels = levels
        self.members: set[AgentId] = set()
        self.present = [0, 0]  # mail, live
        self.free = [0, 0]
        self.lines: list[tuple[float, float, Line]] = []
        self._orders: dict[tuple[str, bool], list[Part]] = {}

    def count(self, agent: Agent, by: int) -> None:
        """Keep the head counts by which a failed match is explained."""
        for live in (False, True):
            self.present[live] += by * present(agent, live)
            self.free[live] += by * able(agent, live)

    def note(self, agent: Agent, size: int) -> None:
        """An agent's rank changed: enter them anew wherever they can be asked."""
        for (policy, live), order in self._orders.items():
            if able(agent, live):
                if len(order) > 4 * size + 64:
                    order.clear()
                    del self._orders[policy, live]  # rebuilt when next asked
                    return self.note(agent, size)
                heapq.heappush(order, _PARTS[policy](agent))
        return None

    def ordered(
        self, policy: str, live: bool, agents: Mapping[AgentId, Agent]
    ) -> Iterator[tuple[Part, Agent]]:
        """Able agents, best first.  Whoever stops early leaves the order as it was."""
        order = self._orders.get((policy, live))
        part = _PARTS[policy]
        if order is None:
            order = [part(agents[a]) for a in self.members if able(agents[a], live)]
            heapq.heapify(order)
            self._orders[policy, live] = order
        taken: list[Part] = []
        try:
            while order:
                entry = order[0]
                agent = agents.get(str(entry[-1]))
                heapq.heappop(order)
                if (
                    agent is None
                    or agent.id not in self.members
                    or not able(agent, live)
                    or part(agent) != entry
                    or (taken and taken[-1] == entry)
                ):
                    continue
                taken.append(entry)
                yield entry, agent
        finally:
            for entry in taken:
                heapq.heappush(order, entry)


class Line:
    """Threads that wait for the same, in their queue's order."""

    def __init__(self, signature: Signature) -> None:
        self.queue, self.needs, self.named = signature
        self.signature = signature
        self.pools: list[tuple[float, float, Pool]] = []
        self.heap: list[Key] = []


class Found(msgspec.Struct, frozen=True):
    """What a match found: candidates best first, and a count per reason of those who were not."""

    candidates: tuple[Candidate, ...]
    counts: dict[str, int]
    hopeful: bool  # somebody could do it who is only full or was asked already
    absent: bool  # somebody could do it who is not here


def order_key(thread: Thread) -> Key:
    """A thread's place in its queue, fixed on entry (routing.md 2.7)."""
    return (-thread.priority, thread.deadline, thread.routing_since, thread.id)


def signature(thread: Thread) -> Signature:
    """What the thread waits for now."""
    step = thread.steps[thread.step] if thread.steps else Step()
    return thread.queue, tuple(sorted(step.need.items())), step.agents


class Index:
    """Lines and pools, kept in step with the tables by `State` alone."""

    def __init__(self, agents: Mapping[AgentId, Agent], threads: Mapping[ThreadId, Thread]) -> None:
        self._agents, self._threads = agents, threads
        self.adopt(None, {})

    def adopt(self, skills: Skills | None, queues: Mapping[str, Queue]) -> None:
        """Take another rule set and sort everybody anew."""
        self._skills, self._queues = skills, queues
        self.pools: dict[Profile, Pool] = {}
        self.lines: dict[Signature, Line] = {}
        self._named: dict[AgentId, set[Signature]] = {}
        self._home: dict[AgentId, Pool] = {}
        self._place: dict[ThreadId, tuple[Line, Key]] = {}
        self.freed: dict[AgentId, None] = {}
        self.queued: dict[ThreadId, None] = {}
        for agent in self._agents.values():
            self.agent_changed(None, agent)
        for thread in self._threads.values():
            self.thread_changed(None, thread)

    # --- keeping in step ---

    def agent_changed(self, old: Agent | None, new: Agent | None) -> None:
        """An agent's value was replaced."""
        if old is not None and (home := self._home.get(old.id)) is not None:
            home.count(old, -1)
        if new is None or not new.employed:
            if old is not None and (home := self._home.pop(old.id, None)) is not None:
                home.members.discard(old.id)
            return
        same = old is not None and old.skills == new.skills and old.teams == new.teams
        pool = self._home.get(new.id) if same else None
        if pool is None:
            if (home := self._home.get(new.id)) is not None:
                home.members.discard(new.id)
            pool = self._home[new.id] = self._pool(new)
            pool.members.add(new.id)
            same = False
        pool.count(new, 1)
        pool.note(new, len(pool.members))
        came = not same or old is None or _more_room(old, new)
        if came and (able(new, False) or able(new, True)):
            self.freed[new.id] = None

    def thread_changed(self, old: Thread | None, new: Thread | None) -> None:
        """A thread's value was replaced."""
        if new is None or new.phase not in WAITING:
            gone = old.id if old is not None else new.id if new is not None else 0
            self._place.pop(gone, None)
            return
        wanted, key = signature(new), order_key(new)
        place = self._place.get(new.id)
        again = old is None or old.phase not in WAITING or old.excluded != new.excluded
        if place is None or place[0].signature != wanted or place[1] != key:
            line = self.lines.get(wanted) or self._line(wanted)
            self._place[new.id] = (line, key)
            heapq.heappush(line.heap, key)
            again = True
        if again:
            self.queued[new.id] = None

    def _pool(self, agent: Agent) -> Pool:
        profile = (tuple(sorted(agent.teams)), tuple(sorted(agent.skills.items())))
        if (pool := self.pools.get(profile)) is None:
            levels = self._skills.profile(agent.skills) if self._skills else dict(agent.skills)
            pool = self.pools[profile] = Pool(profile, levels)
            for line in self.lines.values():
                if not line.named:
                    self._introduce(line, pool)
        return pool

    def _line(self, wanted: Signature) -> Line:
        line = self.lines[wanted] = Line(wanted)
        for name in line.named:
            self._named.setdefault(name, set()).add(wanted)
        if not line.named:
            for pool in self.pools.values():
                self._introduce(line, pool)
        return line

    def _introduce(self, line: Line, pool: Pool) -> None:
        if self.lacking(line, pool):
            return
        cost, strength = self._suits(line.needs, pool)
        line.pools.append((cost, strength, pool))
        pool.lines.append((cost, strength, line))

    def _suits(self, needs: Needed, pool: Pool) -> tuple[float, float]:
        cost = strength = 0.0
        for skill, _ in needs:
            level = pool.levels.get(skill, 0.0)
            strength += level
            if self._skills is not None:
                cost += self._skills.level(pool.skills, skill)[2]
        return cost, strength

    def lacking(self, line: Line, pool: Pool) -> str:
        """Why agents of *pool* never get threads of *line*: ``team``, ``requirement`` or ``""``."""
        queue = self._queues.get(line.queue)
        if queue is not None and queue.teams and pool.teams.isdisjoint(queue.teams):
            return "team"
        if any(pool.levels.get(skill, 0.0) < level for skill, level in line.needs):
            return "requirement"
        return ""

    # --- asking ---

    def policy(self, queue: str) -> str:
        """The selection policy of a queue."""
        known = self._queues.get(queue)
        return known.pick if known is not None else "longest_idle"

    def find(self, thread: Thread, limit: int = 2) -> Found:
        """The best agents for a waiting thread, best first, and why the others are not."""
        line = self._place[thread.id][0]
        barred = {exclusion.agent for exclusion in thread.excluded}
        barred.update(offer.agent for offer in thread.offers)
        found = list(self._ranked(thread, line, barred, limit))
        found.sort(key=lambda candidate: candidate.rank)
        return self._explained(thread, line, barred, tuple(found[:limit]))

    def _ranked(
        self, thread: Thread, line: Line, barred: set[AgentId], limit: int
    ) -> Iterator[Candidate]:
        policy, weight, live = self.policy(line.queue), thread.weight, thread.live
        if line.named:
            for name in line.named:
                agent = self._agents.get(name)
                if agent is not None and name not in barred and takes(agent, weight, live):
                    yield Candidate(name, rank(policy, True, 0, 0, _PARTS[policy](agent)))
            return
        near = self._agents.get(thread.last_agent)
        for cost, strength, pool in line.pools:
            taken = 0
            here = near if near is not None and near.id in pool.members else None
            if here is not None and here.id not in barred and takes(here, weight, live):
                part = _PARTS[policy](here)
                yield Candidate(here.id, rank(policy, True, cost, strength, part))
            for part, agent in pool.ordered(policy, live, self._agents):
                if agent.id in barred or not fits(agent, weight, live):
                    continue
                if near is not None and agent.id == near.id:
                    continue
                yield Candidate(agent.id, rank(policy, False, cost, strength, part))
                taken += 1
                if taken >= limit:
                    break

    def _explained(
        self, thread: Thread, line: Line, barred: set[AgentId], found: tuple[Candidate, ...]
    ) -> Found:
        counts = dict.fromkeys(("team", "requirement", "exclusion", "availability", "capacity"), 0)
        live, able_to = thread.live, 0
        if line.named:
            known = [a for a in map(self._agents.get, line.named) if a is not None]
            here = [a for a in known if present(a, live)]
            counts["availability"] = len(line.named) - len(here)
            counts["exclusion"] = sum(a.id in barred for a in here)
            able_to = len(here) - counts["exclusion"]
            counts["capacity"] = max(0, able_to - len(found))
            return Found(found, counts, able_to > 0, counts["availability"] > 0)
        serving = {id(pool) for _, _, pool in line.pools}
        for pool in self.pools.values():
            if id(pool) not in serving:
                counts[self.lacking(line, pool)] += len(pool.members)
                continue
            counts["availability"] += len(pool.members) - pool.present[live]
            counts["capacity"] += pool.present[live] - pool.free[live]
            able_to += pool.present[live]
        counts["exclusion"] = sum(
            1 for name in barred if (home := self._home.get(name)) and id(home) in serving
        )
        asked = sum(
            1
            for name in barred
            if (home := self._home.get(name))
            and id(home) in serving
            and present(self._agents[name], live)
        )
        return Found(found, counts, able_to > asked, counts["availability"] > 0)

    def best_thread(self, agent: Agent) -> Thread | None:
        """The thread that *agent* should have next: the first they can serve in queue order."""
        best: Key | None = None
        pool = self._home.get(agent.id)
        if pool is None:
            return None
        dropped: list[Line] = []
        lines: list[Line] = [line for _, _, line in pool.lines]
        lines += [self.lines[s] for s in self._named.get(agent.id, ()) if s in self.lines]
        for line in lines:
            key = self._head(line, agent)
            if key is not None and (best is None or key < best):
                best = key
            elif not line.heap and len(self.lines) > LINES:
                dropped.append(line)
        for line in dropped:
            self._drop(line)
        return self._threads[best[-1]] if best is not None else None

    def _head(self, line: Line, agent: Agent) -> Key | None:
        heap = line.heap
        aside: list[Key] = []
        try:
            while heap:
                key = heap[0]
                if self._place.get(key[-1]) != (line, key) or (aside and aside[-1] == key):
                    heapq.heappop(heap)  # no longer so
                    continue
                if self._may_have(agent, self._threads[key[-1]]):
                    return key
                aside.append(heapq.heappop(heap))
            return None
        finally:
            for key in aside:
                heapq.heappush(heap, key)

    def _may_have(self, agent: Agent, thread: Thread) -> bool:
        return (
            present(agent, thread.live)
            and fits(agent, thread.weight, thread.live)
            and all(exclusion.agent != agent.id for exclusion in thread.excluded)
        )

    def _drop(self, line: Line) -> None:
        self.lines.pop(line.signature, None)
        for _, _, pool in line.pools:
            pool.lines = [entry for entry in pool.lines if entry[2] is not line]
        for name in line.named:
            self._named.get(name, set()).discard(line.signature)

    def waiting(self) -> Sequence[ThreadId]:
        """Every waiting thread, in no particular order."""
        return list(self._place)


def _more_room(old: Agent, new: Agent) -> bool:
    """Whether the agent can take something now that they could not before."""
    for live in (False, True):
        if able(new, live) and (not able(old, live) or new.load < old.load):
            return True
    return new.capacity > old.capacity or new.live_load < old.live_load
