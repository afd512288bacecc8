"""Files of tests: what they may say, and what is said of those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from omniroute.errors import ConfigErrors
from omniroute.rules.grammar import STATES
from omniroute.rules.testing import read_suites

Refused = Callable[[str], str]


def test_every_fault_of_a_file_with_its_line(refused: Refused) -> None:
    assert refused(
        "agents: {ana: {load: much}, bo: {skills: {refund: 3}}}\n"
        "tests:\n"
        "  - {name: a, given: {channle: email}, expect: {queue: bilings}}\n"
        "  - {name: a, given: {clock: inside}, expect: {}}\n"
        "  - {name: b, at: yesterday, given: {thread.last_agent: cleo},"
        " after: {soon: {agent: x}}}\n"
        "  - {name: c, given: {}, without: [dora]}\n"
        "  - {name: d, given: {}, expect: {need: {refunds: 9}, rule: vip, state: gone}}\n"
    ) == (
        "a.test.yaml:1: ana: “much” stands where units in use, such as 2 or 2/5 is due\n"
        "a.test.yaml:1: bo: unknown skill “refund” — did you mean “refunds”?\n"
        "a.test.yaml:3: a: unknown fact “channle” — did you mean “channel”?\n"
        "a.test.yaml:3: a: unknown queue “bilings” — did you mean “billing”?\n"
        "a.test.yaml:4: a: a second test of this name\n"
        "a.test.yaml:4: a: clock cannot be given — the time is `at`\n"
        "a.test.yaml:4: a: nothing is expected\n"
        "a.test.yaml:5: b: unknown agent “cleo” — known are: ana, bo\n"
        "a.test.yaml:5: b: “yesterday” stands where a time with its zone is due"
        " — as in 2026-03-02T10:15+01:00\n"
        "a.test.yaml:5: b: unknown agent “x” — known are: ana, bo\n"
        "a.test.yaml:5: b: “soon” stands where a span such as 45s, 2m or 4h is due\n"
        "a.test.yaml:6: c: nothing is expected — add `expect` or `after`\n"
        "a.test.yaml:6: c: unknown agent “dora” — known are: ana, bo\n"
        "a.test.yaml:7: d: “9” stands where a level above 0, at most 5 is due\n"
        "a.test.yaml:7: d: unknown routing rule “vip” — known are: again, known, loyal, night,"
        " refunds, rest\n"
        f"a.test.yaml:7: d: “gone” stands where one of {', '.join(STATES)} is due"
    )


def test_a_file_may_name_its_rules(desk: Path) -> None:
    other = desk / "other.yaml"
    other.write_text(
        "version: 1\nskills: {lang.de: {}, lang.en: {}, billing: {}, refunds: {}}\n"
        "queues: {only: {}}\nroute: [{id: all, to: {queue: only}}]\n"
    )
    test = "tests: [{name: a, given: {}, expect: {queue: only}}]"
    (desk / "tests" / "a.test.yaml").write_text(f"rules: ../other.yaml\n{test}")
    (suite,) = read_suites(desk)
    assert list(suite.rules.queues) == ["only"]
    assert [present.member.id for present in suite.people] == ["ana", "bo"]


def test_rules_that_are_wrong_are_told_before_any_test_runs(desk: Path) -> None:
    (desk / "tests" / "a.test.yaml").write_text("tests: [{name: a, given: {}, expect: {}}]")
    (desk / "tests" / "b.test.yaml").write_text("tests: [{name: b, given: {}, expect: {}}]")
    (desk / "support.yaml").write_text("version: 1\nqueus: {}\n")
    with pytest.raises(ConfigErrors) as error:
        read_suites(desk)
    assert str(error.value).count("unknown key “queus”") == 1


def test_a_folder_without_tests(desk: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"no tests of rules — tests are in tests/"):
        read_suites(desk)


def test_a_single_file(desk: Path) -> None:
    for name in ("a", "b"):
        text = f"tests: [{{name: {name}, given: {{}}, expect: {{rule: rest}}}}]"
        (desk / "tests" / f"{name}.test.yaml").write_text(text)
    (suite,) = read_suites(desk / "tests" / "b.test.yaml")
    assert [case.name for case in suite.cases] == ["b"]
