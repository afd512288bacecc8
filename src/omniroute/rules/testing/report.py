"""What came of all tests, and which rules none of them has seen matching."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from omniroute.core.rules import RuleSet
from omniroute.rules.testing.cases import Case, Suite
from omniroute.rules.testing.trial import run


class Outcome(msgspec.Struct, frozen=True):
    """One test that was run."""

    name: str
    place: str
    faults: tuple[str, ...]
    seconds: float
    rules: tuple[str, ...]  # that matched

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.faults


class Report(msgspec.Struct, frozen=True):
    """All of them."""

    outcomes: tuple[Outcome, ...]
    rules: tuple[str, ...]  # every rule there is, in order
    seconds: float

    @property
    def failed(self) -> int:
        """How many were not as expected."""
        return sum(not outcome.passed for outcome in self.outcomes)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The rules that matched in no test."""
        seen = {rule for outcome in self.outcomes for rule in outcome.rules}
        return tuple(rule for rule in self.rules if rule not in seen)

    @property
    def coverage(self) -> int:
        """Rules that matched, in percent, rounded down."""
        total = len(self.rules)
        return 100 * (total - len(self.uncovered)) // total if total else 100

    def __str__(self) -> str:
        width = max((len(o.name) for o in self.outcomes if not o.passed), default=0)
        return "\n".join([*(_line(o, width) for o in self._in_order()), self.summary])

    def _in_order(self) -> Iterable[Outcome]:
        """What failed first."""
        return sorted(self.outcomes, key=lambda outcome: outcome.passed)

    @property
    def summary(self) -> str:
        """The last line."""
        passed = len(self.outcomes) - self.failed
        return f"{passed} passed, {self.failed} failed in {self.seconds:.2f} s · {self.covered}"

    @property
    def covered(self) -> str:
        """How many rules were seen, and which were not."""
        total, missed = len(self.rules), self.uncovered
        said = f"rule coverage {total - len(missed)}/{total} ({self.coverage}%)"
        return f"{said} · not covered: {', '.join(missed)}" if missed else said


def _line(outcome: Outcome, width: int) -> str:
    if outcome.passed:
        return f"PASS {outcome.name}"
    return f"FAIL {outcome.name:<{width}}  {'; '.join(outcome.faults)}  ({outcome.place})"


def run_all(
    suites: Sequence[Suite],
    others: Sequence[RuleSet] = (),
    *,
    named: str = "",
    strict: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Run the tests of these suites, or those whose name has *named* in it.

    Coverage counts the rules of the suites and of *others*.
    """
    asked = [
        (suite, case)
        for suite in suites
        for case in suite.cases
        if named.casefold() in case.name.casefold()
    ]
    began = time.perf_counter()
    outcomes = []
    for number, (suite, case) in enumerate(asked, 1):
        outcomes.append(timed(suite, case, strict))
        progress(number, len(asked))
    rules = [*(suite.rules for suite in suites), *others]
    return Report(tuple(outcomes), rule_ids(rules), round(time.perf_counter() - began, 4))


def timed(suite: Suite, case: Case, strict: bool = False) -> Outcome:
    """Run one test."""
    began = time.perf_counter()
    ran = run(suite, case, strict)
    seconds = round(time.perf_counter() - began, 4)
    return Outcome(case.name, case.place, ran.faults, seconds, tuple(sorted(ran.covered)))


def rule_ids(rule_sets: Iterable[RuleSet]) -> tuple[str, ...]:
    """The ids of every rule in these sets, each once, in order."""
    return tuple(dict.fromkeys(id for rules in rule_sets for id in _ids(rules)))


def _ids(rules: RuleSet) -> Iterator[str]:
    yield from (rule.id for rule in rules.enrich)
    yield from (rule.id for rule in rules.route)
