"""Waiting lines by requirement, pools of agents by skill profile.

A *line* holds the threads that ask for the same; a *pool* holds the agents who know the same.
Both are heaps that are cleaned lazily: an entry counts only if it says what is still so.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from omniroute.core.model import Agent, AgentId, Ask, Step, Thread, ThreadId
from omniroute.core.ranking import PARTS, Part, Standing, fits, rank, takes
from omniroute.core.urgency import ORDER, PRIORITIES

Needed: TypeAlias = tuple[tuple[str, float], ...]
Profile: TypeAlias = tuple[tuple[str, ...], Needed, tuple[str, ...], tuple[str, ...], AgentId]
"""What agents have in common: teams, skills, queues in which they do not reply, and queues of which
they hold no more than so much.  Whom a requirement names among others has a profile of their own,
told by the last part, which else is empty."""
Key: TypeAlias = tuple[int, ...]  # what goes first; the last part is the thread's id
Signature: TypeAlias = tuple[
    str, Needed, tuple[AgentId, ...], int, bool, tuple[str, ...], float | None, Ask | None
]
"""What threads ask for: queue, needs, named agents, weight, live, teams added, levels to lose, and
what else an agent must be like."""


CROWDED = -1_000_000
"""The weight of what named agents are asked for whatever they have: it fits whoever is here."""

NOTHING = Step()
"""The step of a thread that was given none: it asks for nothing."""

NOBODY = ""
"""Named where no agent is to be asked: the customer is reading an article."""


def order_key(
    thread: Thread, order: tuple[str, ...] = ORDER, usual: int = PRIORITIES["normal"]
) -> Key:
    """A thread's place in a queue of this *order*, fixed on entry (routing.md 2.7).

    Keys of all queues compare with each other: agents serve several.  A queue that does not put
    priority first counts there as of the *usual* one; what an order leaves open, the age decides.
    """
    if order == ORDER:
        return (-thread.priority, thread.deadline, thread.routing_since, thread.id)
    parts = {
        "priority": -thread.priority,
        "deadline": thread.deadline,
        "routing_since": thread.routing_since,
    }
    first = () if order[0] == "priority" else (-usual,)
    last = () if "routing_since" in order else (thread.routing_since,)
    return (*first, *(parts[part] for part in order), *last, thread.id)


def placing(
    order: tuple[str, ...] = ORDER, usual: int = PRIORITIES["normal"]
) -> Callable[[Thread], Key]:
    """`order_key` for the threads of one queue, made out once for its order."""
    if order == ORDER:
        return order_key
    if order[0] != "priority":
        return partial(order_key, order=order, usual=usual)
    last = () if "routing_since" in order else ("routing_since",)
    values = attrgetter(*order, *last, "id")

    def place(thread: Thread) -> Key:
        priority, *rest = values(thread)
        return (-priority, *rest)

    return place


def signature(thread: Thread) -> Signature:
    """What the thread waits for now."""
    step = thread.steps[thread.step] if thread.steps else NOTHING
    needs = tuple(sorted(step.need.items()))
    named = (NOBODY,) if step.article else step.agents
    weight = CROWDED if step.crowd else thread.weight
    added = (*step.add, *thread.added)
    return thread.queue, needs, named, weight, thread.live, added, step.cost, step.ask


class Order:
    """Agents who have room for so many units of a queue, best first under one policy.

    A pool has several, and its agents change more often than any one of them is asked.  So a
    change is noted, and taken in when somebody asks.
    """

    __slots__ = ("_entries", "_heap", "_part", "_plain", "_queue", "_weight", "live", "unseen")

    def __init__(self, policy: str, live: bool, weight: int, queue: str) -> None:
        self.live = live
        self.unseen: dict[AgentId, Agent | None] = {}  # as they are now; None of who is not able
        self._weight, self._queue = weight, queue
        self._plain = weight == 1 and not queue  # whoever is able has room
        self._part = PARTS[policy]
        self._entries: dict[float | str, Part] = {}  # which entries of the heap are still so
        self._heap: list[Part] = []

    def __len__(self) -> int:
        self._take_in()
        return len(self._entries)

    def _take_in(self) -> None:
        """Take in what the changes since the last time came to."""
        entries, heap = self._entries, self._heap
        for name, agent in self.unseen.items():
            room = self._plain or (
                agent is not None and fits(agent, self._weight, self.live, self._queue)
            )
            if agent is None or not room:
                entries.pop(name, None)
            elif entries.get(name) != (entry := self._part(agent)):
                entries[name] = entry
                if len(heap) > 4 * len(entries) + 64:  # mostly out of date
                    heap[:] = sorted(entries.values())
                else:
                    heapq.heappush(heap, entry)
        self.unseen.clear()

    def first(self, barred: Container[AgentId]) -> Part | None:
        """The best who is not *barred*."""
        if self.unseen:
            self._take_in()
        entries, heap = self._entries, self._heap
        while heap:
            entry = heap[0]
            if entries.get(entry[-1]) is not entry:
                heapq.heappop(heap)  # no longer so
            elif entry[-1] in barred:
                return next((e for e in self.walk() if e[-1] not in barred), None)
            else:
                return entry
        return None

    def second(self, first: Part, barred: Container[AgentId]) -> Part | None:
        """The best after *first*, who was just asked for, who is not *barred*."""
        entries, heap = self._entries, self._heap
        if heap[0] is first:
            below = heap[1:3]
            for entry in below:
                if entries.get(entry[-1]) is not entry or entry[-1] in barred:
                    break
            else:
                return min(below, default=None)
        return next((e for e in self.walk() if e is not first and e[-1] not in barred), None)

    def walk(self) -> Generator[Part, None, None]:
        """All, best first.  Whoever stops early leaves the order as it was."""
        self._take_in()
        entries, heap = self._entries, self._heap
        taken: list[Part] = []
        try:
            while heap:
                entry = heapq.heappop(heap)
                if entries.get(entry[-1]) is entry:
                    taken.append(entry)
                    yield entry
        finally:
            for entry in taken:
                heapq.heappush(heap, entry)


class Pool:
    """Agents with one profile, ordered under each policy that was ever asked for."""

    __slots__ = (
        "_orders", "capped", "free", "levels", "lines", "members", "mute", "present", "profile",
        "reads", "single", "skills", "teams", "units",
    )  # fmt: skip

    def __init__(self, profile: Profile, levels: Mapping[str, float]) -> None:
        self.profile = profile
        self.teams = frozenset(profile[0])
        self.skills = dict(profile[1])
        self.reads = frozenset(profile[2])
        self.capped = frozenset(profile[3])
        self.single = profile[4]  # the only member, whom some requirement names
        self.levels = levels
        self.members: dict[AgentId, None] = {}
        self.present = [0, 0]  # how many could be asked for mail, for a chat
        self.mute = 0  # how many are here and can chat on no desk
        self.free = [0, 0]  # how many of them have room
        self.units = [0, 0]  # that those who are present can hold in all
        self.lines: dict[Signature, Line] = {}  # that this pool serves
        self._orders: dict[tuple[str, bool, int, str], Order] = {}

    def count(self, before: Standing, now: Standing) -> None:
        """Keep the head counts by which a failed match is explained, as somebody's standing
        changes."""
        self.count_free(before, now)
        if now.present == before.present and now.units == before.units and now.mute is before.mute:
            return
        self.mute += now.mute - before.mute
        for kind in (False, True):
            self.present[kind] += now.present[kind] - before.present[kind]
            self.units[kind] += now.units[kind] * now.present[kind]
            self.units[kind] -= before.units[kind] * before.present[kind]

    def count_free(self, before: Standing, now: Standing) -> None:
        """The same where nothing but somebody's room is another."""
        (mail, live), (had_mail, had_live) = now.able, before.able
        free = self.free
        free[False] += mail - had_mail
        free[True] += live - had_live

    def note(self, agent: Agent, now: Standing) -> None:
        """An agent's rank changed: they have another place wherever they can be asked."""
        name, able = agent.id, now.able
        for order in self._orders.values():
            order.unseen[name] = agent if able[order.live] else None

    def forget(self, agent: AgentId) -> None:
        """The agent is no longer at home here."""
        del self.members[agent]
        for order in self._orders.values():
            order.unseen[agent] = None

    def order(
        self, policy: str, live: bool, weight: int, agents: Mapping[AgentId, Agent], queue: str = ""
    ) -> Order:
        """Those who can be asked for so many units of a queue, best first."""
        if queue not in self.capped:
            queue = ""
        key = policy, live, weight, queue
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = Order(policy, live, weight, queue)
            for name in self.members:
                if takes(agents[name], weight, live, queue):
                    order.unseen[name] = agents[name]
        return order


