"""Scenarios as files: what is read, and how faults are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.core.rules import PICKS
from omniroute.errors import ConfigErrors
from omniroute.simulate.distributions import Distribution
from omniroute.simulate.load import load, parse_scenario
from omniroute.simulate.scenario import CustomerClass, Group, Line, Relaxed, Scenario

WHOLE = """
seed: 1
replications: 4
arrivals_total: 50000
warmup: 0.1
service_level: [20s, 2m]
queue: {order: [priority, routing_since], pick: longest_idle, room: 30}
classes:
  billing: {rate: 4.0, handling: {mean: 1.0}, patience: {mean: 3.0}, priority: 10,
            require: {billing: 1}}
groups:
  - {name: g1, agents: 5, skills: {billing: 1}, capacity: 1, accept: {mean: 0.1}}
"""


def parsed(text: str, folder: Path = Path()) -> Scenario:
    return parse_scenario(text.encode(), "scenario.yaml", folder)


def faults(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(ConfigErrors) as raised:
        parsed(text, folder)
    return [str(finding) for finding in raised.value.findings]


def only_class(said: str, folder: Path = Path()) -> CustomerClass:
    head = "arrivals_total: 10\ngroups: [{name: g, agents: 1, skills: {a: 2}}]\n"
    return parsed(f"{head}classes: {{c: {said}}}\n", folder).classes[0]


def test_a_whole_scenario() -> None:
    mean = Distribution("exponential", 1.0)
    assert parsed(WHOLE) == Scenario(
        classes=(
            CustomerClass(
                "billing",
                handling=mean,
                between=Distribution("exponential", 0.25),
                patience=Distribution("exponential", 3.0),
                priority=10,
                steps=(Relaxed({"billing": 1.0}),),
            ),
        ),
        groups=(Group("g1", 5, {"billing": 1.0}, 1, Distribution("exponential", 0.1)),),
        line=Line(room=30),
        seed=1,
        replications=4,
        total=50000,
        warmup=0.1,
        within=(("20s", 20 / 60), ("2m", 2.0)),
    )


def test_about_how_much_is_to_come() -> None:
    assert parsed(WHOLE).expected == (50000, 12500.0)
    assert parsed(WHOLE.replace("arrivals_total: 50000", "horizon: 100")).expected == (400, 100.0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2", Distribution("exponential", 2.0)),
        ("30s", Distribution("exponential", 0.5)),
        ("{dist: deterministic, mean: 2}", Distribution("deterministic", 2.0)),
        ("{dist: lognormal, mean: 2, cv: 1.5}", Distribution("lognormal", 2.0, 1.5)),
        ("{dist: gamma, mean: 2, cv: 0.5}", Distribution("gamma", 2.0, 4.0)),
        ("{dist: gamma, mean: 2, k: 3}", Distribution("gamma", 2.0, 3.0)),
        ("{dist: lognormal, mean: 2, sd: 3}", Distribution("lognormal", 2.0, 1.5)),
        ("{dist: gamma, mean: 2, shape: 3}", Distribution("gamma", 2.0, 3.0)),
        ("{dist: uniform, min: 1, max: 2}", Distribution("uniform", 1.5, low=1.0, high=2.0)),
        ("{dist: erlang, mean: 2, k: 3}", Distribution("erlang", 2.0, 3.0)),
        ("{dist: uniform, mean: 2}", Distribution("uniform", 2.0, low=0.0, high=4.0)),
        ("{dist: uniform, low: 1, high: 2}", Distribution("uniform", 1.5, low=1.0, high=2.0)),
        (
            "{dist: empirical, values: [1, 30s]}",
            Distribution("empirical", 0.75, values=(1.0, 0.5)),
        ),
    ],
)
def test_distributions(said: str, expected: Distribution) -> None:
    assert only_class(f"{{rate: 1, handling: {said}}}").handling == expected


def test_arrivals_may_come_apart_otherwise() -> None:
    between = Distribution("deterministic", 0.5)
    assert (
        only_class("{arrivals: {dist: deterministic, mean: 0.5}, handling: 1}").between == between
    )
    assert only_class("{rate: 2, arrivals: {dist: deterministic}, handling: 1}").between == between


def test_steps_are_whole_requirements() -> None:
    said = (
        "{rate: 1, handling: 1, require: {a: 2}, for: 30s, relax: [{require: {a: 1}, for: 1}, {}]}"
    )
    assert only_class(said).steps == (
        Relaxed({"a": 2.0}, 0.5),
        Relaxed({"a": 1.0}, 1.0),
        Relaxed(),
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "arrivals_total",
            "arrival_total",
            "scenario.yaml:4: unknown key “arrival_total” — did you mean “arrivals_total”?",
        ),
        (
            "arrivals_total: 50000\n",
            "",
            ("scenario.yaml:2: arrivals of “billing” never end"
            " — add `arrivals_total: 50000`, or `horizon:` in minutes"),
        ),
        (
            "warmup",
            "horizon: 5\nwarmup",
            "scenario.yaml:5: both “arrivals_total” and “horizon” — leave one of them out",
        ),
        (
            "require: {billing: 1}",
            "require: {biling: 1}",
            "scenario.yaml:10: billing: unknown skill “biling” — did you mean “billing”?",
        ),
        (
            "longest_idle",
            "longest",
            (f"scenario.yaml:7: queue: “longest” stands where one of {', '.join(PICKS)} is due"
            " — did you mean “longest_idle”?"),
        ),
        ("rate: 4.0, ", "", ("scenario.yaml:9: billing: “rate” is missing"
         " — arrivals a minute, or arrivals: {csv: FILE}")),
        ("handling: {mean: 1.0}", "handling: {}", ("scenario.yaml:9: billing: “mean” is missing"
         " — the mean in minutes")),
        ("handling: {mean: 1.0}, ", "", ("scenario.yaml:9: billing: “handling” is missing"
         " — as in handling: {mean: 5}")),
        ("warmup: 0.1", "warmup: 1", ("scenario.yaml:5: “1” stands where a share from 0 to 0.99"
         " is due")),
        ("20s", "20", "scenario.yaml:6: “20” stands where a span such as 20s or 2m is due"),
        ("capacity: 1", "shifts: [[5, 1]]", ("scenario.yaml:12: g1: no shift"
         " — two minutes, the later one second: [480, 960]")),
        ("groups:", "skills: {billing: {covers: {refund: 1}}}\ngroups:",
         "scenario.yaml:11: billing: unknown skill “refund” — known are: billing"),
        ("priority: 10", "for: 5", ("scenario.yaml:9: billing: the last step has a “for”"
         " — the last holds to the end")),
        ("{mean: 3.0}", "{dist: uniform, low: 3, high: 2}", ("scenario.yaml:9: billing: no range"
         " — low and high, or a mean above low")),
        ("{mean: 3.0}", "{dist: empirical}", ("scenario.yaml:9: billing: no values"
         " — as in values: [1, 2.5, 4], or csv: FILE")),
        ("mean: 0.1}}", "mean: 0.1}}\n  - {name: g1, agents: 2}",
         "scenario.yaml:13: a second group “g1”"),
    ],
)  # fmt: skip
def test_faults_name_the_place_and_the_fix(old: str, new: str, fault: str) -> None:
    assert old in WHOLE
    assert faults(WHOLE.replace(old, new, 1)) == [fault]


def test_every_fault_is_found_in_one_run() -> None:
    broken = WHOLE.replace("seed: 1", "seed: x").replace("room: 30", "room: x")
    assert len(faults(broken)) == 2


# --- files beside the scenario ---


def test_arrivals_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mon.csv").write_text("at,class,handling\n09:30,c,2\n09:00,c,1\n10:00,other,3\n")
    found = only_class("{arrivals: {csv: mon.csv}}", tmp_path)
    assert (found.times, found.handlings) == ((540.0, 570.0), (1.0, 2.0))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    scenario = WHOLE.replace("rate: 4.0", "arrivals: {csv: mon.csv}")
    assert faults(scenario, tmp_path) == ["mon.csv: cannot be read: No such file or directory"]


def test_a_file_without_rows_for_a_class(tmp_path: Path) -> None:
    (tmp_path / "mon.csv").write_text("at,class\n1,c\n")
    scenario = WHOLE.replace("rate: 4.0", "arrivals: {csv: mon.csv}")
    said = "scenario.yaml:9: billing: no row of mon.csv has the class “billing”"
    assert faults(scenario, tmp_path) == [said]


def test_handling_as_it_was_seen(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text("minutes\n1\n2\n6\n")
    found = only_class("{rate: 1, handling: {dist: empirical, csv: seen.csv}}", tmp_path).handling
    assert found == Distribution("empirical", 3.0, values=(1.0, 2.0, 6.0))


def test_a_file_is_loaded_with_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mon.csv").write_text("1\n2\n")
    path = tmp_path / "week.yaml"
    path.write_text(
        "classes: {c: {arrivals: {csv: mon.csv}, handling: 1}}\ngroups: [{name: g, agents: 1}]\n"
    )
    assert load(path).classes[0].times == (1.0, 2.0)
