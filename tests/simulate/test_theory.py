"""The simulation beside theory: each scenario is one that has a formula.

Seeds are fixed, so each figure is the same in every run; the tolerances are a few standard errors
of a run of this size.
"""

from __future__ import annotations

import heapq
import math
from functools import cache
from pathlib import Path

import pytest

from omniroute.simulate import formulas
from omniroute.simulate.arrivals import Stream
from omniroute.simulate.load import parse_scenario
from omniroute.simulate.replications import Result, simulate
from omniroute.simulate.tally import ACCURACY, ClassTally


@cache
def run(text: str) -> Result:
    return simulate(parse_scenario(text.encode(), "scenario.yaml", Path()))


FIVE = "groups: [{name: g1, agents: 5}]\n"


# --- first come, first served: to the last digit ---

SPREAD = {
    "as long as chance will": "{mean: 1.0}",
    "always as long": "{dist: deterministic, mean: 1.0}",
    "in four phases": "{dist: erlang, mean: 1.0, k: 4}",
    "with a long tail": "{dist: lognormal, mean: 1.0, cv: 2}",
    "of any shape": "{dist: gamma, mean: 1.0, cv: 0.7}",
    "between two ends": "{dist: uniform, low: 0.5, high: 1.5}",
    "as it was seen": "{dist: empirical, values: [0.2, 0.2, 1, 3]}",
}


@pytest.mark.parametrize("handling", SPREAD.values(), ids=SPREAD)
def test_each_wait_is_that_of_the_recursion(handling: str) -> None:
    """J. Kiefer, J. Wolfowitz, "On the Theory of Queues with Many Servers", Transactions of the
    AMS 78, 1955: with agents free at F(1) ≤ … ≤ F(c), whoever comes at t begins at max(t, F(1)).
    So the sum of all waits in the core is known exactly, whatever the distributions.
    """
    text = f"arrivals_total: 800\n{FIVE}classes: {{all: {{rate: 4.5, handling: {handling}}}}}\n"
    scenario = parse_scenario(text.encode(), "scenario.yaml", Path())
    stream = Stream(0, scenario.classes[0], "1/0")
    free, waits = [0.0] * 5, []
    for _ in range(800):
        customer = stream.next()
        assert customer is not None
        begins = max(customer.at, heapq.heappop(free))
        heapq.heappush(free, begins + customer.handling)
        waits.append(begins - customer.at)
    tally = run(text).tally.all
    assert tally.wait_served == pytest.approx(math.fsum(waits), rel=1e-9)
    assert tally.waited == sum(wait > 0 for wait in waits) > 100
    assert tally.waits.quantile(0.95) == pytest.approx(sorted(waits)[759], rel=2 * ACCURACY)


# --- formulas ---


def test_erlang_c() -> None:
    """M/M/5 with load 3: share that waits, mean wait, service level, occupancy.

    Formula: `omniroute.simulate.formulas.erlang_c` and what follows from it (Erlang 1917).
    """
    result = run(
        "arrivals_total: 8000\nwarmup: 0.05\nseed: 3\n" + FIVE
        + "classes: {all: {rate: 3.0, handling: {mean: 1.0}}}\n"
    )  # fmt: skip
    all_ = result.tally.all
    assert all_.p_wait == pytest.approx(formulas.erlang_c(5, 3.0), abs=0.03)
    assert all_.wait_mean == pytest.approx(formulas.erlang_c_wait(5, 3.0, 1.0), rel=0.15)
    assert all_.level(0) == pytest.approx(formulas.erlang_c_within(5, 3.0, 1.0, 1 / 3), abs=0.03)
    assert result.tally.groups[0].occupancy == pytest.approx(0.6, abs=0.02)
    assert (all_.served, all_.abandoned, all_.blocked) == (all_.offered, 0, 0)


def test_erlang_a() -> None:
    """M/M/5+M with load 6 and patience 3: share that waits, share that leaves, mean wait of all.

    Formula: `omniroute.simulate.formulas.erlang_a` (Palm 1943).
    """
    result = run(
        "arrivals_total: 6000\nwarmup: 0.05\n" + FIVE
        + "classes: {all: {rate: 6.0, handling: {mean: 1.0}, patience: {mean: 3.0}}}\n"
    )  # fmt: skip
    waits, leaves, wait = formulas.erlang_a(5, 6.0, 1.0, 3.0)
    all_ = result.tally.all
    assert all_.p_wait == pytest.approx(waits, abs=0.04)
    assert all_.abandoned / all_.offered == pytest.approx(leaves, abs=0.03)
    assert all_.wait_mean_all == pytest.approx(wait, rel=0.15)


def test_erlang_b() -> None:
    """M/M/5/5 with load 4: share of arrivals that are blocked; nobody waits.

    Formula: `omniroute.simulate.formulas.erlang_b` (Erlang 1917).
    """
    result = run(
        "arrivals_total: 4000\nwarmup: 0.05\nqueue: {room: 0}\n" + FIVE
        + "classes: {all: {rate: 4.0, handling: {mean: 1.0}}}\n"
    )  # fmt: skip
    all_ = result.tally.all
    assert all_.blocked / all_.offered == pytest.approx(formulas.erlang_b(5, 4.0), abs=0.02)
    assert all_.p_wait == 0.0


