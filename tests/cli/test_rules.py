"""``omniroute rules``."""

import json
import re
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House, Running

from omniroute.rules.schema import schema as rules_schema
from omniroute.rules.schema import schema_of_tests, team_schema

Options = tuple[str, Path]
REFUND = ("--given", "channel=email", "--given", "text=My refund?", "--given", "language=de")
MONDAY = ("--at", "2026-03-02T10:15+01:00")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# --- check ---


def test_rules_without_a_fault(house: House) -> None:
    assert omniroute("rules", "check", house.rules).lines == [
        "4 enrich + 7 route rules, 4 queues, 6 skills: 0 errors, 0 warnings"
    ]
    report = omniroute("rules", "check", house.rules, "--json").json
    assert report == {
        "findings": [],
        "counts": {"enrich": 4, "route": 7, "queues": 4, "skills": 6},
    }


def test_the_rules_of_the_folder_one_is_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house.folder)
    assert omniroute("rules", "check").code == 0


def test_errors_and_warnings_with_their_lines(house: House) -> None:
    skill = house.change("need: {refunds: 3}", "need: {refnds: 3}")
    queue = house.change(
        "{queue: billing, need: {billing: 2}", "{queue: bilings, need: {billing: 2}"
    )
    ran = omniroute("rules", "check", house.rules)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"error   support.yaml:{skill} refunds: unknown skill “refnds” — did you mean “refunds”?",
        f"error   support.yaml:{queue} invoices: unknown queue “bilings” — did you mean “billing”?",
        "4 enrich + 7 route rules, 4 queues, 6 skills: 2 errors, 0 warnings",
    ]
    ran = omniroute("rules", "check", house.rules, "--json")
    assert ran.code == 1
    first, second = json.loads(ran.out)["findings"]
    assert first == {
        "level": "error",
        "place": f"support.yaml:{skill}",
        "text": "refunds: unknown skill “refnds” — did you mean “refunds”?",
    }
    assert second["place"] == f"support.yaml:{queue}"


def test_a_warning_alone_is_no_failure(house: House) -> None:
    line = house.change("  - {id: everything-else, to: {queue: general}}",
        "  - {id: everything-else, when: always, to: {queue: general}}\n"
        "  - {id: partners, when: {channel: webchat}, to: {queue: general}}")  # fmt: skip
    ran = omniroute("rules", "check", house.rules)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == (
        f"warning support.yaml:{line + 1} partners: never reached,"
        " “everything-else” above it matches everything"
    )


def test_no_rules_to_check(tmp_path: Path) -> None:
    ran = omniroute("rules", "check", tmp_path / "nowhere")
    assert ran.code == 1
    assert "no such folder of rules" in ran.out


def test_what_nobody_who_is_online_can_meet(running: Running, config: Options) -> None:
    lines = omniroute("rules", "check", running.house.rules, "--live", *config).lines
    assert any("api: nobody online has tech.api ≥ 2" in line for line in lines)


# --- test ---


def test_tests_of_the_desk(house: House, tmp_path: Path) -> None:
    xml = tmp_path / "rules.xml"
    ran = omniroute("rules", "test", house.rules, "--strict", "--fail-under", "100",
                    "--junit", str(xml))  # fmt: skip
    assert ran.code == 0
    assert "rule coverage 11/11 (100%)" in ran.out.splitlines()[-1]
    assert 'failures="0"' in xml.read_text()


def test_tests_that_fail(house: House) -> None:
    house.change("priority: urgent, tags: [at-risk]", "priority: high, tags: [at-risk]")
    ran = omniroute("rules", "test", house.rules)
    assert ran.code == 1
    assert ran.out.splitlines()[0].startswith(
        "FAIL Who speaks of a lawyer is urgent  priority: expected 'urgent', got 'high'"
    )
    said = omniroute("rules", "test", house.rules, "--json")
    assert said.code == 1
    assert (json.loads(said.out)["failed"], json.loads(said.out)["coverage"]) == (1, 100)


