"""Who gets what: the index over waiting threads and agents, asked from either side.

A decision looks at one head per line of threads or per pool of agents, and costs what the number
of distinct requirements and profiles costs, never what the number of waiting threads or of agents
costs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from omniroute.core.counting import NONE_BARRED, TESTS, Barred, counted, lack, unserved
from omniroute.core.lines import Lines
from omniroute.core.model import Agent, AgentId, Candidate, Phase, Thread, ThreadId
from omniroute.core.pools import (
    Key,
    Lack,
    Line,
    Pool,
    Ranked,
    Signature,
    Stream,
    order_key,
    signature,
)
from omniroute.core.ranking import PARTS, able, fits, mute, present, rank, rooms, takes

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

    Each agent counts once, under the first test they fail (`counting.TESTS`); of a step that names
    agents, only those count.
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

    def find(self, thread: Thread, limit: int = 2, counted: bool = True) -> Found:
        """The best agents for a waiting thread, best first, and why the others are not.

        Unless they are to be *counted*, nothing is said of the others where somebody was found.
        """
        self.catch_up()
        line = self._place[thread.id]
        barred: set[AgentId] = set()
        if thread.excluded or thread.offers:
            barred.update(exclusion.agent for exclusion in thread.excluded)
            barred.update(offer.agent for offer in thread.offers)
        if line.named:
            return self._among_named(line, barred, limit)
        ranked = self._ranked(thread, line, barred, limit)
        if ranked and not counted:
            return Found(ranked, {}, hopeful=True, absent=False, barred=False)
        return self._explained(line, barred, ranked)

    def _ranked(
        self, thread: Thread, line: Line, barred: set[AgentId], limit: int
    ) -> tuple[Candidate, ...]:
        """Eligible agents, best first: whom the customer knows, then the heads of all pools."""
        live, known = line.live, line.streams
        streams = []
        for cost, strength, pool in line.pools:
            if pool.free[live]:
                streams.append(known.get(pool) or self._stream(line, cost, strength, pool))
        if not streams:
            return ()
        near = self._near(thread, line, barred)
        if near:
            barred = {*barred, near[0].agent}
            limit -= 1
        if limit > 2:
            best = list(islice(heapq.merge(*(one.all(barred) for one in streams)), limit))
        else:
            best = _best_of(streams, barred, limit)
        ranked = [Candidate(name, rank) for rank, name in best]
        return (*near, *ranked)

    def _stream(self, line: Line, cost: float, strength: float, pool: Pool) -> Stream:
        policy = self.policy(line.queue)
        order = pool.order(policy, line.live, line.weight, self._agents, line.queue)
        made = line.streams[pool] = Stream(policy, cost, strength, order)
        return made

    def heads(self, thread: Thread) -> list[tuple[Candidate, Pool]]:
        """The best of each pool for a waiting thread, best first, with the pool."""
        self.catch_up()
        line = self._place[thread.id]
        barred = {exclusion.agent for exclusion in thread.excluded}
        policy, live = self.policy(line.queue), line.live
        near = self._near(thread, line, barred)
        found = []
        for cost, strength, pool in line.pools:
            if near and self._home[near[0].agent] is pool:
                found.append((near[0], pool))
            elif pool.free[live]:
                order = pool.order(policy, live, line.weight, self._agents, line.queue)
                part = order.first(barred)
                if part is not None:
                    ranked = rank(policy, False, cost, strength, part)
                    found.append((Candidate(str(part[-1]), ranked), pool))
        return sorted(found, key=lambda one: (one[0].rank, one[0].agent))

    def line(self, thread: Thread) -> Line:
        """Where a thread waits."""
        return self._place[thread.id]

    def home(self, agent: AgentId) -> Pool | None:
        """The pool of an agent, if they are on the team."""
        return self._home.get(agent)

    def agent(self, id: AgentId) -> Agent:
        """An agent as they are now."""
        return self._agents[id]

    def _near(self, thread: Thread, line: Line, barred: set[AgentId]) -> tuple[Candidate, ...]:
        """Whom the step prefers, else whoever had this customer last, if they can be asked."""
        names = thread.steps[thread.step].prefer if thread.steps else ()
        if not (names or thread.last_agent):
            return ()
        policy = self.policy(line.queue)
        for name in (*names, thread.last_agent):
            near = self._agents.get(name)
            if near is None or name in barred:
                continue
            if not takes(near, line.weight, line.live, line.queue):
                continue
            home = self._home.get(name)
            for cost, strength, pool in line.pools:
                if pool is home:
                    part = PARTS[policy](near)
                    return (Candidate(name, rank(policy, True, cost, strength, part)),)
        return ()

    def _explained(self, line: Line, barred: set[AgentId], found: tuple[Candidate, ...]) -> Found:
        outside = self._lack(line)
        able, unable = outside.able, outside.unable
        out = self._counted_out(line, barred) if barred else NONE_BARRED
        # Whoever has room, but less than this thread's weight, counts once nobody fits.
        free = self._free(line) - out.free if found else 0
        away = able.all - able.here - able.mute - out.away
        counts = counted(
            team=outside.team,
            permission=outside.permission,
            exclusion=out.number,
            availability=away + unable.all - unable.here - unable.mute - out.unable_away,
            desk=able.mute - out.mute + unable.mute - out.unable_mute,
            requirement=unable.here - out.unable_here,
            capacity=able.here - out.here - free,
        )
        absent = away + able.mute - out.mute > 0
        return Found(found, counts, able.here > out.here, absent, out.here > 0)

    def _counted_out(self, line: Line, barred: set[AgentId]) -> Barred:
        out = Barred()
        for name in barred:
            home = self._home.get(name)
            if home is None:
                continue
            able = line.signature in home.lines
            if able or self.lacking(line, home) == "requirement":
                out.add(self._agents[name], line, able)
        return out

    def _free(self, line: Line) -> int:
        """How many of those who could serve a line have room for a unit of its queue."""
        free = 0
        for _, _, pool in line.pools:
            if line.queue in pool.capped and pool.free[line.live]:
                policy = self.policy(line.queue)
                free += len(pool.order(policy, line.live, 1, self._agents, line.queue))
            else:
                free += pool.free[line.live]
        return free

    def _lack(self, line: Line) -> Lack:
        """How many lack the team, the permission, what is asked for, or nothing; kept while it is
        so."""
        if line.unserved is None or line.unserved[0] != self._membership:
            found = unserved(line, self.pools.values(), self.lacking)
            line.unserved, line.lack = (self._membership, found), None
        if line.lack is None or line.lack[0] != self._attendance:
            line.lack = self._attendance, lack(line.unserved[1], line)
        return line.lack[1]

    def _among_named(self, line: Line, barred: set[AgentId], limit: int) -> Found:
        fails = dict.fromkeys(TESTS, 0)
        policy = self.policy(line.queue)
        found: list[Candidate] = []
        absent = barred_here = False
        for name in dict.fromkeys(line.named):
            reason = self._not_named(line, name, barred)
            if reason:
                fails[reason] += 1
                if reason in ("exclusion", "availability", "desk") and self._meets(line, name):
                    here = reason == "exclusion" and present(self._agents[name], line.live)
                    barred_here = barred_here or here
                    absent = absent or reason != "exclusion"
            else:
                part = PARTS[policy](self._agents[name])
                found.append(Candidate(name, rank(policy, True, 0, 0, part)))
        found.sort(key=lambda candidate: candidate.rank)
        hopeful = bool(found) or fails["capacity"] > 0
        return Found(tuple(found[:limit]), counted(**fails), hopeful, absent, barred_here)

    def _meets(self, line: Line, name: AgentId) -> bool:
        """Whether an agent has what a line asks for; of somebody unknown it may be so."""
        home = self._home.get(name)
        return home is None or not self.lacking(line, home)

    def _not_named(self, line: Line, name: AgentId, barred: set[AgentId]) -> str:
        home = self._home.get(name)
        if home is None:
            return "availability"
        lacking = self.lacking(line, home)
        if lacking in ("team", "permission"):
            return lacking
        if name in barred:
            return "exclusion"
        agent = self._agents[name]
        if not present(agent, line.live):
            return "desk" if line.live and mute(agent) else "availability"
        if lacking:
            return lacking
        return "" if fits(agent, line.weight, line.live, line.queue) else "capacity"

    # --- asking for an agent's threads ---

    def best_thread(self, agent: Agent) -> Thread | None:
        """The thread that *agent* should have next: the first they can serve in queue order."""
        self.catch_up()
        place = self.next_place(agent)
        return None if place is None else self._threads[place[-1]]

    def next_place(self, agent: Agent) -> Key | None:
        """Its place in line, by the changes that were taken in."""
        pool = self._home.get(agent.id)
        if pool is None:
            return None
        if not self._tiered:
            return self._best(agent, pool, pool.lines.values())
        ranked: dict[int, list[Line]] = {}
        for line in pool.lines.values():
            ranked.setdefault(self.rank_in(line, pool), []).append(line)
        for place in sorted(ranked):
            if (best := self._best(agent, pool, ranked[place])) is not None:
                return best
        return self._best(agent, pool, ())

    def _best(self, agent: Agent, pool: Pool, lines: Iterable[Line]) -> Key | None:
        """The first in queue order of these lines, and of those that name the agent."""
        best: Key | None = None
        mail, chats = left = rooms(agent, self._standings[agent.id].present)
        for line in lines if mail > 0 or chats > 0 else ():
            heap = line.heap
            if not heap or not (best is None or heap[0] < best) or line.weight > left[line.live]:
                continue
            if line.queue not in pool.capped or self._admits(line, agent):
                best = self._head(line, agent, best)
        for wanted in self._named.get(agent.id, ()):
            line = self.lines[wanted]
            if not line.places or line.weight > left[line.live] or self.lacking(line, pool):
                continue
            if line.queue not in pool.capped or self._admits(line, agent):
                best = self._head(line, agent, best)
        return best

    def _admits(self, line: Line, agent: Agent) -> bool:
        """Whether the agent's cap of the line's queue leaves room."""
        return fits(agent, line.weight, line.live, line.queue)

    def _head(self, line: Line, agent: Agent, best: Key | None) -> Key | None:
        """The first in line that *agent* may have, if it goes before *best*; else *best*."""
        heap, places, barring = line.heap, line.places, line.barring
        aside: list[Key] = []
        while heap and (best is None or heap[0] < best):
            key = heap[0]
            if places.get(key[-1]) is not key:
                heapq.heappop(heap)  # no longer so
            elif key[-1] in barring and self._barred(agent.id, key[-1]):
                aside.append(heapq.heappop(heap))
            else:
                best = key
        for key in aside:
            heapq.heappush(heap, key)
        return best

    def _barred(self, agent: AgentId, thread: ThreadId) -> bool:
        return any(exclusion.agent == agent for exclusion in self._threads[thread].excluded)

    # --- asking how crowded it is ---

    def crowd(self, queue: str, live: bool) -> tuple[int, int, bool]:
        """How many wait in a queue, on how many units they can be worked on, and whether somebody
        is free for them."""
        self.catch_up()
        known = self._queues.get(queue)
        teams = frozenset(known.teams if known is not None else ())
        pools = [p for p in self.pools.values() if not teams or not teams.isdisjoint(p.teams)]
        waiting = sum(len(ln.places) for ln in self.lines.values() if ln.queue == queue)
        units = sum(pool.units[live] for pool in pools if queue not in pool.reads)
        free = any(pool.free[live] for pool in pools if queue not in pool.reads)
        return waiting, units, free

    def latest(self, queue: str) -> Thread | None:
        """The thread that was the last to come of those that wait in a queue."""
        self.catch_up()
        lines = (line for line in self.lines.values() if line.queue == queue)
        last = max((id for line in lines for id in line.places), default=None)
        return None if last is None else self._threads[last]

    def before(self, thread: Thread) -> tuple[int, int, bool]:
        """How many go before a waiting thread, on how many units it can be worked on, and whether
        somebody is free for it.

        Of another line that some of the same agents serve, as many count as fall to those agents.
        """
        self.catch_up()
        own = self._place[thread.id]
        key, live = own.places[thread.id], own.live
        ours = {pool: pool.units[live] for _, _, pool in own.pools}
        ahead = 0.0
        for line in self.lines.values():
            if not line.places:
                continue
            shared = sum(ours.get(pool, 0) for _, _, pool in line.pools)
            theirs = sum(pool.units[live] for _, _, pool in line.pools)
            if shared and theirs:
                earlier = sum(1 for other in line.places.values() if other < key)
                ahead += earlier * shared / theirs
        return round(ahead), sum(ours.values()), any(pool.free[live] for pool in ours)

    # --- asking for whoever may have lost hope ---

    def forsaken(self) -> Iterator[Thread]:
        """Queued threads for whom perhaps nobody is here any more, since somebody left."""
        self.catch_up()
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


def _best_of(streams: list[Stream], barred: set[AgentId], limit: int) -> list[Ranked]:
    """The best of several streams, or with a *limit* of 2 the best two."""
    best: Ranked | None = None
    second: Ranked | None = None
    at: Stream | None = None
    for stream in streams:
        one = stream.first(barred)
        if one is None:
            continue
        if best is None or one < best:
            best, second, at = one, best, stream
        elif second is None or one < second:
            second = one
    if best is None or at is None or limit < 1:
        return []
    if limit == 1:
        return [best]
    after = at.second(barred)
    if second is None or (after is not None and after < second):
        second = after
    return [best] if second is None else [best, second]
