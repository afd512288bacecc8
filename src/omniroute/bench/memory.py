"""`memory.*`: bytes that a waiting thread and an agent take in the running engine."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from omniroute.bench import sample
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale, alone
from omniroute.core.engine import decide, keys
from omniroute.core.model import Agent, Status
from omniroute.core.rules import RuleSet
from omniroute.core.state import State

ROWS = ("memory.waiting_thread", "memory.agent")
BATCH: Final = 100  # between two commits

_encode = msgspec.json.Encoder().encode


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    rules = sample.rules()
    put_one = dict(zip(ROWS, (_thread(rules), _agent), strict=True))
    return [
        alone(name, "bytes", _weigh(name, rules, put_one[name], scale.counted, progress))
        for name in ROWS
        if name in names
    ]


def _weigh(
    name: str,
    rules: RuleSet,
    put: Callable[[State, int], None],
    count: int,
    progress: Progress,
) -> float:
    """Bytes of each of *count* that are put in, with all that is kept because of them."""
    state = State()
    state.adopt(rules)
    for number in range(BATCH):  # what is there once, whatever comes after
        put(state, number)
    state.settle()
    progress.begin(name, count)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(BATCH, BATCH + count):
            put(state, number)
            if number % BATCH == BATCH - 1:
                state.settle()
                progress.step(BATCH)
        state.settle()
        gc.collect()
        weight = tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()
    progress.end(f"{weight:,.0f} bytes")
    return weight


def _thread(rules: RuleSet) -> Callable[[State, int], None]:
    """A customer whom nobody knows writes, and waits."""

    def put(state: State, number: int) -> None:
        message = sample.message(rules, sample.said(number, number), sample.NOON + number)
        for key in keys(state, message):
            state.absorb(key, None)
        decide(state, message)

    return put


def _agent(state: State, number: int) -> None:
    """An agent's row is loaded."""
    kinds = sample.profiles()
    teams, skills = kinds[number % len(kinds)]
    agent = Agent(f"agent-{number}", teams, skills, status=Status.ONLINE)
    state.absorb("a/" + agent.id, _encode(agent))
