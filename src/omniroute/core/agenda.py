"""What one round of matching has to look at, first things first.

From the side of threads: those that began to wait, and those that perhaps have nobody any more.
From the side of agents: for each who became able, the thread they should have next.  What an agent
should have only grows worse as others are served, so an agent is asked again only when their turn
comes; a bulk match costs what it places, not agents times threads.
"""

from __future__ import annotations

import heapq

from omniroute.core.model import AgentId, Phase, Thread, ThreadId
from omniroute.core.pools import Key
from omniroute.core.state import State


class Agenda:
    """The next thread to look at, until there is none."""

    __slots__ = ("_agents", "_index", "_state", "_sure", "_threads", "_tried")

    def __init__(self, state: State) -> None:
        self._state, self._index = state, state.index
        self._threads: list[Key] = []
        self._agents: list[tuple[Key, AgentId]] = []
        self._tried: ThreadId | None = None
        self._sure = -1  # the state of the index for which the first of them is known to be it

    def next(self) -> tuple[Thread, AgentId] | None:
        """The first in queue order, and the freed agent through whom it came up, if any."""
        while True:
            self._gather()
            freed = self._first_freed()
            if self._threads and (freed is None or self._threads[0] <= freed):
                key = heapq.heappop(self._threads)
                while self._threads and self._threads[0] == key:
                    heapq.heappop(self._threads)
                thread = self._state.threads.get(key[-1])
                if thread is not None and self._index.placed(thread.id) == key:
                    return thread, ""
            elif freed is not None:
                self._sure = -1
                return self._state.threads[freed[-1]], heapq.heappop(self._agents)[1]
            else:
                return None

    def free(self, agent: AgentId) -> None:
        """Look at this agent once more."""
        self._index.freed[agent] = None

    def tried(self, thread: ThreadId) -> None:
        """What could be done for this thread is done; what it came to is nothing new."""
        self._tried = thread

    def _gather(self) -> None:
        """Take over what has happened since."""
        index = self._index
        index.catch_up()
        if self._tried is not None:
            index.queued.pop(self._tried, None)
            self._tried = None
        if index.queued:
            for id in index.queued:
                if (key := index.placed(id)) is not None:
                    heapq.heappush(self._threads, key)
            index.queued.clear()
        if index.left:
            for thread in index.forsaken():
                if _lives_by_hope(thread) or self._state.queue(thread.queue).overflow:
                    heapq.heappush(self._threads, index.key(thread))
            index.left.clear()
        if index.freed:
            for name in index.freed:
                place = index.next_place(self._state.agents[name])
                if place is not None:
                    heapq.heappush(self._agents, (place, name))
                    self._sure = index.changes if len(self._agents) == 1 else -1
            index.freed.clear()

    def _first_freed(self) -> Key | None:
        """The place of the first thread that a freed agent should have; its agent is on top."""
        while self._agents:
            key, name = self._agents[0]
            if self._sure == self._index.changes:
                return key
            place = self._index.next_place(self._state.agents[name])
            if place is None:
                heapq.heappop(self._agents)
            elif place == key:
                self._sure = self._index.changes
                return key
            else:
                heapq.heapreplace(self._agents, (place, name))
        return None


def _lives_by_hope(thread: Thread) -> bool:
    """Whether it matters now that nobody could do it: there is a step to skip, or none to come."""
    if thread.phase is not Phase.QUEUED or not thread.steps:
        return thread.phase is Phase.QUEUED
    step = thread.steps[thread.step]
    return bool(step.skip_if) or step.span is None
