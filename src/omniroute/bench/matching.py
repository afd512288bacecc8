"""Routing decisions: a thread comes and waits, an agent becomes free, is offered one and accepts.

`match.*` is the choice alone, on the state as it is, beside bare heaps; `match.kept.*` is the same
beside heaps that keep rows as every router must; `decide.*` is the whole decision: identity, rules,
events, effects and the why as well, beside bare heaps again.  `decide.arrivals` counts customers
from their message to the thread's end.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Mapping
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median
from typing import Final

from msgspec.structs import replace

from omniroute.bench import sample
from omniroute.bench.crowd import Crowd
from omniroute.bench.heaps import Heaps
from omniroute.bench.kept import KeptHeaps
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import Turn, in_turn
from omniroute.bench.rows import Row, Scale, alone
from omniroute.core import inputs as i
from omniroute.core.engine import Decision, decide, keys
from omniroute.core.events import OfferMade
from omniroute.core.matching import order_key, signature
from omniroute.core.model import Offer, Phase, Status
from omniroute.core.state import State

ROWS = (
    "match.small",
    "match.large",
    "match.flat",
    "match.kept.small",
    "match.kept.large",
    "decide.small",
    "decide.large",
    "decide.arrivals",
)
ARRIVALS: Final = "decide.arrivals"
UNIT: Final = "decisions/s"
PER_ROUND: Final = 3  # one comes, one is freed and offered another, one is accepted
BATCH: Final = 33  # rounds between two commits
LATER: Final = 1_500_000  # ms: when the last of a crowd has come, and nothing of it is late yet


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    wanted = [name for name in ROWS if name in names]
    cases: dict[str, Case] = {}
    for number, size in enumerate(("small", "large")):
        if any(name.endswith((size, "flat")) for name in wanted):
            agents, waiting = scale.agents[number], scale.waiting[number]
            cases[size] = Case(Crowd(f"{size} case", agents, waiting, progress))
    for case in cases.values():
        case.warm_up(scale.decisions // 2)
    gc.collect()  # the garbage of filling is no decision's
    rows = []
    for name in wanted:
        if name == ARRIVALS:
            rows.append(_arrivals(scale, progress))
            continue
        ours, floor = _sides(name, cases)
        turns = _rate(ours, scale.decisions), _rate(floor, scale.decisions)
        rows.append(await in_turn(name, UNIT, scale.rounds, *turns, progress))
    return rows


class Case:
    """The small or the large one, with the three ways to go through it."""

    def __init__(self, crowd: Crowd) -> None:
        heaps = Heaps(crowd.rules, crowd.kinds)
        heaps.fill(t for t in crowd.state.open_threads() if t.phase is Phase.QUEUED)
        self.kept = Kept(crowd)
        self.match, self.decide, self.bare = Choosing(crowd), Deciding(crowd), Bare(crowd, heaps)

    def warm_up(self, rounds: int) -> None:
        """Have orders made that are made once, when they are first asked for."""
        for way in (self.match, self.decide, self.bare, self.kept):
            way.turn(rounds)


Timed = Callable[[int], float]
"""Goes through so many rounds and gives the seconds of processor time."""


def _sides(name: str, cases: Mapping[str, Case]) -> tuple[Timed, Timed]:
    what, *how, size = name.split(".")
    if size == "flat":
        return cases["large"].match.turn, cases["small"].match.turn
    case = cases[size]
    if how:
        return case.match.turn, case.kept.turn
    return (case.match if what == "match" else case.decide).turn, case.bare.turn


def _arrivals(scale: Scale, progress: Progress) -> Row:
    """Customers who write, are offered to an agent who is free, accepted and helped."""
    arriving, rates = Arriving(), []
    arriving.turn(scale.decisions // 2)
    progress.begin(ARRIVALS, scale.rounds)
    for _ in range(scale.rounds):
        rates.append(scale.decisions / arriving.turn(scale.decisions))
        progress.step(rate=f"{rates[-1]:,.0f} arrivals/s")
    row = alone(ARRIVALS, "arrivals/s", median(rates))
    progress.end(f"{row.ours:,.0f} arrivals/s")
    return row


def _rate(timed: Timed, rounds: int) -> Turn:
    async def rate() -> float:
        return PER_ROUND * rounds / timed(rounds)

    return rate


class Choosing:
    """Who gets what, on the state and its index."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._state = crowd, crowd.state
        self._agents = cycle(tuple(crowd.state.agents))

    def turn(self, rounds: int) -> float:
        """Seconds of processor time for so many rounds."""
        agents = list(islice(self._agents, rounds))
        began = time.thread_time()
        for number, agent in enumerate(agents):
            self.arrive()
            self.free_and_accept(agent)
            if number % BATCH == 0:
                self._state.settle()
        took = time.thread_time() - began
        self._state.settle()
        return took

    def arrive(self) -> None:
        """A thread waits, since nobody is free."""
        thread = self._crowd.another()
        self._state.put_thread(thread)
        found = self._state.index.find(thread)
        assert not found.candidates, "nobody is free, and still somebody was found"

    def free_and_accept(self, agent: str) -> None:
        """An agent is done with what they have and gets what has waited longest for them."""
        state, index = self._state, self._state.index
        done = state.threads[state.agents[agent].threads[0]]
        state.put_thread(replace(done, phase=Phase.RESOLVED))
        thread = index.best_thread(state.agents[agent])
        assert thread is not None, "nothing waits for whoever is free"
        winner = index.find(thread).candidates[0].agent
        offer = Offer(f"{thread.id}.1", winner, thread.since, thread.since + 60_000)
        offered = replace(thread, phase=Phase.OFFERED, offers=(offer,))
        state.put_thread(offered)
        state.put_thread(replace(offered, phase=Phase.ASSIGNED, agent=winner, offers=()))
        index.forget()


