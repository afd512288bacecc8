"""For pytest: ``pytest --omniroute-rules routing_rules`` runs each test of rules as an item.

The plugin is installed with OmniRoute (entry point ``pytest11``) and does nothing unless asked.
What it needs is imported only then: every run of pytest in the environment loads this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from omniroute.rules.testing import Case, Outcome, Suite

_OPTION = "--omniroute-rules"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("omniroute", "OmniRoute")
    group.addoption(
        _OPTION,
        action="append",
        default=[],
        metavar="DIR",
        help="run the tests of the rules in DIR; may be given several times",
    )
    group.addoption(
        "--omniroute-strict",
        action="store_true",
        help="a fact that a rule asks for must be given by the test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have the tests of these folders collected, besides the paths that were named."""
    folders: list[str] = config.getoption(_OPTION)
    if folders:
        covered = Covered([Path(folder) for folder in folders], config)
        config.pluginmanager.register(covered, "omniroute-rules")


class Covered:
    """Collects the tests of these folders, and says which rules none of them covers."""

    def __init__(self, folders: list[Path], config: pytest.Config) -> None:
        from omniroute.rules.load import load
        from omniroute.rules.testing.cases import SUFFIX, files_of_tests

        self.outcomes: list[Outcome] = []
        self.files = {path.resolve() for folder in folders for path in files_of_tests(folder)}
        self.rule_sets = [load(f) for f in folders if not f.name.endswith(SUFFIX)]
        named = config.args_source is pytest.Config.ArgsSource.ARGS
        config.args = [*(config.args if named else ()), *map(str, sorted(self.files))]

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """A file of tests that was asked for."""
        if file_path.resolve() not in self.files:
            return None
        return RuleFile.from_parent(parent, path=file_path, covered=self)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The line about coverage that ``omniroute rules test`` ends with."""
        from omniroute.rules.testing import Report, rule_ids

        if self.outcomes:
            report = Report(tuple(self.outcomes), rule_ids(self.rule_sets), 0.0)
            terminalreporter.write_line(report.covered)


class RuleFile(pytest.File):
    """A file of tests."""

    def __init__(self, *, covered: Covered, **more: Any) -> None:
        super().__init__(**more)
        self.covered = covered

    def collect(self) -> Iterator[pytest.Item]:
        """Its tests, in order.  What is wrong in the file fails the collection, in plain words."""
        from omniroute.errors import ConfigErrors
        from omniroute.rules.testing import suite_of

        try:
            suite = suite_of(self.path)
        except ConfigErrors as errors:
            raise self.CollectError(str(errors)) from None
        for case in suite.cases:
            yield RuleItem.from_parent(self, name=case.name, suite=suite, case=case)


class RuleItem(pytest.Item):
    """One test."""

    def __init__(self, *, suite: Suite, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self.suite, self.case = suite, case

    def runtest(self) -> None:
        """Run it, and remember which rules it covers."""
        from omniroute.rules.testing.report import timed

        outcome = timed(self.suite, self.case, self.config.getoption("--omniroute-strict"))
        assert isinstance(self.parent, RuleFile)
        self.parent.covered.outcomes.append(outcome)
        if outcome.faults:
            raise NotAsExpected("\n".join((*outcome.faults, outcome.place)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is not as expected, without the traceback that helps nobody."""
        if isinstance(excinfo.value, NotAsExpected):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        line = int(self.case.place.rpartition(":")[2])
        return self.path, line - 1, self.name


class NotAsExpected(Exception):
    """Something is not as a test of rules expects it."""
