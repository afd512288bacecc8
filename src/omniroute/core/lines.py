"""Who waits where and who is where: lines and pools, kept in step with the tables.

A row is often replaced several times before anybody asks: an accept ends an offer and assigns the
thread, and the agent's load goes down and up again.  So a change is noted here with the value
that was last taken in, and `catch_up` takes in what it came to, once.

Which pools of agents can serve which lines of threads is worked out once, when either first
appears.  What has happened since it was last asked is remembered, too: who became able (`freed`),
which threads began to wait (`queued`), and from which lines somebody went (`left`), so that their
threads may have lost their last hope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omniroute.core.model import Agent, AgentId, Ask, Thread, ThreadId
from omniroute.core.pools import (
    CROWDED,
    Key,
    Line,
    Pool,
    Profile,
    Signature,
    order_key,
    placing,
    signature,
)
from omniroute.core.ranking import NOWHERE, Standing, eased, loaded, more_room, standing
from omniroute.core.requirements import Fit, Person, named
from omniroute.core.rules import Queue
from omniroute.core.skills import Skills
from omniroute.core.states import QUEUED, STRANDED
from omniroute.core.urgency import PRIORITIES

LINES = 1024  # beyond so many, a line that nobody waits in is dropped


class Lines:
    """Lines and pools, kept in step with the tables by `State` alone."""

    def __init__(self, agents: Mapping[AgentId, Agent], threads: Mapping[ThreadId, Thread]) -> None:
        self._agents, self._threads = agents, threads
        self._standings: dict[AgentId, Standing] = {}
        # What has changed since it was last taken in, as it was then.
        self.unseen_agents: dict[AgentId, Agent | None] = {}
        self.unseen_loads: dict[AgentId, Agent] = {}  # of whom nothing else has changed
        self.unseen_threads: dict[ThreadId, Thread | None] = {}
        self.changes = 0  # counts what was taken in
        self.adopt(None, {})

    def adopt(
        self, skills: Skills | None, queues: Mapping[str, Queue], usual: int = PRIORITIES["normal"]
    ) -> None:
        """Take another rule set, sort everybody anew, and have everything looked at again.

        *usual* is the priority of what no rule calls more or less urgent.
        """
        self._skills, self._queues = skills, queues
        self._tiered = any(queue.ranks for queue in queues.values())
        self._placing = {name: placing(queue.order, usual) for name, queue in queues.items()}
        self.pools: dict[Profile, Pool] = {}
        self.lines: dict[Signature, Line] = {}
        self._named: dict[AgentId, dict[Signature, None]] = {}
        self._home: dict[AgentId, Pool] = {}
        self._place: dict[ThreadId, Line] = {}
        self._singled: set[AgentId] = set()  # whom some requirement names among others
        self._membership = 0  # counts who came into or went from a pool
        self._attendance = 0  # counts who is here and was not, or the other way
        self.freed: dict[AgentId, None] = {}
        self.queued: dict[ThreadId, None] = {}
        self.left: dict[Signature, None] = {}
        self._standings.clear()
        self.unseen_agents = dict.fromkeys(self._agents)
        self.unseen_loads.clear()
        self.unseen_threads = dict.fromkeys(self._threads)
        self.catch_up()
        # Whom a freed agent can serve is found from the agent; what is left to see from the side
        # of the threads is which of them have nobody.
        self.queued.clear()
        self.left.update(dict.fromkeys(self.lines))

    def forget(self) -> None:
        """What has happened so far is seen to."""
        self.catch_up()
        self.freed.clear()
        self.queued.clear()
        self.left.clear()

    def key(self, thread: Thread) -> Key:
        """A thread's place, by the order of its queue."""
        return self._placing.get(thread.queue, order_key)(thread)

    def placed(self, thread: ThreadId) -> Key | None:
        """Where a thread was placed when changes were last taken in; None if it does not wait."""
        line = self._place.get(thread)
        return line.places[thread] if line is not None else None

    # --- keeping in step ---

    def agent_changed(self, id: AgentId, old: Agent | None) -> None:
        """An agent's value is another one than *old*."""
        if id not in self.unseen_agents:
            self.unseen_agents[id] = self.unseen_loads.pop(id, old)

    def thread_changed(self, id: ThreadId, old: Thread | None) -> None:
        """A thread's value is another one than *old*."""
        self.unseen_threads.setdefault(id, old)

    def catch_up(self) -> None:
        """Take in what the changes since the last time came to."""
        if self.unseen_agents:
            agents, self.unseen_agents = self.unseen_agents, {}
            self.changes += 1
            for agent, was in agents.items():
                self._take_in_agent(agent, was, self._agents.get(agent))
        if self.unseen_loads:
            loads, self.unseen_loads = self.unseen_loads, {}
            self.changes += 1
            for busy, had in loads.items():
                self._take_in_load(had, self._agents[busy])
        if self.unseen_threads:
            threads, self.unseen_threads = self.unseen_threads, {}
            self.changes += 1
            for thread, before in threads.items():
                self._take_in_thread(thread, before, self._threads.get(thread))

    def _take_in_agent(self, id: AgentId, old: Agent | None, new: Agent | None) -> None:
        home = self._home.get(id)
        before = self._standings.pop(id, NOWHERE)
        pool = self._settled(home, old, new)
        if new is None or pool is None:
            now = NOWHERE
        else:
            now = self._standings[id] = standing(new)
            pool.note(new, now)
            if pool is not home or old is None:
                came = any(now.able)
            else:
                came = more_room(old, before, new, now)
            if came:
                self.freed[id] = None
            if now.present != before.present:
                self._crowded(id)
            if now.present != before.present or now.mute != before.mute:
                self._attendance += 1
        if pool is home:
            if home is not None and now != before:
                home.count(before, now)
        else:
            if pool is not None:
                pool.count(NOWHERE, now)
            if home is not None:
                home.count(before, NOWHERE)
        if home is not None and (pool is not home or now.present != before.present):
            for live in (False, True):
                if before.present[live] and not (pool is home and now.present[live]):
                    self._left(home, id, live)

    def _take_in_load(self, old: Agent, new: Agent) -> None:
        """The usual case: an agent is who and where they were, and has more to do, or less."""
        id = new.id
        home = self._home.get(id)
        if home is None or new.caps is not None:
            return self._take_in_agent(id, old, new)
        before = self._standings[id]
        now = loaded(before, new)
        home.note(new, now)
        if now is not before:
            self._standings[id] = now
            home.count_free(before, now)
        if eased(old, new, now):
            self.freed[id] = None
        return None

    def _crowded(self, agent: AgentId) -> None:
        """Look at what the agent, who has come, is asked for though they are full."""
        for wanted in self._named.get(agent, ()):
            line = self.lines[wanted]
            if line.weight == CROWDED:
                self.queued.update(dict.fromkeys(line.places))

    def _settled(self, home: Pool | None, old: Agent | None, new: Agent | None) -> Pool | None:
        """The pool where the agent is at home from now on, if on the team."""
        if new is not None and new.employed:
            known = home is not None and (bool(home.single) is (new.id in self._singled))
            if known and old is not None and _same(old, new):
                return home
            pool = self._pool(new)
            if pool is not home:
                self._membership += 1
                pool.members[new.id] = None
                self._home[new.id] = pool
        else:
            pool = None
        if old is not None and home is not None and pool is not home:
            self._membership += 1
            home.forget(old.id)
            if pool is None:
                del self._home[old.id]
            if not home.members:
                self._abandon(home)
        return pool

    def _abandon(self, pool: Pool) -> None:
        """Nobody knows what this pool knows any more."""
        del self.pools[pool.profile]
        for line in pool.lines.values():
            line.pools = [entry for entry in line.pools if entry[2] is not pool]
            line.streams.pop(pool, None)

    def _left(self, pool: Pool, agent: AgentId, live: bool) -> None:
        for wanted, line in pool.lines.items():
            if line.live == live:
                self.left[wanted] = None
        for wanted in self._named.get(agent, ()):
            if self.lines[wanted].live == live:
                self.left[wanted] = None

    def _take_in_thread(self, id: ThreadId, old: Thread | None, new: Thread | None) -> None:
        if new is None or ((phase := new.phase) is not QUEUED and phase is not STRANDED):
            if id in self._place:
                self._displace(id)
            return
        wanted, key = signature(new), self.key(new)
        line = self._place.get(id)
        again = (
            old is None
            or (phase is QUEUED and old.phase is not QUEUED)
            or old.excluded != new.excluded
            or old.step != new.step
        )
        if line is None or line.signature != wanted or line.places[id] != key:
            self._displace(id)
            line = self._place[id] = self.lines.get(wanted) or self._line(wanted)
            line.enter(key)
            again = True
        if new.excluded:
            line.barring[id] = None
        else:
            line.barring.pop(id, None)
        if again and old is not new:  # what was read as it stands is seen to
            self.queued[id] = None

    def _displace(self, thread: ThreadId) -> None:
        """The thread waits here no more."""
        line = self._place.pop(thread, None)
        if line is None:
            return
        line.leave(thread)
        if not line.places and len(self.lines) > LINES:
            self._drop(line)

    def _drop(self, line: Line) -> None:
        del self.lines[line.signature]
        for _, _, pool in line.pools:
            del pool.lines[line.signature]
        for name in line.named:
            self._named[name].pop(line.signature, None)

    def _pool(self, agent: Agent) -> Pool:
        profile = _profile(agent, agent.id if agent.id in self._singled else "")
        if (pool := self.pools.get(profile)) is None:
            levels = self._skills.profile(agent.skills) if self._skills else dict(agent.skills)
            pool = self.pools[profile] = Pool(profile, levels)
            for line in self.lines.values():
                if not line.named:
                    self._introduce(line, pool)
        return pool

    def _line(self, wanted: Signature) -> Line:
        line = Line(wanted)
        if line.ask is not None:
            self._single_out(line.ask)
        self.lines[wanted] = line
        for name in line.named:
            self._named.setdefault(name, {})[wanted] = None
        if not line.named:
            for pool in self.pools.values():
                self._introduce(line, pool)
        return line

    def _single_out(self, ask: Ask) -> None:
        """Give whom a requirement names a pool of their own, so that it can tell who they are.

        Nothing has happened to them, so nobody is looked at anew for it.
        """
        for name in named(ask):
            home = self._home.get(name) if name not in self._singled else None
            self._singled.add(name)
            if home is None:
                continue
            agent, now = self._agents[name], self._standings[name]
            home.forget(name)
            home.count(now, NOWHERE)
            if not home.members:
                self._abandon(home)
            pool = self._home[name] = self._pool(agent)
            pool.members[name] = None
            pool.note(agent, now)
            pool.count(NOWHERE, now)
            self._membership += 1

    def _introduce(self, line: Line, pool: Pool) -> None:
        if self.lacking(line, pool):
            return
        cost, strength = self._suits(line, pool)
        line.pools.append((cost, strength, pool))
        pool.lines[line.signature] = line

    def _suits(self, line: Line, pool: Pool) -> tuple[float, float]:
        """What the skills graph costs on the way, and the sum of the levels that are asked for."""
        cost = strength = 0.0
        for skill, _ in line.needs:
            level, lost = self._level(line, pool, skill)
            cost, strength = cost + lost, strength + level
        if line.ask is not None and (fit := self._fit(line, line.ask, pool)) is not None:
            cost, strength = cost + fit.cost, strength + fit.strength
        return cost, strength

    def _fit(self, line: Line, ask: Ask, pool: Pool) -> Fit | None:
        """How a pool's agents fit what a line asks for besides levels."""
        return Person(pool.single, pool.skills, self._skills or Skills()).fit(ask, line.cost)

    def _level(self, line: Line, pool: Pool, skill: str) -> tuple[float, float]:
        """A pool's level in a skill as far as the line lets others stand in, and what is lost."""
        if self._skills is None:
            return pool.levels.get(skill, 0.0), 0.0
        level, _, lost = self._skills.level(pool.skills, skill, line.cost)
        return level, lost

    def lacking(self, line: Line, pool: Pool) -> str:
        """Why agents of *pool* never get threads of *line*: ``team``, ``permission``,
        ``requirement`` or ``""``."""
        queue = self._queues.get(line.queue)
        if queue is None and self._queues and not line.named:
            return "team"  # the rules know this queue no more, so nobody serves it
        teams = queue.teams if queue is not None and not line.named else ()
        if teams and pool.teams.isdisjoint(teams) and pool.teams.isdisjoint(line.added):
            return "team"
        if line.queue in pool.reads:
            return "permission"
        if any(pool.levels.get(skill, 0.0) < level for skill, level in line.needs):
            return "requirement"
        if line.cost is not None and any(
            self._level(line, pool, skill)[0] < level for skill, level in line.needs
        ):
            return "requirement"
        if line.ask is not None and self._fit(line, line.ask, pool) is None:
            return "requirement"
        return ""

    def rank_in(self, line: Line, pool: Pool) -> int:
        """Where a line stands among others in the eyes of a pool's agents: lower goes first."""
        queue = self._queues.get(line.queue)
        ranks = queue.ranks if queue is not None else {}
        return min((ranks.get(team, 1) for team in pool.teams), default=1)

    def waiting(self) -> Sequence[ThreadId]:
        """Every waiting thread, in no particular order."""
        self.catch_up()
        return list(self._place)


def _same(one: Agent, other: Agent) -> bool:
    """Whether both have one profile; mostly they are the very same values."""
    return (
        (one.skills is other.skills or one.skills == other.skills)
        and one.teams == other.teams
        and one.reads == other.reads
        and (one.caps is other.caps or _capped(one) == _capped(other))
    )


def _profile(agent: Agent, single: AgentId) -> Profile:
    skills = tuple(sorted(agent.skills.items()))
    return tuple(sorted(agent.teams)), skills, tuple(sorted(agent.reads)), _capped(agent), single


def _capped(agent: Agent) -> tuple[str, ...]:
    """The queues of which they hold no more than so much."""
    return tuple(sorted(agent.caps.queues)) if agent.caps is not None else ()
