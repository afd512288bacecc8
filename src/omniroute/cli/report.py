"""``omniroute report``: what came and went in a span of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from omniroute.application.words import span
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.cli.past import moment

DAY = 86_400_000  # ms
QUEUES = ("queue", "waiting", "assigned", "snoozed", "oldest", "late")
ARTICLES = ("article", "proposed", "helped", "came_back")


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
@click.option("--until", metavar="TIME", help="Up to then: ISO 8601 with zone; now unless given.")
@config
@as_json
def report(days: int, until: str | None, config: Path, json_: bool) -> None:
    """Say how the queues stand, what came and went, and which articles spared an agent.

    An article was proposed so often, so many said that it had helped, and so many of these came
    back after all.
    """
    end = moment(until)
    begin = end - days * DAY
    found: dict[str, Any] = client(config).get(f"/api/admin/report?since={begin}&until={end}")
    if json_:
        return print_json(found)
    first = found["first_reply"]
    click.echo(
        f"{days} days: {found['opened']} threads opened, {found['resolved']} resolved;"
        f" {found['received']} messages in, {found['replied']} answers"
    )
    if first["threads"]:
        click.echo(
            f"first answer: {span(first['median'])} in the middle, {span(first['p90'])} for nine"
            f" of ten, of {first['threads']}"
        )
    rows = [{**row, "oldest": span(row["oldest"])} for row in found["queues"]]
    click.echo("\n" + table(rows, QUEUES))
    if found["articles"]:
        click.echo("\n" + table(found["articles"], ARTICLES))
    return None