class Deciding:
    """Whole decisions."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._state = crowd, crowd.state
        self._agents = cycle(tuple(crowd.state.agents))
        self._numbers = count(1_000_000_000)
        self._at = sample.NOON + LATER

    def turn(self, rounds: int) -> float:
        """Seconds of processor time for so many rounds."""
        rules = self._crowd.rules
        said = [sample.said(number, number) for number in islice(self._numbers, rounds)]
        messages = [sample.message(rules, one, self._at) for one in said]
        agents = list(islice(self._agents, rounds))
        began = time.thread_time()
        for number, (message, agent) in enumerate(zip(messages, agents, strict=True)):
            self._decide(message)
            self._free_and_accept(message.key, agent)
            if number % BATCH == 0:
                self._state.settle()
        took = time.thread_time() - began
        self._state.settle()
        return took

    def _free_and_accept(self, key: str, agent: str) -> None:
        thread = self._state.agents[agent].threads[0]
        freed = self._decide(i.ThreadResolved(f"{key}/r", self._at, agent, thread))
        made = next((event for event in freed.events if isinstance(event, OfferMade)), None)
        assert made is not None, "nothing waits for whoever is free"
        accepted = self._decide(
            i.OfferAccepted(f"{key}/a", self._at, made.offer.agent, made.thread, made.offer.id)
        )
        assert accepted.answer.ok, accepted.answer.code

    def _decide(self, input: i.AnyInput) -> Decision:
        state = self._state
        while missing := keys(state, input):
            for key in missing:
                state.absorb(key, self._crowd.row(key))
        return decide(state, input)


class Bare:
    """The heaps, given the same work."""

    def __init__(self, crowd: Crowd, heaps: Heaps) -> None:
        self._crowd, self._heaps = crowd, heaps
        self._agents = cycle(enumerate(crowd.state.agents))
        self._numbers = count(crowd.size + 1)

    def turn(self, rounds: int) -> float:
        """Seconds of processor time for so many rounds."""
        kinds, heaps = self._crowd.kinds, self._heaps
        wanted = [signature(kind) for kind in kinds]
        agents = list(islice(self._agents, rounds))
        numbers = list(islice(self._numbers, rounds))
        keys = [order_key(replace(kinds[n % len(kinds)], routing_since=n, id=n)) for n in numbers]
        pools = len(heaps.pools)
        began = time.thread_time()
        for n, key, (number, agent) in zip(numbers, keys, agents, strict=True):
            heaps.arrive(wanted[n % len(wanted)], key)
            heaps.accept(agent, heaps.free(number % pools, (0.0, n, n, agent)))
        return time.thread_time() - began


class Kept:
    """Heaps that keep rows, given the same work."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        threads = {thread.id: thread for thread in crowd.state.open_threads()}
        heaps = Heaps(crowd.rules, crowd.kinds)
        heaps.fill(t for t in threads.values() if t.phase is Phase.QUEUED)
        self.heaps = KeptHeaps(heaps, crowd.state.agents)
        self.heaps.fill(threads)
        self._agents = cycle(enumerate(crowd.state.agents))
        self._numbers = count(crowd.size + 1)

    def turn(self, rounds: int) -> float:
        """Seconds of processor time for so many rounds."""
        kinds, heaps = self._crowd.kinds, self.heaps
        pools = len(sample.profiles())
        wanted = [signature(kind) for kind in kinds]
        agents = list(islice(self._agents, rounds))
        came = [
            replace(kinds[n % len(kinds)], routing_since=n, id=n, phase=Phase.QUEUED)
            for n in islice(self._numbers, rounds)
        ]
        began = time.thread_time()
        for thread, (number, agent) in zip(came, agents, strict=True):
            heaps.arrive(thread, wanted[thread.id % len(wanted)], order_key(thread))
            heaps.free_and_accept(number % pools, agent, thread.id)
            if thread.id % BATCH == 0:
                heaps.settle()
        return time.thread_time() - began


class Arriving:
    """Customers who each find somebody: what a simulation of a desk asks of the core."""

    def __init__(self) -> None:
        self._rules = sample.rules()
        self._state = State()
        self._state.adopt(self._rules)
        self._numbers = count()
        at = sample.NOON
        team = sample.team(40)
        decide(self._state, i.TeamLoaded("team", at, team))
        for member in team:
            decide(self._state, i.StatusDeclared(member.id, at, member.id, Status.ONLINE))
        self._state.settle()

    def turn(self, rounds: int) -> float:
        """Seconds of processor time for so many customers."""
        state, rules = self._state, self._rules
        numbers = list(islice(self._numbers, rounds))
        said = [sample.said(number, number) for number in numbers]
        messages = [
            sample.message(rules, one, sample.NOON + n)
            for n, one in zip(numbers, said, strict=True)
        ]
        began = time.thread_time()
        for message in messages:
            key, at = message.key, message.at
            decided = decide(state, message)
            made = next(event for event in decided.events if isinstance(event, OfferMade))
            thread, offer = made.thread, made.offer
            decide(state, i.OfferAccepted(f"{key}/a", at, offer.agent, thread, offer.id))
            decide(state, i.ThreadResolved(f"{key}/r", at, offer.agent, thread))
            state.settle()
        return time.thread_time() - began
