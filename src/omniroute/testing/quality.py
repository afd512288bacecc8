"""Quality tiers: what a channel says of itself in ``quality.toml``, and what a machine can see.

A rule is ``"done"``, ``"todo"``, or ``{ exempt = "the reason" }``.  A channel has the highest tier
of which every rule, and every rule of the tiers below, is done or exempt.  A file may have rules of
its own besides; they count like ours.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from omniroute.channel import Cap
from omniroute.errors import ConfigError, ConfigErrors, did_you_mean

TIERS: Final = ("bronze", "silver", "gold", "platinum")
NONE: Final = "none yet"
SHORTEST_REASON: Final = 10  # characters


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its tier, what it asks, and what shows it: checks of the kit, or capabilities."""

    tier: str
    asks: str
    checks: tuple[str, ...] = ()  # less their “test_”
    caps: Cap = Cap.NONE


RULES: Final[Mapping[str, Rule]] = {
    "parse-is-pure": Rule(
        "bronze",
        "equal bytes are read equally, whenever and wherever",
        ("parse_asks_no_clock_no_chance_and_no_world", "parse_does_not_remember"),
    ),
    "settings-are-described": Rule(
        "bronze", "each setting has its sentence", ("every_setting_is_described",)
    ),
    "readme-lists-the-settings": Rule(
        "bronze",
        "the page says what the settings say",
        ("the_readme_lists_each_setting_as_it_is",),
    ),
    "check-says-what-to-do": Rule(
        "bronze",
        "`check` names the fault and the fix",
        ("check_finds_it_well", "check_explains_wrong_credentials"),
    ),
    "own-tests-over-real-sockets": Rule("bronze", "tests meet the platform as it is met"),
    "conformance-suite": Rule("bronze", "every check of the kit is passed", ("*",)),
    "acknowledges-only-what-is-kept": Rule(
        "silver",
        "nothing is lost by a full disk or a restart",
        ("nothing_is_acknowledged_before_it_is_kept", "what_waited_through_a_restart_comes_in"),
    ),
    "authenticates-senders": Rule(
        "silver",
        "only what the platform vouches for is verified",
        ("nobody_is_vouched_for_by_what_they_say",),
    ),
    "bad-input-is-bounded": Rule(
        "silver",
        "garbage, floods and what is cut off do no harm",
        ("garbage_invents_no_message", "bytes_that_are_cut_off_are_a_dead_letter_or_whole"),
    ),
    "failures-name-the-fix": Rule(
        "silver",
        "every error says what to do",
        ("lost_credentials_say_what_to_do", "a_refusal_is_told_to_the_agent"),
    ),
    "rate-limits": Rule(
        "silver", "the platform's limits are kept", ("a_limit_says_how_long_to_wait",)
    ),
    "credentials-are-asked-anew": Rule("silver", "credentials that end are renewed in time"),
    "files-in-and-out": Rule(
        "gold",
        "files travel both ways, whole",
        ("a_file_comes_whole", "a_file_goes_out_whole"),
        Cap.FILES_IN | Cap.FILES_OUT,
    ),
    "edits": Rule(
        "gold",
        "an edit reaches the other side",
        ("an_edit_names_the_message_it_changes",),
        Cap.EDIT_IN,
    ),
    "typing-signs": Rule("gold", "each side sees that the other types", caps=Cap.TYPING),
    "read-receipts": Rule("gold", "an agent sees what was read", caps=Cap.READ_RECEIPTS),
    "strictly-typed": Rule("platinum", "mypy --strict finds nothing", ("its_package_is_typed",)),
    "agent-desk": Rule("platinum", "agents can work there, too", caps=Cap.AGENT_DESK),
}


@dataclass(frozen=True, slots=True)
class Quality:
    """A file as it was read."""

    path: Path
    states: Mapping[str, Mapping[str, str]]  # tier → rule → done, todo, or a reason

    @property
    def tier(self) -> str:
        """The highest tier of which nothing is left to do."""
        reached = NONE
        for tier in TIERS:
            if "todo" in self.states[tier].values():
                break
            reached = tier
        return reached

    @property
    def missing(self) -> list[str]:
        """What the next tier asks and is not done."""
        for tier in TIERS:
            if left := [name for name, state in self.states[tier].items() if state == "todo"]:
                return left
        return []

    def doubts(
        self, caps: Cap, failed: Collection[str] = (), passed: Collection[str] | None = None
    ) -> Iterator[str]:
        """Where the file says “done” and a machine sees otherwise.

        *failed* and *passed* are names of checks, less their “test_”; without *passed* nothing is
        said of checks that have not run.
        """
        done = [
            name for tier in TIERS for name, said in self.states[tier].items() if said == "done"
        ]
        for name in done:
            rule = RULES.get(name)
            if rule is None:
                continue
            if missing := rule.caps & ~caps:
                yield f"{name} is “done”, and caps has no {missing.name}"
            for check in failed:
                if check in rule.checks or "*" in rule.checks:
                    yield f"{name} is “done”, and the check {check} fails"
            if passed is not None and "*" not in rule.checks:
                for check in rule.checks:
                    if check not in passed and check not in failed:
                        yield f"{name} is “done”, and the check {check} has not run"


def read_quality(path: Path) -> Quality:
    """Read a file.  Raises `ConfigErrors` with everything that is wrong with it."""
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fix = "`omniroute channel new` makes one to begin with"
        raise ConfigError(str(path), "no such file", fix) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"cannot be read as TOML: {error}") from None
    findings = [
        ConfigError(f"{path.name} [{tier}]", "is missing" if tier in TIERS else "is no tier")
        for tier in (*(tier for tier in TIERS if tier not in tables), *tables)
        if tier not in TIERS or tier not in tables
    ]
    states: dict[str, dict[str, str]] = {}
    for tier in TIERS:
        states[tier] = {}
        for name, said in dict(tables.get(tier, {})).items():
            state, fault = _state(name, said, tier)
            states[tier][name] = state
            if fault:
                findings.append(ConfigError(f"{path.name} [{tier}] {name}", fault))
        for name, rule in RULES.items():
            if rule.tier == tier and name not in states[tier]:
                fix = f'write {name} = "todo", or say why not: {{ exempt = "…" }}'
                findings.append(ConfigError(f"{path.name} [{tier}]", f"{name} is missing", fix))
    if findings:
        raise ConfigErrors(findings)
    return Quality(path, states)


def _state(name: str, said: object, tier: str) -> tuple[str, str]:
    """A rule's state, and what is wrong with it."""
    fault = ""
    rule = RULES.get(name)
    if rule is not None and rule.tier != tier:
        fault = f"belongs to [{rule.tier}]"
    match said:
        case "done" | "todo":
            return str(said), fault
        case {"exempt": str(reason), **rest} if not rest:
            if len(reason) < SHORTEST_REASON:
                fault = "an exemption needs a reason that helps a reader"
            return reason, fault
    hint = did_you_mean(str(said), ("done", "todo")) or 'write "done", "todo" or { exempt = "…" }'
    return "todo", f"{said!r} is no state; {hint}"