Ranked: TypeAlias = tuple[Part, AgentId]


class Stream:
    """The agents of one pool as a line sees them."""

    __slots__ = ("_cost", "_first", "_order", "_policy", "_strength", "part")

    def __init__(self, policy: str, cost: float, strength: float, order: Order) -> None:
        self._policy, self._cost, self._strength, self._order = policy, cost, strength, order
        self.part: Part | None = None  # of whoever was the first when somebody asked last
        self._first: Ranked | None = None

    def first(self, barred: set[AgentId]) -> Ranked | None:
        """Whoever is first; mostly they were so before."""
        part = self._order.first(barred)
        if part is not self.part:
            self.part = part
            self._first = None if part is None else self.ranked(part)
        return self._first

    def second(self, barred: set[AgentId]) -> Ranked | None:
        """The next after the first, who was just asked for."""
        assert self.part is not None
        part = self._order.second(self.part, barred)
        return None if part is None else self.ranked(part)

    def all(self, barred: set[AgentId]) -> Iterator[Ranked]:
        """Everybody, best first."""
        with closing(self._order.walk()) as walk:
            for part in walk:
                if part[-1] not in barred:
                    yield self.ranked(part)

    def ranked(self, part: Part) -> Ranked:
        """Somebody's rank and id."""
        return rank(self._policy, False, self._cost, self._strength, part), str(part[-1])


