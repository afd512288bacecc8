"""A state full of agents who have their hands full and of threads that wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from omniroute.bench import sample
from omniroute.bench.progress import Progress
from omniroute.core.engine import decide
from omniroute.core.model import Agent, Customer, Handle, Phase, Status, Thread
from omniroute.core.state import Counters, State

STEP: Final = 10_000  # put in between two looks at the clock
OURS: Final = "crowd-"  # what customers' ids begin with

_encode = msgspec.json.Encoder().encode


class Crowd:
    """*agents* with one thread each, which is all they can take, and *waiting* threads."""

    def __init__(self, name: str, agents: int, waiting: int, progress: Progress) -> None:
        self.rules = sample.rules()
        self.state = State()
        self.state.adopt(self.rules)
        self.kinds = _kinds(self.state)
        self.size = 0  # threads ever put in
        progress.begin(f"{name}: filling", 2 * agents + waiting)
        for count in self._fill(agents, waiting):
            progress.step(count)
        progress.end(f"{agents:,} agents, {waiting:,} waiting")

    def _fill(self, agents: int, waiting: int) -> Iterator[int]:
        state = self.state
        for member in sample.team(agents, capacity=1):
            agent = Agent(member.id, member.teams, member.skills, capacity=1, status=Status.ONLINE)
            state.put_agent(agent)
        names = tuple(state.agents)
        yield from self._in_steps(agents)
        for number in range(agents + waiting):
            thread = self.another()
            if number < agents:
                thread = replace(thread, phase=Phase.ASSIGNED, agent=names[number])
            state.put_thread(thread)
            if number % STEP == STEP - 1:
                yield from self._in_steps(STEP)
        state.put_counters(Counters(self.size + 1, self.rules.version))
        yield from self._in_steps((agents + waiting) % STEP)

    def _in_steps(self, count: int) -> Iterator[int]:
        self.state.settle()
        self.state.index.forget()
        yield count

    def another(self) -> Thread:
        """One more waiting thread, younger than all others; not put in."""
        self.size += 1
        id, at = self.size, sample.NOON + self.size
        customer = f"{OURS}{id}"
        return replace(
            self.kinds[id % len(self.kinds)],
            id=id,
            customer=customer,
            since=at,
            phase=Phase.QUEUED,
            deadline=at + 3_600_000,
            routing_since=at,
            clock_since=None,  # their steps do not run on while we measure
            handle=customer,
            message=customer,
        )

    def row(self, key: str) -> bytes | None:
        """The row of a customer or a handle of ours, as a store would have it; None of others."""
        kind, name = key[0], key[2:]
        if not name.startswith(OURS):
            return None
        if kind == "h":
            return _encode(Handle(name, name, "email", sample.NOON))
        return _encode(Customer(name, (name,), open=int(name.removeprefix(OURS))))


def _kinds(full: State) -> list[Thread]:
    """One waiting thread of each kind that the rules make of the sample's messages."""
    state = State()
    state.adopt(full.rules)
    for number in range(len(sample.TOPICS)):
        decide(state, sample.message(full.rules, sample.said(number, number), sample.NOON))
    return [replace(thread, steps=full.shared(thread.steps)) for thread in state.open_threads()]
