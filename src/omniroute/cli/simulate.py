"""``omniroute simulate``: what a desk would do with the arrivals of a scenario."""

from __future__ import annotations

from pathlib import Path

import click

from omniroute.cli.output import as_json, print_json, progress, table
from omniroute.simulate import plots, report
from omniroute.simulate.load import load
from omniroute.simulate.replications import cores
from omniroute.simulate.replications import simulate as run


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--processes", type=click.IntRange(1), help="How many at a time; all cores if left out."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Draw waits, service level, occupancy and queue over the day into a folder.",
)
@as_json
def simulate(scenario: Path, processes: int | None, plot: Path | None, json_: bool) -> None:
    """Run a scenario of arrivals and agents through the real engine, on a virtual clock."""
    loaded = load(scenario)
    with progress(f"simulating {scenario.name}", quiet=json_) as move:
        result = run(loaded, processes=processes or cores(), series=plot is not None, progress=move)
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
