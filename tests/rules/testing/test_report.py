"""What is said at the end, and the rules that no test has seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from omniroute.rules.testing import Report, junit, read_suites, run_all

Ran = Callable[..., Report]

TWO = """\
tests:
  - {name: goes well, given: {text: refund}, expect: {rule: refunds}}
  - {name: does not, given: {tier: vip}, expect: {priority: urgent, queue: general}}
"""


def test_failures_first_then_what_passed_then_the_rules_not_covered(ran: Ran) -> None:
    *lines, last = str(ran(TWO)).splitlines()
    assert lines == [
        "FAIL does not  priority: expected 'urgent', got 'high'  (a.test.yaml:3)",
        "PASS goes well",
    ]
    assert re.fullmatch(
        r"1 passed, 1 failed in \d\.\d\d s · rule coverage 3/8 \(37%\)"
        r" · not covered: language, known, night, loyal, again",
        last,
    )


def test_only_the_tests_that_are_named(desk: Path, ran: Ran) -> None:
    ran(TWO)
    report = run_all(read_suites(desk), named="WELL")
    assert [outcome.name for outcome in report.outcomes] == ["goes well"]


def test_progress_is_told(desk: Path, ran: Ran) -> None:
    ran(TWO)
    told: list[tuple[int, int]] = []
    run_all(read_suites(desk), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_for_build_servers(ran: Ran) -> None:
    suite = ET.fromstring(junit(ran(TWO)))[0]  # noqa: S314 - what we wrote
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    first, second = suite.findall("testcase")
    assert (first.get("name"), first.get("classname")) == ("goes well", "a.test")
    assert first.find("failure") is None
    failure = second.find("failure")
    assert failure is not None
    assert failure.get("message") == "priority: expected 'urgent', got 'high'"
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties["rule_coverage"] == "37"
