"""The desk as its files describe it: rules and team, read together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from omniroute.application.directory import Directory
from omniroute.core.inputs import Member
from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules.load import load, sources
from omniroute.rules.team import FILE, Known, load_team
from omniroute.rules.team import Member as Person


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """A rule set with its sources, and the team with names and addresses."""

    rules: RuleSet
    sources: bytes
    people: tuple[Person, ...]

    @property
    def team(self) -> tuple[Member, ...]:
        """The team as the core may know it: without names and addresses."""
        return self.team_at({})

    def team_at(self, desks: Mapping[str, object]) -> tuple[Member, ...]:
        """The same, with what is particular to the *desks* they work at."""
        slow = {
            kind: int(getattr(desk, "answers_within", 0) * 1000) for kind, desk in desks.items()
        }
        chatless = {kind for kind, desk in desks.items() if not getattr(desk, "chats", True)}
        return tuple(
            Member(
                p.id,
                p.teams,
                p.skills,
                p.capacity,
                p.role,
                p.desks,
                slow={kind: slow[kind] for kind in p.desks if slow.get(kind)},
                chatless=tuple(kind for kind in p.desks if kind in chatless),
                shift=p.shift,
                reads=p.reads,
                kind=p.kind,
                caps=p.caps,
            )
            for p in self.people
        )

    def directory(self) -> Directory:
        """What pages need to know of the files."""
        return Directory(
            agents={person.id: person.name for person in self.people},
            queues={name: queue.teams for name, queue in self.rules.queues.items()},
            skills=self.rules.skills,
            zone=self._zone(),
            heartbeat=self.rules.defaults.presence.heartbeat_ms,
        )

    def _zone(self) -> tzinfo:
        return next((calendar.tz for calendar in self.rules.calendars.values()), UTC)


def read_desk(folder: Path) -> DeskFiles:
    """Read a folder of rules with its team.  Raises `ConfigErrors` with every finding."""
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        fix = "let OmniRoute's user read it"
        raise ConfigErrors([ConfigError(str(folder), "this folder cannot be read", fix)])
    missing = [] if (folder / FILE).exists() or not folder.is_dir() else [_nobody(folder / FILE)]
    try:
        rules = load(folder)
    except ConfigErrors as errors:
        raise ConfigErrors([*missing, *errors.findings]) from None
    if missing:
        raise ConfigErrors(missing)
    known = Known(rules.skills.known or None, rules.calendars, rules.queues)
    return DeskFiles(rules, sources(folder), load_team(folder / FILE, rules.skills, known))


def _nobody(path: Path) -> ConfigError:
    fix = "it says who works here, with skills, teams and roles; see docs/reference/rules.md"
    return ConfigError(str(path), "no such file", fix)
