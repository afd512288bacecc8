"""``omniroute rules``: check the files, explain a routing, reload a running server's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import click

from omniroute.cli import rules_files, rules_history
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, progress
from omniroute.cli.past import moment, moment_of
from omniroute.core.conditions import FACTS, PRIVATE
from omniroute.core.model import Fact
from omniroute.core.observations import Texts
from omniroute.errors import ConfigError, did_you_mean
from omniroute.rules.check import check as check_folder
from omniroute.rules.explain import explain as explain_routing
from omniroute.rules.explain import standing
from omniroute.rules.load import accepted, load, read
from omniroute.rules.schema import schema as rules_schema
from omniroute.rules.schema import schema_of_tests, team_schema
from omniroute.rules.tell import tell
from omniroute.rules.testing import Report, junit, read_suites, run_all
from omniroute.rules.testing.cases import SHORT, SUFFIX, known_facts
from omniroute.runtime.clock import SystemClock

FOLDER = Path("routing_rules")
folder = click.argument(
    "folder", type=click.Path(path_type=Path), default=FOLDER, metavar="[FOLDER]"
)
MANY = 200  # tests from which on a bar is shown


@click.group()
def rules() -> None:
    """Check, explain, try and promote the routing rules."""


@rules.command()
@folder
@click.option("--live", is_flag=True, help="Say also what nobody who is online now can meet.")
@config
@as_json
def check(folder: Path, live: bool, config: Path, json_: bool) -> None:
    """Find what is wrong or doubtful in a folder of rules; exit 1 on errors."""
    online = rules_files.online(config) if live else None
    report = check_folder(folder, SystemClock().now(), online)
    if json_:
        print_json({"findings": report.findings, "counts": report.counts})
    else:
        click.echo(str(report))
    if report.count("error"):
        sys.exit(1)


@rules.command()
@folder
@click.option("--run", "named", default="", metavar="NAME", help="Tests with this in their name.")
@click.option("--strict", is_flag=True, help="A fact that a rule asks for must be given.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False),
              help="Write JUnit XML to this file.")  # fmt: skip
@click.option("--fail-under", type=click.IntRange(0, 100), default=0, metavar="N",
              help="Fail if less than N % of the rules have matched.")  # fmt: skip
@as_json
def test(
    folder: Path,
    named: str,
    strict: bool,
    junit_file: Path | None,
    fail_under: int,
    json_: bool,
) -> None:
    """Run the tests in FOLDER/tests, and say which rules none of them covers; exit 1 on failure.

    FOLDER may also be a single file of tests.
    """
    suites = read_suites(folder)
    others = [] if folder.name.endswith(SUFFIX) else [load(folder)]
    many = sum(len(suite.cases) for suite in suites)
    with progress("tests", quiet=json_ or many < MANY) as move:
        report = run_all(suites, others, named=named, strict=strict, progress=move)
    if junit_file is not None:
        junit_file.write_bytes(junit(report))
    if not report.outcomes:
        raise ConfigError(f"--run {named}", "no test has that in its name")
    short = not named and report.coverage < fail_under
    if json_:
        print_json(_as_json(report))
    else:
        click.echo(str(report))
    if short:
        click.echo(f"rule coverage {report.coverage}% is under {fail_under}%", err=True)
    if report.failed or short:
        sys.exit(1)


def _as_json(report: Report) -> dict[str, object]:
    return {
        "tests": report.outcomes,
        "passed": len(report.outcomes) - report.failed,
        "failed": report.failed,
        "seconds": report.seconds,
        "coverage": report.coverage,
        "uncovered": report.uncovered,
    }


@rules.command()
@click.argument("thread", required=False, metavar="[#THREAD]")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--given", multiple=True, metavar="FACT=VALUE", help="A fact; text, email, … too.")
@click.option("--at", metavar="TIME", help="ISO 8601 with zone; now unless given.")
@config
@as_json
def explain(
    thread: str | None,
    folder: Path,
    given: Sequence[str],
    at: str | None,
    config: Path,
    json_: bool,
) -> None:
    """Explain where a message would go (--given), or why a thread went where it went (#4812).

    \b
    omniroute rules explain --given channel=email --given text="My refund?"
    omniroute rules explain '#4812'
    omniroute rules explain '#4812' --at 2026-03-02T10:15+01:00
    """
    if thread is not None and at is not None:
        with moment_of(config, number(thread), moment(at), quiet=json_) as then:
            told = then.explained()
        return print_json(told) if json_ else click.echo(told["text"])
    if thread is not None:
        answer = client(config).get(f"/api/admin/explain/{number(thread)}")
        return print_json(answer) if json_ else click.echo(answer["text"])
    if not given:
        raise click.UsageError("name a thread, or facts by --given")
    draft = read(folder)
    rule_set, team = accepted(draft), standing(draft.team or ())
    facts, texts = _read(given)
    explanation = explain_routing(rule_set, facts, at=moment(at), team=team, texts=texts)
    _check_asked(facts, known_facts(rule_set).keys())
    if json_:
        return print_json(explanation)
    return click.echo(tell(explanation, rule_set))


@rules.command()
@click.option("--reevaluate", is_flag=True, help="Put waiting threads under them, too.")
@rules_history.said
@config
@as_json
def reload(reevaluate: bool, message: str, by: str | None, config: Path, json_: bool) -> None:
    """Have the running server read its rules again; what is wrong leaves the last good set."""
    asked = {"message": message, "by": rules_history.author(by), "reevaluate": reevaluate}
    answer = client(config).post("/api/admin/rules/reload", asked)
    if json_:
        return print_json(answer)
    return click.echo(
        f"rules {answer['version']}: {answer['rules']} rules, {answer['agents']} agents"
    )


@rules.command()
@click.option("--team", is_flag=True, help="Of team.yaml instead.")
@click.option("--tests", is_flag=True, help="Of files of tests instead.")
def schema(team: bool, tests: bool) -> None:
    """Print the JSON Schema that editors check rule files by."""
    if team and tests:
        raise click.UsageError("--team or --tests, not both")
    print_json(team_schema() if team else schema_of_tests() if tests else rules_schema())


def number(thread: str) -> int:
    """The number in ``#4812``.  Raises `UsageError`."""
    digits = thread.removeprefix("#")
    if not digits.isdecimal():
        raise click.UsageError(f"“{thread}” is no thread; write its number, as in 4812 or '#4812'")
    return int(digits)


def _read(given: Sequence[str]) -> tuple[dict[str, Fact | tuple[str, ...]], Texts]:
    facts: dict[str, Fact | tuple[str, ...]] = {"channel": "email", "tags": ()}
    private: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise click.UsageError(f"--given {item}: write FACT=VALUE")
        name = SHORT.get(name, name)
        if name in PRIVATE:
            private[name] = value
        else:
            facts[name] = tuple(value.split(",")) if name == "tags" else _typed(value)
    email = private.get("customer.email")
    return facts, Texts(
        text=private.get("message.text", ""),
        subject=private.get("message.subject", ""),
        emails=(email,) if email else (),
        name=private.get("customer.name", ""),
        language=str(facts.get("message.language") or ""),
    )


def _check_asked(given: Iterable[str], asked: Set[str]) -> None:
    """A misspelt fact would be left out in silence, and the explanation be of another message."""
    for name in given:
        if name not in FACTS and name not in asked:
            hint = did_you_mean(name, {*FACTS, *asked, *SHORT})
            raise ConfigError(f"--given {name}", "no rule asks for that fact", hint)


def _typed(value: str) -> Fact:
    if value in ("true", "false"):
        return value == "true"
    try:
        return int(value)
    except ValueError:
        return value


for _command in (*rules_files.COMMANDS, *rules_history.COMMANDS):
    rules.add_command(_command)
