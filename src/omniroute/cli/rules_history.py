"""``omniroute rules``, what has a history: versions, trials, what is live, going back."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.cli.rules_backtest import backtest
from omniroute.core.spans import parse_span, show_span
from omniroute.rules.load import draft, rule_files
from omniroute.rules.testing import read_suites, run_all
from omniroute.rules.testing.cases import files_of_tests

F = TypeVar("F", bound=Callable[..., object])

FOLDER = Path("routing_rules")
API = "/api/admin/rules"
COLUMNS = ("version", "state", "when", "by", "how", "tests", "message")


def said(function: F) -> F:
    """Who does it, and why."""
    function = click.option(
        "--by", metavar="NAME", default=None, help="Who does it; your login unless given."
    )(function)
    return click.option("--message", "-m", default="", help="Why, in a line.")(function)


def author(by: str | None) -> str:
    """The name that was given, else that of the login."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@click.command()
@config
@as_json
def versions(config: Path, json_: bool) -> None:
    """List the versions of the rules: what is live, on trial, was, with who and why."""
    found = client(config).get(f"{API}/versions")
    if json_:
        return print_json(found)
    rows = [row for view in found for row in _rows(view)]
    return click.echo(table(rows, COLUMNS))


def _rows(view: Mapping[str, Any]) -> list[dict[str, object]]:
    """A line for each thing that was done with a version, its name on the first."""
    acts = view["acts"] or [{}]
    return [
        {
            "version": view["version"] if number == 0 else "",
            "state": view["state"] if number == 0 else "",
            "when": _moment(act["at"]) if "at" in act else "",
            "by": act.get("by", ""),
            "how": _how(act),
            "tests": _tests(act.get("tests")),
            "message": act.get("message", ""),
        }
        for number, act in enumerate(acts)
    ]


def _how(act: Mapping[str, Any]) -> str:
    how = str(act.get("how", ""))
    if share := act.get("share"):
        how += f" {share * 100:.4g}%"
    if until := act.get("until"):
        how += f" {show_span(until - act['at'])}"
    return how


def _tests(run: Mapping[str, int] | None) -> str:
    if not run:
        return ""
    return f"{run['passed']} passed" + (f", {run['failed']} failed" if run["failed"] else "")


@click.command()
@click.argument("version")
@config
@as_json
def show(version: str, config: Path, json_: bool) -> None:
    """Print the files of a VERSION, and what was done with it; its first letters are enough."""
    found = client(config).get(f"{API}/versions/{version}")
    if json_:
        return print_json(found)
    click.echo(table(_rows(found), COLUMNS))
    for name, text in found["files"].items():
        click.echo(f"\n# {name}\n{text.rstrip()}")
    return None


@click.command()
@click.argument("rules", metavar="[DIR|VERSION]", default=str(FOLDER))
@click.option("--shadow", metavar="SPAN", help="Decide beside the live rules, without effect.")
@click.option("--canary", metavar="SHARE", help="Decide for a share of the customers: 10%.")
@click.option("--live", is_flag=True, help="Decide for everybody from now on.")
@click.option("--for", "span", metavar="SPAN", help="How long a canary lasts; to the end of time.")
@click.option("--reevaluate", is_flag=True, help="Put waiting threads under them, too.")
@click.option("--despite-tests", is_flag=True, help="Even if a test in DIR/tests fails.")
@said
@config
@as_json
def promote(
    rules: str,
    shadow: str | None,
    canary: str | None,
    live: bool,
    span: str | None,
    reevaluate: bool,
    despite_tests: bool,
    message: str,
    by: str | None,
    config: Path,
    json_: bool,
) -> None:
    """Try rules beside the live ones, or have them decide.

    \b
    omniroute rules promote new.yaml --shadow 24h
    omniroute rules promote new.yaml --canary 10%
    omniroute rules promote new.yaml --live -m "refund wording"
    """
    given = {"shadow": shadow, "canary": canary, "live": live}
    modes = [mode for mode, wanted in given.items() if wanted]
    if len(modes) != 1:
        raise click.UsageError("say one of --shadow SPAN, --canary SHARE or --live")
    asked: dict[str, object] = {
        "mode": modes[0],
        "message": message,
        "by": author(by),
        "reevaluate": reevaluate,
        **_which(rules, despite_tests),
    }
    if canary:
        asked["share"] = _share(canary)
    if lasting := shadow or span:
        asked["span"] = _span(lasting)
    done = client(config).post(f"{API}/promote", asked)
    if json_:
        return print_json(done)
    click.echo(_promoted(done, asked))
    for change in (done.get("trial") or {}).get("changes", ()):
        click.echo(f"  {change_text(change)}")
    return None


def _which(rules: str, despite: bool) -> dict[str, object]:
    """The files of a folder, or a version by name.  Raises `ConfigErrors`."""
    path = Path(rules)
    if not path.exists() and rules.isalnum() and rules == rules.lower():
        return {"version": rules}
    files = rule_files(path)
    if faults := draft(files).faults:
        for fault in faults:
            click.echo(f"error   {fault}", err=True)
        sys.exit(1)
    texts = {name: data.decode("utf-8") for name, data in files.items()}
    return {"files": texts, "tests": tested(path, despite)}


