"""What happens in a run, beyond what theory has formulas for."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.simulate.invented import Invented
from omniroute.simulate.load import parse_scenario
from omniroute.simulate.replications import Result, simulate

ONE = "groups: [{name: g, agents: 1}]\n"


def run(text: str, folder: Path = Path(), series: bool = False) -> Result:
    return simulate(parse_scenario(text.encode(), "scenario.yaml", folder), series=series)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three customers at minutes 0, 1 and 2."""
    (tmp_path / "three.csv").write_text("at\n0\n1\n2\n")
    return tmp_path


FIXED = "{arrivals: {csv: three.csv}, handling: {dist: deterministic, mean: 4}}"


def test_who_comes_later_waits_until_who_came_first_is_done(three: Path) -> None:
    tally = run(ONE + f"classes: {{c: {FIXED}}}\n", three).tally.all
    assert (tally.served, tally.waited, tally.wait_served) == (3, 2, 3.0 + 6.0)


def test_patience_ends_only_while_waiting(three: Path) -> None:
    patient = FIXED[:-1] + ", patience: {dist: deterministic, mean: 3.5}}"
    tally = run(ONE + f"classes: {{c: {patient}}}\n", three).tally.all
    assert (tally.served, tally.abandoned) == (2, 1)
    assert (tally.wait_served, tally.wait_abandoned) == (3.0, 3.5)


def test_without_a_free_place_nobody_waits(three: Path) -> None:
    tally = run(ONE + f"queue: {{room: 1}}\nclasses: {{c: {FIXED}}}\n", three).tally.all
    assert (tally.served, tally.blocked) == (2, 1)


def test_accepting_takes_time_too(three: Path) -> None:
    group = "groups: [{name: g, agents: 1, accept: {dist: deterministic, mean: 0.5}}]\n"
    result = run(group + f"classes: {{c: {FIXED}}}\n", three)
    assert result.tally.all.wait_served == 0.5 + (4.5 - 1 + 0.5) + (9.0 - 2 + 0.5)


def test_what_is_not_accepted_in_time_goes_to_the_next(three: Path) -> None:
    text = """
queue: {offer_timeout: 1, pick: best_skill}
classes:
  c: {arrivals: {csv: three.csv}, handling: {dist: deterministic, mean: 0.1}, require: {a: 1}}
groups:
  - {name: slow, agents: 1, skills: {a: 5}, accept: {dist: deterministic, mean: 30}}
  - {name: quick, agents: 1, skills: {a: 1}}
"""
    tally = run(text, three).tally
    assert (tally.all.served, tally.groups[0].busy) == (3, 0.0)


def test_nobody_is_there_after_the_shift(three: Path) -> None:
    group = "groups: [{name: g, agents: 1, shifts: [[0, 3], [10, 30]]}]\n"
    result = run("horizon: 100\n" + group + f"classes: {{c: {FIXED}}}\n", three)
    assert result.tally.all.wait_served == (10 - 1) + (14 - 2)
    group_ = result.tally.groups[0]
    assert (group_.busy, group_.present) == (12.0, 4.0 + 20.0)  # what was begun is finished


def test_who_cannot_be_served_is_neither_served_nor_lost(three: Path) -> None:
    text = "groups: [{name: g, agents: 1, shifts: [[0, 1]]}]\n" + f"classes: {{c: {FIXED}}}\n"
    tally = run(text, three).tally.all
    assert (tally.offered, tally.served, tally.abandoned) == (3, 1, 0)


def test_a_requirement_is_relaxed_as_time_passes(three: Path) -> None:
    text = """
classes:
  c:
    arrivals: {csv: three.csv}
    handling: {dist: deterministic, mean: 0.1}
    require: {a: 3}
    for: 5
    relax: [{require: {a: 1}}]
groups: [{name: g, agents: 3, skills: {a: 2}}]
"""
    assert run(text, three).tally.all.wait_served == 15.0


def test_the_warm_up_is_not_counted() -> None:
    text = ONE + "arrivals_total: 200\nwarmup: 0.25\nclasses: {c: {rate: 1, handling: 0.5}}\n"
    assert run(text).tally.all.offered == 150
    by_time = text.replace("arrivals_total: 200", "horizon: 200")
    assert 100 < run(by_time).tally.all.offered < 200


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    text = ONE + "seed: 7\narrivals_total: 200\nclasses: {c: {rate: 1, handling: 0.5}}\n"
    assert run(text).tally.classes[0].wait_served == run(text).tally.classes[0].wait_served
    other = run(text.replace("7", "8"))
    assert run(text).tally.classes[0].wait_served != other.tally.classes[0].wait_served


