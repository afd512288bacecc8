"""``omniroute simulate``: a scenario on a virtual clock."""

from pathlib import Path

import pytest
from tests.cli.terminal import omniroute

SCENARIO = """
seed: 1
replications: 2
arrivals_total: 300
warmup: 0.1
service_level: [20s, 2m]
classes:
  billing: {rate: 2.0, handling: {mean: 1.0}, patience: {mean: 3.0}, require: {billing: 1}}
  other: {rate: 1.0, handling: {mean: 1.0}}
groups:
  - {name: g1, agents: 3, skills: {billing: 1}, capacity: 1}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_row_for_each_class_and_one_for_all(scenario: Path) -> None:
    head, *rows, busy, closing = omniroute("simulate", scenario, "--processes", 1).lines
    assert head.split()[:4] == ["class", "offered", "served", "left"]
    assert [row.split()[0] for row in rows] == ["billing", "other", "all"]
    assert busy.startswith("g1: 3 agents, busy ")
    assert closing.startswith("600 arrivals in 2 runs, ")


def test_the_form_of_the_json(scenario: Path) -> None:
    result = omniroute("simulate", scenario, "--processes", 1, "--json").json
    assert result.keys() == {"classes", "all", "groups", "decisions", "elapsed_s"}
    assert result["classes"].keys() == {"billing", "other"}
    assert result["all"].keys() == {
        "offered", "served", "abandoned", "blocked", "p_wait",
        "wait_mean", "wait_mean_all", "wait_p50", "wait_p95", "service_level",
    }  # fmt: skip
    assert result["all"]["service_level"].keys() == {"20s", "2m"}
    assert result["all"]["offered"] == 540
    assert result["all"]["served"] + result["all"]["abandoned"] == 540
    assert 0 < result["groups"]["g1"]["occupancy"] <= 1


def test_how_far_it_is_goes_to_standard_error(scenario: Path) -> None:
    ran = omniroute("simulate", scenario, "--processes", 1)
    assert "simulating scenario.yaml: 600 of 600 (100 %)" in ran.err
    assert omniroute("simulate", scenario, "--processes", 1, "--json").err == ""


def test_faults_come_with_their_line(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("rate: 2.0", "rat: 2.0"))
    assert omniroute("simulate", scenario).refusal.splitlines() == [
        "scenario.yaml:8: billing: unknown key “rat” — did you mean “rate”?",
        "scenario.yaml:8: billing: “rate” is missing — arrivals a minute, or arrivals: {csv: FILE}",
    ]


def test_a_scenario_that_is_not_there(tmp_path: Path) -> None:
    assert omniroute("simulate", tmp_path / "no.yaml").refusal == "no.yaml: no such file"


# --- with a desk's own rules ---


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("version: 1\nqueues: {general: {}}\n")
    (tmp_path / "rules" / "team.yaml").write_text(
        "version: 1\nagents: {ana: {name: Ana, email: a@x.example, capacity: 1}}\n"
    )
    (tmp_path / "mon.csv").write_text("at,handling\n10:00,5\n12:10,5\n")
    return tmp_path


def test_a_day_with_and_without_a_change(desk: Path) -> None:
    ran = omniroute(
        "simulate", "--rules", desk / "rules", "--arrivals", desk / "mon.csv",
        "--what-if", "ana offline 12:00-14:00", "--plot", desk / "plots",
    )  # fmt: skip
    assert ran.lines[-2:] == [
        "with the what-if: mean wait 55m, 95 % within 1h50m, 50.0 % in 20s",
        "without it: mean wait 0.0s, 95 % within 0.0s, 100.0 % in 20s",
    ]
    assert "ana offline (what-if)" in ran.err
    assert (desk / "plots" / "index.html").exists()


def test_a_day_as_json(desk: Path) -> None:
    ran = omniroute("simulate", "--rules", desk / "rules", "--arrivals", desk / "mon.csv", "--json")
    assert ran.json["classes"]["general"]["served"] == 2
    assert ran.json["groups"].keys() == {"ana"}
    assert ran.err == ""


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--speed", "fast"), "--speed: “fast” is no speed — as in 60x"),
        (("--handling", "6"), "--handling: “6” is no span — as in 45s, 6m or 1h30m"),
        (("--what-if", "bo offline 12:00-13:00"), ("--what-if: nobody is called “bo”"
         " — there are: ana")),
    ],
)  # fmt: skip
def test_options_that_cannot_be_read(desk: Path, options: tuple[str, ...], fault: str) -> None:
    asked = ("simulate", "--rules", desk / "rules", "--arrivals", desk / "mon.csv", *options)
    assert omniroute(*asked).refusal == fault


def test_one_or_the_other(scenario: Path, desk: Path) -> None:
    both = omniroute("simulate", scenario, "--rules", desk / "rules").misuse
    assert "name a scenario, or a folder by --rules" in both
    assert "--rules needs --arrivals" in omniroute("simulate", "--rules", desk / "rules").misuse
