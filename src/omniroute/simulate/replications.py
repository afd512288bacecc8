"""Several runs of a scenario, each with chance of its own, on as many cores as there are."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final, TypeAlias

import msgspec

from omniroute.simulate.invented import Invented
from omniroute.simulate.scenario import DAY, Scenario
from omniroute.simulate.tally import Tally

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many arrivals have come, over all runs."""

BINS: Final = 96  # of a day


class Result(msgspec.Struct, frozen=True):
    """All runs of a scenario: *tally* is of all together, *runs* of each."""

    scenario: Scenario
    tally: Tally
    runs: tuple[Tally, ...]
    elapsed: float  # seconds


def simulate(
    scenario: Scenario,
    *,
    processes: int = 1,
    series: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Run every replication; with *series* also count by stretches of the day.

    The result does not depend on how many *processes* share the runs.  Whoever asks for more than
    one calls this from a program that may be imported without effect, as `multiprocessing` asks.
    """
    began = time.perf_counter()
    width = bin_width(scenario.expected[1]) if series else 0.0
    runs = scenario.replications
    if min(processes, runs) > 1:
        tallies = _shared(scenario, width, min(processes, runs), progress)
    else:
        tallies = _alone(scenario, width, progress)
    whole = Tally.empty(len(scenario.classes), len(scenario.groups), len(scenario.within), width)
    for tally in tallies:
        whole.merge(tally)
    return Result(scenario, whole, tuple(tallies), time.perf_counter() - began)


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def bin_width(span: float) -> float:
    """Minutes of a bin: a quarter of an hour, and less where the whole *span* is short."""
    whole = DAY / BINS
    while span < BINS / 2 * whole and whole > 1 / 16:
        whole /= 2
    return whole


def _alone(scenario: Scenario, width: float, progress: Progress | None) -> list[Tally]:
    found: list[Tally] = []
    total = scenario.expected[0] * scenario.replications
    for run in range(scenario.replications):
        before = sum(tally.arrivals for tally in found)

        def told(came: int, before: int = before) -> None:
            if progress is not None:
                progress(before + came, max(total, before + came))

        found.append(Invented(scenario, run, width, told).run())
    return found


def _shared(
    scenario: Scenario, width: float, processes: int, progress: Progress | None
) -> list[Tally]:
    """The runs dealt to processes; each tells how far it is, and at last what came out."""
    context = multiprocessing.get_context("spawn")
    workers: dict[Connection, SpawnProcess] = {}
    for first in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        runs = range(first, scenario.replications, processes)
        worker = context.Process(target=_work, args=(theirs, scenario, runs, width), daemon=True)
        worker.start()
        theirs.close()
        workers[ours] = worker
    found: dict[int, Tally] = {}
    came: dict[int, int] = {}
    total = scenario.expected[0] * scenario.replications
    try:
        while len(found) < scenario.replications:
            for ready in wait(list(workers)):
                assert isinstance(ready, Connection)
                try:
                    run, told = ready.recv()
                except EOFError:
                    workers.pop(ready).join()
                    if not workers and len(found) < scenario.replications:
                        raise RuntimeError("a run ended without a result") from None
                    continue
                if isinstance(told, Tally):
                    found[run] = told
                else:
                    came[run] = told
                    if progress is not None:
                        progress(sum(came.values()), max(total, sum(came.values())))
    finally:
        for worker in workers.values():
            worker.terminate()
            worker.join()
    return [found[run] for run in sorted(found)]


def _work(out: Connection, scenario: Scenario, runs: range, width: float) -> None:
    for run in runs:
        tally = Invented(scenario, run, width, lambda came, run=run: out.send((run, came))).run()  # type: ignore[misc]
        out.send((run, tally))
    out.close()
