"""Several runs, alone and in several processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.simulate.load import parse_scenario
from omniroute.simulate.replications import simulate

TEXT = b"""
replications: 3
arrivals_total: 300
classes: {c: {rate: 1.5, handling: 0.5}}
groups: [{name: g, agents: 1}]
"""
SCENARIO = parse_scenario(TEXT, "scenario.yaml", Path())


def test_runs_differ_and_the_whole_is_their_sum() -> None:
    result = simulate(SCENARIO)
    waits = [run.all.wait_served for run in result.runs]
    assert len(set(waits)) == 3
    assert result.tally.all.wait_served == pytest.approx(sum(waits))
    assert result.tally.all.served == 900


def test_it_does_not_matter_how_many_processes_share_the_runs() -> None:
    told: list[tuple[int, int]] = []
    alone = simulate(SCENARIO)
    shared = simulate(SCENARIO, processes=2, progress=lambda *far: told.append(far))
    assert [run.all.wait_served for run in shared.runs] == [
        run.all.wait_served for run in alone.runs
    ]
    assert told[-1] == (900, 900)
