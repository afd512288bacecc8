"""``omniroute rules``, what works on files beside `check`, `test` and `explain`: diff, graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigError
from omniroute.rules.diff import Change
from omniroute.rules.diff import diff as differences
from omniroute.rules.graph import ONLINE, Way, dot, in_words, mermaid, rows, text, ways
from omniroute.rules.graph_svg import svg
from omniroute.rules.load import accepted, load, parse_rules, read, rule_files
from omniroute.rules.testing import Outcome, files_of_tests
from omniroute.rules.testing.recording import Decided
from omniroute.rules.testing.saving import recording, save
from omniroute.rules.testing.touching import tests_touched

FOLDER = Path("routing_rules")
API = "/api/admin/rules"
LIVE = "live"
FORMATS: Mapping[str, Callable[[Sequence[Way]], str]] = {
    "text": text,
    "table": lambda found: table(rows(found), ("rule", "volume", "queue", "step", "asks", "who")),
    "mermaid": mermaid,
    "dot": dot,
    "svg": svg,
}


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@config
@as_json
def diff(before: str, after: str, config: Path, json_: bool) -> None:
    """Say what the rules in B do otherwise than those in A, by id, and which tests that touches.

    A and B are folders, files, versions, or the word live.

    \b
    omniroute rules diff live routing_rules
    omniroute rules diff old.yaml new.yaml
    """
    old, new = files_named(before, config), files_named(after, config)
    changes = differences(old, new)
    tests = _tested(changes, [before, after], parse_rules(old), parse_rules(new))
    if json_:
        return print_json({"changes": changes, "tests": tests})
    for change in changes:
        click.echo(str(change))
    if not changes:
        click.echo("no difference")
    elif tests is not None:
        failing = sum(not test.passed for test in tests)
        rest = f", {failing} of them fail{'s' if failing == 1 else ''}" if failing else ""
        click.echo(f"tests touched: {len(tests)}{rest}")
    return None


def files_named(name: str, config: Path) -> Mapping[str, bytes]:
    """The files of a folder, of a single file, of a kept version, or of the live one."""
    path = Path(name)
    if path.exists():
        return rule_files(path)
    if name != LIVE and not (name.isalnum() and name == name.lower()):
        raise ConfigError(name, "no such folder, file or version of rules")
    server = client(config)
    version = name
    if name == LIVE:
        states: Sequence[Mapping[str, Any]] = server.get(f"{API}/versions")
        version = next((view["version"] for view in states if view["state"] == LIVE), "")
    files = server.get(f"{API}/versions/{version}")["files"]
    return {file: text.encode() for file, text in files.items()}


def _tested(
    changes: Sequence[Change], names: Sequence[str], before: RuleSet, after: RuleSet
) -> list[Outcome] | None:
    """The tests that the changes touch, beside the later rules or the earlier ones.

    None where there are no tests.
    """
    folder = next((path for path in map(Path, names[::-1]) if _has_tests(path)), None)
    return None if folder is None else tests_touched(changes, folder, before, after)


def _has_tests(path: Path) -> bool:
    return path.exists() and bool(files_of_tests(path))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=FOLDER, metavar="[FOLDER]")
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="text", show_default=True)
@click.option("--steps", is_flag=True, help="Every step of relaxing, not the first alone.")
@click.option("--live", is_flag=True, help="Ask the running server who is online, and how much.")
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True,
              help="Of the volumes that --live shows.")  # fmt: skip
@config
@as_json
def graph(
    folder: Path, form: str, steps: bool, live: bool, days: int, config: Path, json_: bool
) -> None:
    """Draw where the rules send threads and who can take them; say what nobody can.

    \b
    omniroute rules graph --live
    omniroute rules graph --format svg > rules.svg
    """
    draft = read(folder)
    statuses, volumes = _now(config, days) if live else (None, None)
    found = ways(accepted(draft), draft.team, every_step=steps, statuses=statuses, volumes=volumes)
    if json_:
        return print_json({"ways": found, "words": [*in_words(found)]})
    return click.echo(FORMATS[form](found))


def _now(config: Path, days: int) -> tuple[dict[str, str], dict[str, int]]:
    """Who is online, and how often each rule has matched, as the running server has it."""
    used = client(config).get(f"{API}/usage?days={days}")["rules"]
    return dict.fromkeys(online(config), ONLINE), {rule["id"]: rule["total"] for rule in used}


def online(config: Path) -> frozenset[str]:
    """The agents who are online and answer, as the running server has it."""
    agents: Sequence[Mapping[str, Any]] = client(config).get("/api/agents")
    return frozenset(
        agent["id"]
        for agent in agents
        if agent["status"] == ONLINE
        and not agent.get("unresponsive")
        and not agent.get("unreachable")
    )


@click.command()
@click.argument("thread", metavar="#THREAD")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--name", default="", help="Of the test; else the thread and the day.")
@click.option("--to", "file", type=click.Path(path_type=Path, dir_okay=False),
              help="Put it at the end of this file of tests; else it is printed.")  # fmt: skip
@config
@as_json
def record(
    thread: str, folder: Path, name: str, file: Path | None, config: Path, json_: bool
) -> None:
    """Make a test of a real decision, without a word of what the customer wrote.

    Exit 1 if the rules in FOLDER decide otherwise by now.
    """
    id = int(thread.removeprefix("#")) if thread.removeprefix("#").isdecimal() else 0
    if not id:
        raise click.UsageError(f"“{thread}” is no thread; write its number, as in 4812 or '#4812'")
    answer = client(config).get(f"/api/admin/explain/{id}")
    decided = msgspec.convert(answer["explanation"], Decided, strict=False)
    made = recording(decided, id, load(folder), folder, name=name, file=file)
    if file is not None:
        save(made, file)
    if json_:
        print_json({"test": made.text, "doubts": made.doubts, "faults": made.faults})
    else:
        click.echo(made.text if file is None else f"{made.name} → {file}", nl=file is not None)
        for said in (*made.doubts, *made.faults):
            click.echo(f"# {said}", err=True)
    if made.faults:
        sys.exit(1)


COMMANDS: Sequence[click.Command] = (diff, graph, record)
"""What `omniroute.cli.rules` adds to its group."""
