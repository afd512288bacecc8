"""For pytest: what became of each test, as JSON, for ``omniroute channel check``.

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
    """Collects the outcome of every test."""

    def __init__(self, path: Path) -> None:
        self._path, self._rows = path, list[dict[str, str]]()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test is over; the call counts, and whatever fails or skips before it."""
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.rpartition("::")[2]
            self._rows.append({"name": name, "outcome": report.outcome, "said": _said(report)})

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a failure."""
        if report.failed:
            said = str(report.longrepr).strip().splitlines()[-1:]
            row = {"name": report.nodeid, "outcome": "failed", "said": "".join(said)}
            self._rows.append(row)

    @pytest.hookimpl
    def pytest_sessionfinish(self) -> None:
        """Write everything down."""
        self._path.write_text(json.dumps(self._rows), encoding="utf-8")


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
