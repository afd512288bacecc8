"""A recorded decision put beside the tests that are there, and run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from omniroute.core.model import ThreadId
from omniroute.core.rules import RuleSet
from omniroute.rules.testing.cases import suite_from
from omniroute.rules.testing.recording import Decided, appended, record
from omniroute.rules.testing.report import timed

RECORDED = Path("tests") / "recorded.test.yaml"
"""Where in a folder of rules recorded tests are put, unless another file is named."""


class Recording(msgspec.Struct, frozen=True):
    """A decision as a test: its *text*, the *whole* file with it at the end, what could not be
    brought over, and how the rules that are there now fail it."""

    name: str
    text: str
    whole: str
    doubts: tuple[str, ...]
    faults: tuple[str, ...]


def recording(
    decided: Decided,
    thread: ThreadId,
    rules: RuleSet,
    folder: Path,
    *,
    name: str = "",
    file: Path | None = None,
) -> Recording:
    """The decision about *thread* as a test for the rules in *folder*; nothing is written.

    It is put behind the tests in *file*, if one is named and there.  Raises `ConfigErrors`.
    """
    day = datetime.fromtimestamp(decided.at / 1000, UTC)
    made = record(decided, rules, name or f"#{thread} as decided on {day:%Y-%m-%d}")
    path = file or folder / RECORDED
    before = file.read_text(encoding="utf-8") if file is not None and file.exists() else ""
    beside = path.parent.resolve() == (folder / RECORDED.parent).resolve()
    whole = appended(before, [made.text], "" if beside else os.path.relpath(folder, path.parent))
    suite = suite_from(whole.encode(), path)
    outcome = timed(suite, suite.cases[-1])
    return Recording(outcome.name, made.text, whole, made.doubts, tuple(outcome.faults))


def save(made: Recording, file: Path) -> None:
    """Write the whole file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(made.whole, encoding="utf-8")