def tested(folder: Path, despite: bool) -> dict[str, int] | None:
    """How the tests beside rules went; None where there are none.

    Ends the command where one fails, unless *despite* that.
    """
    if not folder.is_dir() or not files_of_tests(folder):
        return None
    report = run_all(read_suites(folder))
    if report.failed and not despite:
        click.echo(str(report), err=True)
        click.echo("nothing has changed; --despite-tests goes on", err=True)
        sys.exit(1)
    return {"passed": len(report.outcomes) - report.failed, "failed": report.failed}


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise click.UsageError(f"--canary {text}: a share from above 0% to 100%, as in 10%")
    return share


def _span(text: str) -> int:
    try:
        return parse_span(text)
    except ValueError as error:
        raise click.UsageError(f"{text}: {error}") from None


def _promoted(done: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    named = f"version {done['version']}{_who(done['act'])}"
    match done["mode"]:
        case "live":
            moved = f", {done['moved']} waiting threads moved" if done.get("moved") else ""
            return f"live: {named}: {done['rules']} rules{moved}"
        case "shadow":
            lasting = f" {show_span(asked['span'])}" if asked.get("span") else ""
            return f"shadow{lasting}: {named} → {trial_text(done['trial'])}"
    return f"canary {asked['share'] * 100:.4g}%: {named} → {trial_text(done['trial'])}"


def _who(act: Mapping[str, Any]) -> str:
    words = [act["by"]] if act.get("by") else []
    words += [f"“{act['message']}”"] if act.get("message") else []
    return f" ({', '.join(words)})" if words else ""


def trial_text(trial: Mapping[str, Any]) -> str:
    """What a trial has shown, in a line."""
    if trial["mode"] == "shadow":
        return f"no effect; {trial['differ']} of {trial['decided']} differ"
    share = f"{trial['share'] * 100:.4g}%"
    return f"decides for {share} of the customers; {trial['decided']} of {trial['all']} so far"


def change_text(change: Mapping[str, Any]) -> str:
    """A kind of difference, in a line."""
    moved = f"{change['before'] or 'none'} → {change['after'] or 'none'}"
    if change["before"] == change["after"]:
        moved = "other"
    what = "" if change["what"] == "queue" else f"{change['what']} "
    said = f" “{change['said']}”" if change.get("said") else ""
    by = f"by rule {change['rule']}" if change["rule"] else "by no rule"
    return f"{what}{moved} {change['count']} {by}  e.g. #{change['thread']}{said}"


@click.command()
@click.option("--end", is_flag=True, help="End it: only the live rules are asked from now on.")
@said
@config
@as_json
def trial(end: bool, message: str, by: str | None, config: Path, json_: bool) -> None:
    """Show what the rules on trial do otherwise than the live ones; exit 1 where there are none."""
    server = client(config)
    if end:
        server.post(f"{API}/stop", {"message": message, "by": author(by)})
        return print_json({"ok": True}) if json_ else click.echo("nothing is on trial any more")
    found = server.get(f"{API}/trial")
    if json_:
        print_json(found)
    elif found is None:
        click.echo("nothing is on trial")
    else:
        until = f" until {_moment(found['until'])}" if found["until"] else ""
        over = " (over)" if found["over"] else ""
        since = f"since {_moment(found['since'])}{until}{over}"
        click.echo(f"{found['mode']} of version {found['version']}, {since}: {trial_text(found)}")
        for change in found["changes"]:
            click.echo(f"  {change_text(change)}")
    if found is None:
        sys.exit(1)
    return None


@click.command()
@click.argument("version", default="")
@click.option("--reevaluate", is_flag=True, help="Put waiting threads under it, too.")
@said
@config
@as_json
def rollback(
    version: str, reevaluate: bool, message: str, by: str | None, config: Path, json_: bool
) -> None:
    """Have the version before decide again, or a VERSION; threads that wait stay where they are."""
    began = time.perf_counter()
    asked = {"version": version, "message": message, "by": author(by), "reevaluate": reevaluate}
    done = client(config).post(f"{API}/rollback", asked)
    if json_:
        return print_json(done)
    moved = f", {done['moved']} waiting threads moved" if done.get("moved") else ""
    took = time.perf_counter() - began
    who = _who(done["act"])
    return click.echo(f"live: version {done['version']}{who} restored in {took:.1f} s{moved}")


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@config
@as_json
def stale(days: int, config: Path, json_: bool) -> None:
    """Name the live rules that never matched, and languages and facts that no rule asks for."""
    found = client(config).get(f"{API}/usage?days={days}")
    unused = [rule for rule in found["rules"] if not rule["total"]]
    if json_:
        unseen = {"languages": found["languages"], "facts": found["facts"]}
        return print_json({"days": days, "routed": found["routed"], "stale": unused, **unseen})
    width = max((len(rule["id"]) for rule in unused), default=0)
    for rule in unused:
        click.echo(f"{rule['id']:<{width}}  {rule['place']}  never matched in {_days(days)}")
    for what in ("languages", "facts"):
        if found[what]:
            listed = ", ".join(f"{name} ({count})" for name, count in found[what].items())
            click.echo(f"{what} seen in the last {_days(days)} without a rule: {listed}")
    if found["unmatched"]:
        click.echo(f"{found['unmatched']} of {found['routed']} threads were taken by no rule")
    if not unused and not found["languages"] and not found["facts"]:
        click.echo(f"every rule matched in the last {_days(days)} ({found['routed']} threads)")
    return None


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%Y-%m-%d %H:%M}"


COMMANDS: Sequence[click.Command] = (
    versions,
    show,
    promote,
    trial,
    rollback,
    backtest,
    stale,
)
"""What `omniroute.cli.rules` adds to its group."""
