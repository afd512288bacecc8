"""Which tests a change of rules is about, and how they go under the later rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from omniroute.core.rules import RuleSet
from omniroute.rules.diff import Change, touched
from omniroute.rules.testing.cases import files_of_tests, read_suites
from omniroute.rules.testing.report import Outcome, run_all


def tests_touched(
    changes: Sequence[Change], folder: Path, before: RuleSet, after: RuleSet
) -> list[Outcome]:
    """The tests of *folder* in which a rule matches that is not as it was, run under *after*."""
    if not changes or not folder.exists() or not files_of_tests(folder):
        return []
    ids = touched(changes)
    found: dict[str, Outcome] = {}
    for rules in (before, after):
        suites = [msgspec.structs.replace(suite, rules=rules) for suite in read_suites(folder)]
        for outcome in run_all(suites).outcomes:
            if ids & set(outcome.rules) or outcome.name in found:
                found[outcome.name] = outcome
    return list(found.values())
