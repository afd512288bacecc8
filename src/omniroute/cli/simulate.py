"""``omniroute simulate``: what a desk would do with arrivals, invented or from a file."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from omniroute.cli.live import Live
from omniroute.cli.output import as_json, print_json, progress, table
from omniroute.core.spans import UNITS, parse_span
from omniroute.errors import ConfigError
from omniroute.simulate import plots, report
from omniroute.simulate.distributions import Distribution, exponential
from omniroute.simulate.load import load
from omniroute.simulate.rehearsal import Chance, Desk, Rehearsal, read_desk
from omniroute.simulate.replications import Result, bin_width, cores
from omniroute.simulate.replications import simulate as run
from omniroute.simulate.tables import Arrivals
from omniroute.simulate.tables import arrivals as read_arrivals
from omniroute.simulate.what_if import WhatIf
from omniroute.simulate.what_if import parse as parse_what_if

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("scenario", type=FILE, required=False)
@click.option(
    "--processes", type=click.IntRange(1), help="How many runs at a time; all cores if left out."
)
@click.option(
    "--plot",
    type=FOLDER,
    metavar="FOLDER",
    help="Draw waits, service level, occupancy and queue over the day into a folder.",
)
@click.option("--rules", type=click.Path(path_type=Path), help="Instead: a folder with rules.")
@click.option("--arrivals", type=FILE, help="With --rules: a CSV file of arrivals.")
@click.option("--agents", type=click.IntRange(1), help="With --rules: so many of the team.")
@click.option(
    "--handling", default="6m", show_default=True, help="With --rules: mean time a thread takes."
)
@click.option("--patience", help="With --rules: mean time until a waiting customer leaves.")
@click.option("--accept", help="With --rules: mean time until an offer is accepted.")
@click.option("--seed", default=1, show_default=True, help="With --rules: of what is drawn.")
@click.option("--speed", help="With --rules: watch the day pass, 60x as fast for instance.")
@click.option(
    "--what-if",
    multiple=True,
    metavar="CHANGE",
    help="With --rules: such as “ana offline 12:00-14:00”.",
)
@as_json
def simulate(
    scenario: Path | None,
    processes: int | None,
    plot: Path | None,
    rules: Path | None,
    arrivals: Path | None,
    agents: int | None,
    handling: str,
    patience: str | None,
    accept: str | None,
    seed: int,
    speed: str | None,
    what_if: Sequence[str],
    json_: bool,
) -> None:
    """Run a scenario, or a day of a desk's own rules, through the real engine.

    \b
    omniroute simulate week.yaml --plot plots
    omniroute simulate --rules routing_rules --arrivals mon.csv --what-if "ana offline 12:00-14:00"
    """
    if (scenario is None) == (rules is None):
        raise click.UsageError("name a scenario, or a folder by --rules")
    if scenario is not None:
        loaded = load(scenario)
        with progress(f"simulating {scenario.name}", quiet=json_) as move:
            series = plot is not None
            result = run(loaded, processes=processes or cores(), series=series, progress=move)
        return _show(result, plot, json_)
    if rules is None or arrivals is None:
        raise click.UsageError("--rules needs --arrivals")
    chance = Chance(
        _mean("--handling", handling),
        _mean("--patience", patience) if patience else None,
        _mean("--accept", accept) if accept else None,
        seed,
    )
    desk = read_desk(rules, agents)
    what_ifs = [parse_what_if(said, [member.id for member in desk.members]) for said in what_if]
    day = _Day(desk, read_arrivals(arrivals), chance, what_ifs)
    result = day.run(_factor(speed), plot is not None, quiet=json_)
    _show(result, plot, json_)
    if what_if and not json_:
        click.echo(f"with the what-if: {report.in_short(result)}")
        click.echo(f"without it: {report.in_short(day.without().run(None, False, quiet=True))}")
    return None


class _Day:
    """A rehearsal with its files read."""

    def __init__(
        self,
        desk: Desk,
        arrivals: Arrivals,
        chance: Chance,
        what_ifs: Sequence[WhatIf] = (),
    ) -> None:
        self._desk, self._arrivals = desk, arrivals
        self._chance, self._what_ifs = chance, what_ifs

    def without(self) -> _Day:
        """The same day, and the same customers, with nothing changed."""
        return _Day(self._desk, self._arrivals, self._chance)

    def run(self, speed: float | None, series: bool, quiet: bool) -> Result:
        """The day, watched unless *quiet*."""
        times = self._arrivals.times
        live = None if quiet else Live(times[0], times[-1], speed, sys.stderr)
        began = time.perf_counter()
        world = Rehearsal(
            self._desk,
            self._arrivals,
            self._chance,
            what_ifs=self._what_ifs,
            width=bin_width(times[-1] - times[0]) if series else 0.0,
            watch=live.watch if live is not None else None,
        )
        if live is not None:
            live.world = world
        tally = world.run()
        if live is not None:
            live.end()
        return Result(world.scenario, tally, (tally,), time.perf_counter() - began)


def _show(result: Result, plot: Path | None, json_: bool) -> None:
    if plot is not None:
        plots.write(result, plot)
    if json_:
        return print_json(report.as_json(result))
    rows = report.rows(result)
    click.echo(table(rows, report.columns(rows)))
    click.echo(report.groups(result))
    if plot is not None:
        click.echo(f"pictures and their figures: {plot / 'index.html'}")
    return click.echo(report.closing(result))


def _mean(option: str, said: str) -> Distribution:
    try:
        return exponential(parse_span(said) / UNITS["m"])
    except (ValueError, ZeroDivisionError):
        raise ConfigError(option, f"“{said}” is no span", "as in 45s, 6m or 1h30m") from None


def _factor(said: str | None) -> float | None:
    if said is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x?", said)
    if found is None or not float(found[1]):
        raise ConfigError("--speed", f"“{said}” is no speed", "as in 60x")
    return float(found[1])