def test_the_share_that_is_blocked_does_not_depend_on_how_long_work_is_spread() -> None:
    """Sevastyanov's theorem (1957): M/G/c/c blocks as M/M/c/c with the same mean does."""
    result = run(
        "arrivals_total: 4000\nwarmup: 0.05\nqueue: {room: 0}\n" + FIVE
        + "classes: {all: {rate: 4.0, handling: {dist: deterministic, mean: 1.0}}}\n"
    )  # fmt: skip
    all_ = result.tally.all
    assert all_.blocked / all_.offered == pytest.approx(formulas.erlang_b(5, 4.0), abs=0.02)


def test_waiting_places() -> None:
    """M/M/5/8 with load 6: share that is blocked, mean wait of those who are not.

    Formula: birth and death, `omniroute.simulate.formulas.blocking` (Kleinrock 1975).
    """
    result = run(
        "arrivals_total: 4000\nwarmup: 0.05\nqueue: {room: 3}\n" + FIVE
        + "classes: {all: {rate: 6.0, handling: {mean: 1.0}}}\n"
    )  # fmt: skip
    blocked, wait = formulas.blocking(5, 6.0, 3)
    all_ = result.tally.all
    assert all_.blocked / all_.offered == pytest.approx(blocked, abs=0.03)
    assert all_.wait_mean == pytest.approx(wait, rel=0.10)


def test_cobham() -> None:
    """Three priorities before five agents, nobody is interrupted: mean wait of each class.

    Formula: `omniroute.simulate.formulas.cobham` (Cobham 1954).
    """
    result = run(
        "arrivals_total: 12000\nwarmup: 0.05\n"
        + FIVE
        + """
classes:
  high: {rate: 1.0, handling: {mean: 1.0}, priority: high}
  normal: {rate: 1.4, handling: {mean: 1.0}}
  low: {rate: 1.0, handling: {mean: 1.0}, priority: low}
"""
    )
    expected = formulas.cobham(5, (1.0, 1.4, 1.0), 1.0)
    found = [one.wait_mean for one in result.tally.classes]
    assert found == pytest.approx(expected, rel=0.15)


def test_one_agent_whose_work_is_always_as_long() -> None:
    """M/D/1: half the wait of M/M/1.

    Formula: `omniroute.simulate.formulas.pollaczek_khinchine` (1930, 1932).
    """
    result = run("""
arrivals_total: 5000
warmup: 0.05
classes: {all: {rate: 0.6, handling: {dist: deterministic, mean: 1.0}}}
groups: [{name: g1, agents: 1}]
""")
    assert result.tally.all.wait_mean == pytest.approx(
        formulas.pollaczek_khinchine(0.6, 1.0, cv=0.0), rel=0.08
    )


# --- skills ---

CLASSES = "".join(
    f"  c{n}: {{rate: 1.2, handling: {{mean: 1.0}}, require: {{s{n}: 1}}}}\n" for n in range(4)
)


def ring(knows: int) -> ClassTally:
    """Four classes and four groups of two agents, each of whom knows so many skills in a ring."""
    groups = "".join(
        f"  - {{name: g{n}, agents: 2, skills: {{"
        + ", ".join(f"s{(n + k) % 4}: 1" for k in range(knows))
        + "}}\n"
        for n in range(4)
    )
    return run(f"arrivals_total: 4000\nclasses:\n{CLASSES}groups:\n{groups}").tally.all


def test_a_chain_of_skills_is_almost_as_good_as_knowing_everything() -> None:
    """W. Jordan, S. Graves, "Principles on the Benefits of Manufacturing Process Flexibility",
    Management Science 41(4), 1995; of desks: R. Wallace, W. Whitt, "A Staffing Algorithm for Call
    Centers with Skill-Based Routing", M&SOM 7(4), 2005.  Two skills an agent, in a ring, bring
    most of what all skills would.  One skill each is four desks M/M/2, all skills one M/M/8.
    """
    alone, chain, everything = ring(1), ring(2), ring(4)
    assert alone.p_wait == pytest.approx(formulas.erlang_c(2, 1.2), abs=0.05)
    assert everything.p_wait == pytest.approx(formulas.erlang_c(8, 4.8), abs=0.05)
    waits = [tally.wait_served / tally.served for tally in (alone, chain, everything)]
    assert waits[0] > waits[1] > waits[2]
    assert (waits[0] - waits[1]) / (waits[0] - waits[2]) > 0.8


def test_several_units_at_a_time_are_as_many_agents() -> None:
    """Two agents who hold two each are M/M/4: what counts in Erlang C is places."""
    two = "arrivals_total: 800\ngroups: [{name: g1, agents: 2, capacity: 2}]\n"
    four = "arrivals_total: 800\ngroups: [{name: g1, agents: 4}]\n"
    classes = "classes: {all: {rate: 3.0, handling: {mean: 1.0}}}\n"
    assert run(two + classes).tally.all.wait_mean == run(four + classes).tally.all.wait_mean
    assert run(two + classes).tally.groups == run(four + classes).tally.groups
