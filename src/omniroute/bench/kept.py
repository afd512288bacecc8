"""The floor of matching with what every router must keep: heaps beside frozen rows.

The same choice as the bare heaps, and the same values as ours: a thread's and an agent's row is
replaced at each turn of the thread's life, the first value of each is kept so that a batch can be
taken back, and an offer sets a timer.  It knows no exclusions, steps, policies, affinity or
reasons.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from msgspec.structs import replace

from omniroute.bench.heaps import Heaps
from omniroute.core.matching import Key, Signature
from omniroute.core.model import Agent, AgentId, Offer, Phase, Thread, ThreadId

OFFER = 60_000  # ms that an offer stands


class KeptHeaps:
    """Heaps, rows, and the way back."""

    def __init__(self, heaps: Heaps, agents: Mapping[AgentId, Agent]) -> None:
        self._heaps = heaps
        self._agents = dict(agents)
        self._threads: dict[ThreadId, Thread] = {}
        self._undo: dict[str, object] = {}
        self._timers: list[tuple[int, ThreadId]] = []

    def fill(self, threads: Mapping[ThreadId, Thread]) -> None:
        """Have *threads* wait, or be with their agents."""
        self._threads = dict(threads)

    def settle(self) -> None:
        """The batch is committed."""
        self._undo.clear()

    def arrive(self, thread: Thread, wanted: Signature, key: Key) -> None:
        """A thread waits, since nobody is free."""
        self._put_thread(thread)
        self._heaps.arrive(wanted, key)

    def free_and_accept(self, number: int, name: AgentId, at: int) -> None:
        """An agent of kind *number* resolves what they have, is offered another and accepts."""
        agent = self._agents[name]
        (had,) = agent.threads
        self._put_thread(replace(self._threads[had], phase=Phase.RESOLVED))
        freed = replace(agent, mail_load=0, threads=(), idle_since=at)
        self._put_agent(freed)
        id = self._heaps.free(number, (0.0, at, at, name))
        offer = Offer(f"{id}.1", name, at, at + OFFER)
        offered = replace(self._threads[id], phase=Phase.OFFERED, offers=(offer,))
        self._put_thread(offered)
        self._put_agent(replace(freed, mail_load=1, threads=(id,), last_assigned=at))
        heapq.heappush(self._timers, (offer.until, id))
        self._put_thread(replace(offered, phase=Phase.ASSIGNED, agent=name, offers=()))
        self._heaps.accept(name, id)

    def holds(self, name: AgentId) -> tuple[ThreadId, ...]:
        """The threads that an agent has."""
        return self._agents[name].threads

    def _put_thread(self, thread: Thread) -> None:
        self._undo.setdefault(f"t/{thread.id}", self._threads.get(thread.id))
        self._threads[thread.id] = thread

    def _put_agent(self, agent: Agent) -> None:
        self._undo.setdefault("a/" + agent.id, self._agents[agent.id])
        self._agents[agent.id] = agent