def test_another_desk_meets_the_same_customers() -> None:
    """Whoever leaves with one agent leaves later, if at all, with two; work is the same."""
    text = ONE + "arrivals_total: 200\nclasses: {c: {rate: 1.5, handling: 0.5}}\n"
    one, two = run(text), run(text.replace("agents: 1", "agents: 2"))
    assert one.tally.groups[0].busy == pytest.approx(two.tally.groups[0].busy, rel=0.02)
    assert one.tally.all.wait_served > two.tally.all.wait_served


def test_what_is_done_is_forgotten() -> None:
    """The core's memory holds open work, and none is left."""
    text = ONE + "arrivals_total: 300\nclasses: {c: {rate: 1.5, handling: 0.5, patience: 1}}\n"
    world = Invented(parse_scenario(text.encode(), "scenario.yaml", Path()), 0)
    world.run()
    state = world.state
    assert (state.threads, state.customers, state.handles) == ({}, {}, {})


def test_stretches_of_the_day_add_up_to_the_whole() -> None:
    text = ONE + "arrivals_total: 400\nwarmup: 0.1\nclasses: {c: {rate: 1, handling: 0.6}}\n"
    tally = run(text, series=True).tally
    bins = tally.bins.values()
    assert sum(one.answered for one in bins) == tally.all.served
    assert sum(one.within for one in bins) == tally.all.within[0]
    assert sum(one.groups[0].busy for one in bins) == pytest.approx(tally.groups[0].busy)
    assert sum(one.minutes for one in bins) == pytest.approx(tally.groups[0].present)


TWO = """
groups: [{{name: g, agents: 1}}]
queue: {{order: {order}{more}}}
classes:
  block: {{arrivals: {{csv: block.csv}}, handling: {{dist: deterministic, mean: 10}}}}
  low: {{arrivals: {{csv: low.csv}}, priority: low, handling: 1, deadline: 5}}
  high: {{arrivals: {{csv: high.csv}}, priority: high, handling: 1, deadline: 60}}
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Somebody who blocks the agent from 0 to 10; low comes at 1, high at 9.5."""
    for name, at in (("block", "0"), ("low", "1"), ("high", "9.5")):
        (tmp_path / f"{name}.csv").write_text(f"at,handling\n{at},{10 if name == 'block' else 3}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("order", "more", "first"),
    [
        ("[priority, routing_since]", "", "high"),
        ("[routing_since]", "", "low"),
        ("[deadline, routing_since]", "", "low"),
        ("[priority, routing_since]", ", promote_after: 0.4", "low"),  # 22 times against once
    ],
)
def test_who_goes_first(two: Path, order: str, more: str, first: str) -> None:
    _, low, high = run(TWO.format(order=order, more=more), two).tally.classes
    expected = {"low": (10 - 1, 13 - 9.5), "high": (13 - 1, 10 - 9.5)}[first]
    assert (low.wait_served, high.wait_served) == expected


def test_offers_that_never_end_leave_nothing_behind() -> None:
    text = "groups: [{name: g, agents: 1, accept: 0.01}]\narrivals_total: 1500\n"
    world = Invented(
        parse_scenario(
            f"{text}classes: {{c: {{rate: 1.5, handling: 0.5}}}}\n".encode(), "s.yaml", Path()
        )
    )
    world.run()
    assert len(world.state._alarms._heap) < 1200


def test_whoever_knows_more_stands_in() -> None:
    """Billing 4 covers refunds at a level less: for refunds 3 that is enough, for 4 it is not."""
    text = """
arrivals_total: 50
skills: {{billing: {{covers: {{refunds: 1}}}}, refunds: {{}}}}
classes: {{c: {{rate: 1, handling: 0.1, require: {{refunds: {level}}}, patience: 5}}}}
groups: [{{name: g, agents: 5, skills: {{billing: 4}}}}]
"""
    assert run(text.format(level=3)).tally.all.served == 50
    assert run(text.format(level=4)).tally.all.served == 0


def test_a_promise_is_kept_by_whoever_takes_the_thread(three: Path) -> None:
    """With a deadline the answer is written at once; without one nobody needs it."""
    world = Invented(
        parse_scenario(
            (ONE + f"classes: {{c: {FIXED[:-1]}, deadline: 5}}}}\n").encode(), "s.yaml", three
        )
    )
    assert world.run().all.served == 3
    # rules, team, status; three customers who write, are answered, and are helped; one is late
    assert world.tally.decisions == 3 + 3 * 3 + 1


def test_after_each_there_is_something_to_wrap_up(three: Path) -> None:
    result = run(ONE + f"queue: {{wrap_up: 1}}\nclasses: {{c: {FIXED}}}\nhorizon: 60\n", three)
    assert result.tally.all.wait_served == (5 - 1) + (10 - 2)
    assert result.tally.groups[0].busy == 3 * 5
