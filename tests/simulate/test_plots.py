"""The pictures of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.simulate import plots
from omniroute.simulate.load import parse_scenario
from omniroute.simulate.replications import Result, simulate

TEXT = b"""
horizon: 1440
classes: {c: {rate: 0.3, handling: 3, patience: 60}}
groups:
  - {name: early, agents: 2, shifts: [[480, 960]]}
  - {name: late, agents: 2, shifts: [[840, 1320]]}
"""


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(parse_scenario(TEXT, "day.yaml", Path()), series=True)


def test_each_picture_has_its_figures_beside_it(result: Result, tmp_path: Path) -> None:
    written = plots.write(result, tmp_path / "plots")
    names = {"waits", "service-level", "occupancy", "queue"}
    assert {path.name for path in written} == {
        "index.html", *(f"{name}.svg" for name in names), *(f"{name}.csv" for name in names)
    }  # fmt: skip
    page = (tmp_path / "plots" / "index.html").read_text()
    assert all(f'<img src="{name}.svg" alt="' in page for name in names)
    assert page.count("<table>") == 4


def test_a_group_is_shown_only_while_it_is_there(result: Result) -> None:
    occupancy = next(chart for chart in plots.charts(result) if chart.name == "occupancy")
    early, late = occupancy.lines
    at = occupancy.at.index
    assert early.values[at(420.0)] is None
    assert early.values[at(600.0)] is not None
    assert late.values[at(600.0)] is None
    assert late.values[at(1200.0)] is not None


def test_nobody_is_answered_at_night(result: Result) -> None:
    by_name = {chart.name: chart for chart in plots.charts(result)}
    queue = by_name["queue"].lines[0].values
    level = by_name["service-level"].lines[0].values
    assert queue[31] > 5 * queue[80]  # type: ignore[operator]
    assert level[10] == 0.0
