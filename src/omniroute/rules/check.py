"""Everything that can be told about a folder of rules before it decides anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules.doubts import doubts
from omniroute.rules.includes import SUFFIX
from omniroute.rules.load import draft, rule_files
from omniroute.rules.reach import unmet
from omniroute.rules.secrets import secrets_in

ERROR, WARNING = "error", "warning"


class Finding(msgspec.Struct, frozen=True):
    """Something to repair (error) or to look at (warning)."""

    level: str
    place: str  # file:line, or empty
    text: str

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.level:<7}", self.place, self.text) if part)


class Report(msgspec.Struct, frozen=True):
    """What a check found, and how much it looked at."""

    findings: tuple[Finding, ...]
    counts: Mapping[str, int] = {}

    def count(self, level: str) -> int:
        """How many findings are of a level."""
        return sum(finding.level == level for finding in self.findings)

    def __str__(self) -> str:
        rules = f"{self.counts.get('enrich', 0)} enrich + {self._counted('route', 'route rule')}"
        others = f"{self._counted('queues', 'queue')}, {self._counted('skills', 'skill')}"
        found = ", ".join(_number(self.count(level), level) for level in (ERROR, WARNING))
        return "\n".join([*map(str, self.findings), f"{rules}, {others}: {found}"])

    def _counted(self, key: str, word: str) -> str:
        return _number(self.counts.get(key, 0), word)


def check(folder: Path, now: int | None = None, online: Collection[str] | None = None) -> Report:
    """Check a folder of rules, or a single file; errors come first, each list in file order.

    *now*, in ms, lets it find what lies in the past; with *online*, it says also which needs none
    of these agents can meet.  Never raises for what is in the files.
    """
    try:
        files = rule_files(folder)
    except ConfigErrors as errors:
        return Report(tuple(map(_error, errors.findings)))
    said = draft(files)
    found = list(map(_error, said.faults))
    found += [Finding(WARNING, where, text) for where, text in doubts(said, now)]
    if online is not None and said.team and not said.faults:
        here = [member for member in said.team if member.id in online]
        found += [
            Finding(WARNING, where, text) for where, text in unmet(said.rules, here, "online")
        ]
    found += [*_secrets(files), *_not_read(folder)]
    return Report(tuple(sorted(found, key=_order)), said.counts)


def _not_read(folder: Path) -> Sequence[Finding]:
    if not folder.is_dir():
        return []
    return [
        Finding(WARNING, path.name, f"not read: rename it to {path.stem}{SUFFIX}")
        for path in sorted(folder.glob("*.yml"))
    ]


def _secrets(files: Mapping[str, bytes]) -> Sequence[Finding]:
    return [
        Finding(WARNING, f"{name}:{line}", f"looks like {kind}: keep it out of files of rules")
        for name, data in sorted(files.items())
        for line, kind in secrets_in(data.decode("utf-8", "replace"))
    ]


def _error(error: ConfigError) -> Finding:
    fix = f" — {error.fix}" if error.fix else ""
    return Finding(ERROR, error.place, f"{error.fault}{fix}")


def _order(finding: Finding) -> tuple[bool, bool, str, int]:
    file, _, line = finding.place.rpartition(":")
    numbered = line.isdigit()
    return (
        finding.level != ERROR,
        not finding.place,
        file if numbered else finding.place,
        int(line) if numbered else 0,
    )


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
