"""Tests of rules: files that say where a message goes, now and minutes later, and who says so.

They run on the core itself, `decide` and `evolve` on a clock that is moved, never waited for.
"""

from omniroute.rules.testing.cases import (
    Case,
    Expectation,
    Suite,
    files_of_tests,
    read_suites,
    suite_of,
)
from omniroute.rules.testing.junit import junit
from omniroute.rules.testing.report import Outcome, Report, rule_ids, run_all
from omniroute.rules.testing.trial import run

__all__ = [
    "Case",
    "Expectation",
    "Outcome",
    "Report",
    "Suite",
    "files_of_tests",
    "junit",
    "read_suites",
    "rule_ids",
    "run",
    "run_all",
    "suite_of",
]
