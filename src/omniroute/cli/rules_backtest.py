"""``omniroute rules backtest``: stored history under other rules."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from omniroute.cli.output import as_json, config, print_json, progress
from omniroute.cli.stored import stored
from omniroute.core.rules import RuleSet
from omniroute.core.spans import parse_span
from omniroute.core.state import Counters
from omniroute.errors import ConfigError
from omniroute.rules.backtest import backtest as backtest_history
from omniroute.rules.load import load as load_rules
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.history import history
from omniroute.runtime.versions import kept_rules
from omniroute.server.settings import load
from omniroute.stores.api import Reader

FOLDER = Path("routing_rules")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=FOLDER, metavar="[DIR]")
@click.option("--last", default="30d", show_default=True, metavar="SPAN", help="How far back.")
@click.option("--no-forecast", is_flag=True, help="Only what changes, not what it would mean.")
@config
@as_json
def backtest(folder: Path, last: str, no_forecast: bool, config: Path, json_: bool) -> None:
    """Decide stored history anew: what the rules in DIR do otherwise than the live ones.

    Reads the database beside a running server, which does not notice.  Nothing is changed.  Exit 1
    where the rules have errors or there is nothing to decide.
    """
    span = _span(last)
    after = load_rules(folder)
    with stored(load(config)) as reader:
        before = _live(reader)
        with progress("reading the journal", quiet=json_) as move:
            past = history(reader, SystemClock().now() - span, move)
    if not past.cases:
        raise ConfigError("", f"nothing was routed in the last {last}", "try --last 90d")
    with progress("deciding anew", quiet=json_) as move:
        found = backtest_history(past, before, after, move, forecast=not no_forecast)
    if json_:
        return print_json(found)
    return click.echo(str(found))


def _span(text: str) -> int:
    try:
        return parse_span(text)
    except ValueError as error:
        raise click.UsageError(f"--last {text}: {error}") from None


def _live(reader: Reader) -> RuleSet:
    """The rules that decide now."""
    row = reader.get(["n/"]).get("n/")
    version = msgspec.json.decode(row, type=Counters).rules if row else ""
    return kept_rules(reader, version)[0]