class Unserved(NamedTuple):
    """Who never gets a line's threads: how many for their team, for want of permission, and the
    pools that lack what is asked for."""

    team: int
    permission: int
    unable: tuple[Pool, ...]


class Heads(NamedTuple):
    """How many somebody are, are here, and are here but have no desk for it."""

    all: int
    here: int
    mute: int


class Lack(NamedTuple):
    """How many never get a line's threads for their team, or for want of permission; those who
    lack what is asked for; and those who lack nothing."""

    team: int
    permission: int
    unable: Heads
    able: Heads


class Line:
    """Threads that wait for the same, in their queue's order."""

    __slots__ = (
        "added", "ask", "barring", "cost", "heap", "lack", "live", "named", "needs",
        "places", "pools", "queue", "signature", "streams", "unserved", "weight",
    )  # fmt: skip

    def __init__(self, signature: Signature) -> None:
        self.queue, self.needs, self.named, self.weight, self.live = signature[:5]
        self.added, self.cost, self.ask = signature[5:]
        self.signature = signature
        self.pools: list[tuple[float, float, Pool]] = []  # cost, strength: those who serve it
        self.streams: dict[Pool, Stream] = {}  # of those that were asked for
        self.heap: list[Key] = []
        self.places: dict[ThreadId, Key] = {}  # which of its entries are still so
        self.barring: dict[ThreadId, None] = {}  # waiting threads from which somebody is barred
        self.unserved: tuple[int, Unserved] | None = None  # since which change of the pools
        self.lack: tuple[int, Lack] | None = None  # since which change of who is here

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
