"""The verdict on a plugin: its tests and the kit's checks, run, and the tier that they bear out."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from omniroute.errors import ConfigError, PluginError
from omniroute.testing.quality import NONE, TIERS, Quality, read_quality
from omniroute.testing.subject import Subject

Moved: TypeAlias = Callable[[int, int], None]

LOOK: Final = 0.2  # s between two looks at how far the tests are
FILE: Final = "OMNIROUTE_VERDICT"  # names the file for `omniroute.testing.pytest_verdict`
BIND: Final = """\
from omniroute.testing.conformance import ChannelConformance


class TestMine(ChannelConformance):
    channel = {channel}
    platform = Town  # your omniroute.testing.platform.Platform
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A test that did not pass, and what it said."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    checks: int  # of the kit, that passed
    tests: int  # others, that passed
    failed: tuple[Finding, ...]
    left_out: tuple[Finding, ...]
    tier: str
    claims: str  # the tier that quality.toml claims
    doubts: tuple[str, ...]
    missing: tuple[str, ...]  # for the next tier

    @property
    def ok(self) -> bool:
        """Whether nothing failed, the kit was asked, and the file says what is so."""
        return bool(self.checks) and not self.failed and not self.doubts


def judge(subject: Subject, moved: Moved = lambda done, total: None) -> Verdict:
    """Run the tests of a project; *moved* is told how many are done, and of how many.

    Raises `ConfigError` or `PluginError` where that cannot be.
    """
    from omniroute.testing.conformance import CHECKS

    home = subject.home
    if home is None or not (home / "tests").is_dir():
        fix = "name the folder of its project, which has a folder tests"
        raise ConfigError(subject.plugin, "its tests are not here", fix)
    rows = _run(home, moved)
    passed = {row["name"] for row in rows if row["outcome"] == "passed"}
    if not passed & set(CHECKS) and not any(row["name"] in CHECKS for row in rows):
        text = BIND.format(channel=subject.kind.__name__)
        raise PluginError(subject.plugin, "tests", f"no test binds the kit; write\n\n{text}")
    failed = [Finding(r["name"], r["said"]) for r in rows if r["outcome"] == "failed"]
    quality = read_quality(home / "quality.toml")
    short = {name.removeprefix("test_") for name in passed}
    wrong = {finding.name.removeprefix("test_") for finding in failed}
    excused = {row["name"].removeprefix("test_") for row in rows if row["outcome"] == "skipped"}
    doubts = list(quality.doubts(subject.kind.caps, wrong, short | excused))
    return Verdict(
        len(passed & set(CHECKS)),
        len(passed - set(CHECKS)),
        tuple(failed),
        tuple(Finding(r["name"], r["said"]) for r in rows if r["outcome"] == "skipped"),
        borne_out(quality, doubts, failed),
        quality.tier,
        tuple(doubts),
        tuple(quality.missing),
    )


def borne_out(quality: Quality, doubts: list[str], failed: list[Finding]) -> str:
    """The tier below the first rule that is not so, whatever the file says."""
    if failed:
        return NONE
    doubted = {doubt.partition(" ")[0] for doubt in doubts}
    reached = NONE
    for tier in TIERS[: TIERS.index(quality.tier) + 1] if quality.tier in TIERS else ():
        if doubted & quality.states[tier].keys():
            break
        reached = tier
    return reached


def _run(home: Path, moved: Moved) -> list[dict[str, str]]:
    if importlib.util.find_spec("pytest") is None:
        fix = 'pip install "omniroute[testing]"'
        raise ConfigError("pytest", "is not installed, and runs the checks", fix)
    with tempfile.TemporaryDirectory() as folder:
        verdict, said = Path(folder) / "verdict.jsonl", Path(folder) / "said.txt"
        path = [str(home / "src"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            FILE: str(verdict),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "omniroute.testing.pytest_verdict"]
        command += ["-p", "no:cacheprovider", "--rootdir", str(home), "tests"]
        with (
            said.open("wb") as out,
            subprocess.Popen(  # noqa: S603 - the tests of whoever asks for it
                command, cwd=home, env=environment, stdout=out, stderr=subprocess.STDOUT
            ) as running,
        ):
            while not _has_ended(running):
                _tell(moved, _read(verdict))
        rows = _read(verdict)
        if not rows or "ended" not in rows[-1]:
            last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            raise ConfigError(str(home), "its tests cannot be run", "\n".join(last))
        _tell(moved, rows)
        return [row for row in rows if "name" in row]


def _has_ended(running: subprocess.Popen[bytes]) -> bool:
    try:
        running.wait(LOOK)
    except subprocess.TimeoutExpired:
        return False
    return True


def _read(verdict: Path) -> list[dict[str, Any]]:
    """What stands in the file so far; a line that is just being written does not count."""
    if not verdict.exists():
        return []
    lines = verdict.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def _tell(moved: Moved, rows: list[dict[str, Any]]) -> None:
    """Say how far the tests are, once they are counted."""
    if total := next((int(row["total"]) for row in rows if "total" in row), 0):
        moved(min(sum("name" in row for row in rows), total), total)
