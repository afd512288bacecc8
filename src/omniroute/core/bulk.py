"""Many threads and many agents at once: who shall have whom so that as many as can be are served.

Taking the best agent for the first thread may take the only one for the second.  Where one input
makes several agents able (rules are activated, a team file gives dozens a skill), a plan is made
first.  Lines and pools are enough for it: how many threads of a line go to each pool.  Threads
are planned in queue order, each where it leaves those before it served (an augmenting path in the
sense of Kuhn, 1955), so as many are served as can be, and no thread waits for the sake of a later
one.  When its turn comes, a thread gets the best agent whom the plan can spare.

The plan is advice: each offer is still made by the same tests.  It knows work of one unit, all of
it mail or all of it live; whatever else waits is served as it comes.
"""

from __future__ import annotations

import heapq

from omniroute.core.matching import Index
from omniroute.core.model import Candidate, Thread
from omniroute.core.pools import Key, Line, Pool
from omniroute.core.ranking import room

WEIGHT = 1  # units


class Plan:
    """How many threads of each line go to each pool, and the room that nobody is planned for."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._rooms: dict[Pool, int] = {}
        self._planned: dict[Line, dict[Pool, int]] = {}
        lines = self._lines()
        self._useful = len(lines) > 1
        if self._useful:
            self._make(lines)

    def _lines(self) -> list[Line]:
        """The lines that those who became able can serve and that a plan can be made for."""
        index = self._index
        homes = dict.fromkeys(index.home(name) for name in index.freed)
        lines = dict.fromkeys(
            line
            for pool in homes
            if pool is not None
            for line in pool.lines.values()
            if line.places and line.weight == WEIGHT
        )
        return list(lines) if len({line.live for line in lines}) == 1 else []

    def _make(self, lines: list[Line]) -> None:
        live = lines[0].live
        for line in lines:
            self._planned[line] = {}
            for _, _, pool in line.pools:
                if pool.free[live] and pool not in self._rooms:
                    rooms = (room(self._index.agent(name), live) for name in pool.members)
                    self._rooms[pool] = sum(units for units in rooms if units > 0)
        full: set[Line] = set()
        for key, line in self._in_order(lines):
            if line not in full and key[-1] not in line.barring and not self._served(line):
                full.add(line)

    def _in_order(self, lines: list[Line]) -> list[tuple[Key, Line]]:
        """As many threads of each line as there is room for, in queue order."""
        most = sum(self._rooms.values())
        waiting = [
            (key, number)
            for number, line in enumerate(lines)
            for key in heapq.nsmallest(most, line.places.values())
        ]
        return [(key, lines[number]) for key, number in sorted(waiting)]

    def _served(self, line: Line) -> bool:
        """Plan one more thread of *line*, moving others to other pools where need be."""
        came: dict[Line, tuple[Line, Pool] | None] = {line: None}
        queue = [line]
        for at in queue:
            for _, _, pool in at.pools:
                if self._rooms.get(pool, 0) > 0:
                    self._rooms[pool] -= 1
                    self._move(at, pool, came)
                    return True
            for _, _, pool in at.pools:
                for other, planned in self._planned.items():
                    if planned.get(pool, 0) > 0 and other not in came:
                        came[other] = at, pool  # whose place there `at` would take
                        queue.append(other)
        return False

    def _move(self, line: Line, pool: Pool, came: dict[Line, tuple[Line, Pool] | None]) -> None:
        """*line* goes to *pool*; each place that this frees goes to the line that asked for it."""
        while True:
            self._planned[line][pool] = self._planned[line].get(pool, 0) + 1
            step = came[line]
            if step is None:
                return
            asker, place = step
            self._planned[line][place] -= 1
            line, pool = asker, place

    def choose(self, thread: Thread, best: Candidate) -> Candidate:
        """The best agent for *thread* whom those planned after it can spare; else *best*."""
        line = self._index.line(thread)
        planned = self._planned.get(line) if self._useful else None
        if not planned or not any(planned.values()):
            return best
        for candidate, pool in self._index.heads(thread):
            if self._spared(line, pool):
                return candidate
        return best

    def _spared(self, line: Line, pool: Pool) -> bool:
        """Use up a place of *pool* for *line*, if the others of the plan still find theirs."""
        planned = self._planned[line]
        if planned.get(pool, 0) > 0:
            planned[pool] -= 1
            return True
        given_up = next(place for place, count in planned.items() if count > 0)
        if self._rooms.get(pool, 0) > 0:
            self._rooms[pool] -= 1
            planned[given_up] -= 1
            self._rooms[given_up] += 1
            return True
        planned[given_up] -= 1
        self._rooms[given_up] += 1
        for other, places in self._planned.items():
            if other is not line and places.get(pool, 0) > 0:
                places[pool] -= 1
                if self._served(other):
                    return True
                places[pool] += 1
        planned[given_up] += 1
        self._rooms[given_up] -= 1
        return False
