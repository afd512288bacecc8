"""When a thread, an agent or a queue next asks for attention of its own accord.

Due times are derived from the thread or the agent itself, never stored: an offer's end, a step's
end, the end of a snooze, of the reopen window, of a reply's undo; the end of a shift, and what
follows when an agent is gone or beyond reach.  A timer that fires twice or late finds nothing, or
everything, that is due by then.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TypeAlias

from omniroute.core.model import Agent, Phase, Target, Thread
from omniroute.core.owners import Owner
from omniroute.core.states import (
    ASSIGNED,
    CLOSED,
    FOLDED,
    HELD,
    NEW,
    OFFERED,
    QUEUED,
    RESOLVED,
    SNOOZED,
    STRANDED,
    WAITING,
)

Due: TypeAlias = tuple[int, Owner]

ASKING = (QUEUED, OFFERED, STRANDED)
"""Phases in which it matters who is barred."""


def step_end(thread: Thread) -> int | None:
    """When the present relaxation step ends, while its clock runs."""
    if thread.clock_since is None or thread.phase is not QUEUED or not thread.steps:
        return None
    span = thread.steps[thread.step].span
    return None if span is None else thread.clock_since + span - thread.step_used


def snooze_end(thread: Thread) -> int | None:
    """When a snooze ends by itself; None if only the customer can end it."""
    if thread.phase is not SNOOZED or not thread.snoozed_until:
        return None
    return thread.snoozed_until


def dormancy(thread: Thread) -> int | None:
    """When what an agent has falls dormant, if the customer stays silent."""
    silent = thread.phase is ASSIGNED and not thread.waiting and not thread.offers
    return thread.dormant_at if silent and thread.dormant_at and not thread.dormant else None


def wake_end(thread: Thread) -> int | None:
    """Until when whoever was woken has to answer."""
    asked = thread.phase is ASSIGNED and thread.waiting and not thread.held
    return thread.wake_until if asked and thread.wake_until else None


def abandoning(thread: Thread) -> int | None:
    """When a thread that nobody has counts as abandoned, as its customer left."""
    free = thread.phase in (*WAITING, OFFERED, HELD) and not thread.held
    return thread.away_until if free and thread.away_until else None


def promotion(thread: Thread) -> int | None:
    """When a waiting thread's priority rises next."""
    waits = thread.phase in WAITING or thread.phase is OFFERED
    return thread.promote_at if waits and thread.promote_at else None


def running(thread: Thread) -> list[Target]:
    """The promises whose clocks run, nearest first."""
    found = [t for t in thread.targets if t.due]
    if len(found) > 1:
        found.sort(key=lambda t: (t.due, t.kind))
    return found


def next_due(thread: Thread) -> int | None:
    """The earliest moment at which something about *thread* is due, or None."""
    phase = thread.phase  # compared by identity: to look an enum up in a set takes its time
    if phase is CLOSED or phase is FOLDED:
        return None
    moments = [offer.until for offer in thread.offers] if thread.offers else []
    if thread.held:
        moments += [held.release for held in thread.held]
    for target in thread.targets:
        if target.due:
            if not target.late:
                moments.append(target.due)
            if target.marks:
                moments.append(target.marks[0])
    if phase is ASSIGNED:
        if thread.dormant_at or thread.wake_until:
            moments += [at for at in (dormancy(thread), wake_end(thread)) if at is not None]
    elif phase is RESOLVED:
        survey = thread.survey
        if survey is not None and not survey.over:
            moments.append(survey.due or survey.until)
            if thread.wrap_until:
                moments.append(thread.wrap_until)
        elif thread.wrap_until:
            moments.append(thread.wrap_until)
        elif not thread.held:
            moments.append(thread.reopen_until)
    elif phase is SNOOZED:
        if thread.snoozed_until:
            moments.append(thread.snoozed_until)
    else:
        _unowned(thread, phase, moments)
    return min(moments) if moments else None


def _unowned(thread: Thread, phase: Phase, moments: list[int]) -> None:
    """Add when a thread that nobody has asks for attention."""
    if phase is HELD:
        moments.append(thread.opens_at)
    elif phase is not NEW:
        if thread.promote_at:
            moments.append(thread.promote_at)
        if thread.excluded:
            moments += [x.until for x in thread.excluded if x.until]
        if phase is QUEUED and (end := step_end(thread)) is not None:
            moments.append(end)
        elif phase is STRANDED and thread.remind_at:
            moments.append(thread.remind_at)
        if phase is not OFFERED and thread.overflow_at:
            moments.append(thread.overflow_at)
        if phase is not OFFERED and thread.closes_at:
            moments.append(thread.closes_at)
    if thread.away_until and (gone := abandoning(thread)) is not None:
        moments.append(gone)


def agent_due(agent: Agent) -> int | None:
    """The earliest moment at which something about *agent* is due, or None."""
    if not (agent.shift_end or agent.give_back_at or agent.flag_at):
        return None
    moments = (agent.shift_end, agent.give_back_at, agent.flag_at)
    return min(filter(None, moments), default=None)


MANY = 1_024  # entries, beyond twice those that were so, after which a heap is tidied


class Alarms:
    """Due times of threads, agents and queues, earliest first; at one moment threads go first.

    *due_of* says when something is due.  What changes is asked once, when somebody wants to know
    what comes next, and kept: an entry of the heap counts only if it says what is kept.
    """

    def __init__(self, due_of: Callable[[Owner], int | None]) -> None:
        self._due_of = due_of
        self._dues: dict[Owner, int] = {}
        self._heap: list[tuple[int, bool, Owner]] = []
        self.unseen: dict[Owner, None] = {}  # what has changed since the last look
        self._ignored: set[Due] = set()
        self._many = MANY

    def __contains__(self, owner: Owner) -> bool:
        """Whether something was due of *owner* at the last look."""
        return owner in self._dues

    def changed(self, owner: Owner) -> None:
        """Something about *owner* is another than it was."""
        self.unseen[owner] = None

    def next(self) -> Due | None:
        """The next moment that is still so, and whose."""
        if self.unseen:
            self.take_in()
        heap, dues, ignored = self._heap, self._dues, self._ignored
        while heap:
            due, _, owner = heap[0]
            if dues.get(owner) == due and not (ignored and (due, owner) in ignored):
                return due, owner
            heapq.heappop(heap)
        return None

    def ignore(self, due: int, owner: Owner) -> None:
        """Let this one be, until a restart."""
        self._ignored.add((due, owner))

    def take_in(self) -> None:
        """Take in what the changes since the last time came to."""
        if not self.unseen:
            return
        unseen, self.unseen = self.unseen, {}
        dues, due_of = self._dues, self._due_of
        if not dues and len(unseen) > self._many:  # a start
            found = ((owner, due_of(owner)) for owner in unseen)
            dues.update((owner, due) for owner, due in found if due is not None)
            self._tidy()
            unseen = {}
        for owner in unseen:
            due = due_of(owner)
            if due is None:
                dues.pop(owner, None)
            elif dues.get(owner) != due:
                dues[owner] = due
                heapq.heappush(self._heap, (due, isinstance(owner, str), owner))
        if len(self._heap) > self._many:
            self._tidy()

    def _tidy(self) -> None:
        """Drop what is out of date: what is due in a year would stay here for a year."""
        self._heap = [(due, isinstance(owner, str), owner) for owner, due in self._dues.items()]
        heapq.heapify(self._heap)
        self._many = 2 * len(self._heap) + MANY