def test_some_tests_and_too_little_covered(house: House) -> None:
    ran = omniroute("rules", "test", house.rules, "--run", "lawyer")
    assert ran.out.splitlines()[0] == "PASS Who speaks of a lawyer is urgent"
    (house.rules / "tests" / "support.test.yaml").write_text(
        "tests: [{name: a, given: {text: refund}, expect: {rule: refunds}}]"
    )
    ran = omniroute("rules", "test", house.rules, "--fail-under", "50")
    assert ran.code == 1
    assert "rule coverage 9% is under 50%" in ran.err
    refusal = omniroute("rules", "test", house.rules, "--run", "nothing").refusal
    assert refusal == "--run nothing: no test has that in its name"


# --- explain ---


def test_where_a_message_would_go(house: House) -> None:
    lines = omniroute("rules", "explain", *REFUND, *MONDAY, "--folder", house.rules).lines
    assert lines[0] == "thread  new message on email  at Mon 2026-03-02 10:15 UTC+01:00"
    assert re.fullmatch(
        r"enrich ✔ language   support\.yaml:\d+  ✔ message\.language = de", lines[1]
    )
    (refunds,) = [line for line in lines if line.startswith("route  ✔")]
    assert re.fullmatch(
        r"route  ✔ refunds    support\.yaml:\d+  ✔ message\.text = “refund”;"
        r" ✘ message\.subject = none",
        refunds,
    )
    after = lines[lines.index(refunds) + 1 :]
    assert after[:3] == [
        "result  queue billing · priority normal · first reply within 4h (office clock)",
        "needs   lang.de ≥ 3, refunds ≥ 3",
        "        → ana    yes lang.de 5≥3, refunds 4≥3 via billing - 1, load 0/5",
    ]
    assert after[-1] == (
        "later   after 2m refunds ≥ 2 → emeka"
        " · after 5m drop lang.de, tell “customer writes German” → bo"
        " · after 10m queue overflow → nobody new"
    )


def test_where_a_message_would_go_for_programs(house: House) -> None:
    given = (*REFUND, *MONDAY, "--folder", house.rules, "--json")
    explanation = omniroute("rules", "explain", *given).json
    assert explanation["routing"]["queue"] == "billing"
    assert [agent["agent"] for agent in explanation["team"] if agent["chosen"]] == ["ana"]
    assert explanation["at"] == 1_772_442_900_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("langauge=de", "--given langauge: no rule asks for that fact — did you mean “language”?"),
        ("zodiac=lion", "--given zodiac: no rule asks for that fact"),
    ],
)
def test_a_fact_that_no_rule_asks_for(house: House, given: str, said: str) -> None:
    asked = ("--given", "text=refund", "--given", given, "--folder", house.rules)
    assert omniroute("rules", "explain", *asked).refusal == said


def test_explaining_nothing() -> None:
    assert omniroute("rules", "explain").misuse == "name a thread, or facts by --given"
    assert omniroute("rules", "explain", "--given", "x").misuse == "--given x: write FACT=VALUE"


@pytest.mark.parametrize("time", ["yesterday", "2026-03-02T10:15"])
def test_a_time_that_is_none_or_has_no_zone(house: House, time: str) -> None:
    said = omniroute("rules", "explain", *REFUND, "--at", time, "--folder", house.rules).refusal
    assert said.startswith(f"--at: “{time}” ")
    assert said.endswith("— as in 2026-03-02T10:15+01:00")


def test_why_a_thread_went_where_it_went(config: Options) -> None:
    lines = omniroute("rules", "explain", "#1", *config).lines
    assert lines[0].startswith("thread  #1  at ")
    assert any(line.startswith("route  ✔ refunds ") for line in lines)
    assert any(line.startswith("result  queue billing") for line in lines)
    answer = omniroute("rules", "explain", "1", *config, "--json").json
    assert answer["text"].splitlines() == lines
    assert answer["explanation"]["routing"]["queue"] == "billing"


def test_a_thread_that_is_none(config: Options) -> None:
    assert omniroute("rules", "explain", "#77", *config).refusal == "There is no thread #77."


