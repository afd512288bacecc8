"""For pytest: what became of each test, a line of JSON each, for ``omniroute channel check``.

Loaded by ``-p omniroute.testing.pytest_verdict``; writes to the file that the variable `FILE`
names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from omniroute.testing.verdict import FILE


class Verdicts:
    """Writes down the outcome of every test when it is known, so that somebody may look on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def _write(self, **row: object) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    @pytest.hookimpl
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many tests there are."""
        self._write(total=len(session.items))

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test is over; the call counts, and whatever fails or skips before it."""
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.rpartition("::")[2]
            self._write(name=name, outcome=report.outcome, said=_said(report))

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a failure."""
        if report.failed:
            said = str(report.longrepr).strip().splitlines()[-1:]
            self._write(name=report.nodeid, outcome="failed", said="".join(said))

    @pytest.hookimpl
    def pytest_sessionfinish(self) -> None:
        """Nothing more will come."""
        self._write(ended=True)


def _said(report: pytest.TestReport) -> str:
    found = report.longrepr
    if isinstance(found, tuple):  # of a skip: file, line, reason
        return str(found[2]).removeprefix("Skipped: ")
    crash = getattr(found, "reprcrash", None)
    said = str(getattr(crash, "message", found or ""))
    return said.removeprefix("AssertionError: ").removeprefix("Failed: ").partition("\nassert")[0]


def pytest_configure(config: pytest.Config) -> None:
    """Begin to collect, if a file is named."""
    if path := os.environ.get(FILE):
        config.pluginmanager.register(Verdicts(Path(path)), "omniroute-verdicts")