# --- reload ---


def test_reading_the_rules_again(running: Running, config: Options) -> None:
    (line,) = omniroute("rules", "reload", *config).lines
    assert re.fullmatch(r"rules [0-9a-f]{16}: 11 rules, 6 agents", line)
    assert omniroute("rules", "reload", *config, "--json").json["agents"] == 6
    good = running.house.rule_file().read_text()
    try:
        place = running.house.change("need: {refunds: 3}", "need: {refnds: 3}")
        assert omniroute("rules", "reload", *config).refusal == (
            f"support.yaml:{place}: refunds: unknown skill “refnds” — did you mean “refunds”?"
        )
    finally:
        running.house.rule_file().write_text(good)
    assert omniroute("rules", "reload", *config).lines == [line]


def test_without_a_server(nobody: Options) -> None:
    assert "no server runs on it" in omniroute("rules", "reload", *nobody).refusal
    assert "no server runs on it" in omniroute("rules", "explain", "#1", *nobody).refusal


# --- schema ---


def test_the_schemas_for_editors() -> None:
    assert omniroute("rules", "schema").json == rules_schema()
    assert omniroute("rules", "schema", "--team").json == team_schema()
    assert omniroute("rules", "schema", "--tests").json == schema_of_tests()
    assert omniroute("rules", "schema", "--tests", "--team").misuse == "--team or --tests, not both"


# --- diff ---


def test_what_changed_and_which_tests_that_touches(house: House, tmp_path: Path) -> None:
    before = tmp_path / "before.yaml"
    before.write_text(house.rule_file().read_text())
    house.change("priority: urgent, tags: [at-risk]", "priority: high, tags: [at-risk]")
    assert omniroute("rules", "diff", before, house.rules).lines == [
        "~ enrich at-risk  set.priority urgent → high",
        "tests touched: 1, 1 of them fails",
    ]
    said = omniroute("rules", "diff", before, house.rules, "--json").json
    assert said["changes"][0]["details"][0]["path"] == "set.priority"
    assert [test["name"] for test in said["tests"]] == ["Who speaks of a lawyer is urgent"]
    assert omniroute("rules", "diff", before, before).lines == ["no difference"]


def test_the_live_rules_beside_the_folder(running: Running, config: Options) -> None:
    folder = running.house.rules
    assert omniroute("rules", "diff", "live", folder, *config).lines == ["no difference"]
    said = omniroute("rules", "diff", "not/there.yaml", folder, *config).refusal
    assert said == "not/there.yaml: no such folder, file or version of rules"


# --- graph ---


def test_a_graph_of_the_desk(house: House) -> None:
    lines = omniroute("rules", "graph", house.rules).lines
    assert "refunds          ─▶ billing ─▶ refunds ≥ 3 ─▶ ana" in lines
    for form, begins in [("svg", "<svg "), ("mermaid", "flowchart"), ("dot", "digraph")]:
        drawn = omniroute("rules", "graph", house.rules, "--format", form).out
        assert drawn.startswith(begins)
    said = omniroute("rules", "graph", house.rules, "--json").json
    assert said["ways"][0]["rule"] == "refunds"


def test_a_graph_with_who_is_online(running: Running, config: Options) -> None:
    said = omniroute("rules", "graph", running.house.rules, "--live", *config).lines
    assert any("═(1)═▶" in line or "─(0)─▶" in line for line in said)
    assert "needs that nobody online can meet:" in said


# --- record ---


def test_a_decision_as_a_test(running: Running, config: Options, tmp_path: Path) -> None:
    asked = ("rules", "record", "#1", "--folder", running.house.rules, *config)
    said = omniroute(*asked).out
    assert said.startswith('  - name: "#1 as decided on ')
    assert "rule: refunds" in said
    file = tmp_path / "recorded.test.yaml"
    answer = omniroute(*asked, "--name", "kept", "--to", file, "--json").json
    assert (answer["doubts"], answer["faults"]) == ([], [])
    assert "name: kept" in file.read_text()
    assert omniroute("rules", "record", "x", *config).code == 2
