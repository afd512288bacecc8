"""``omniroute report``: what came and went in a span of time, how fast, and who did it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlencode

import click
import msgspec

from omniroute.application import figures
from omniroute.application.measures import MEASURES, PARTS
from omniroute.application.reporting import DAY, MINUTE, By, Group, Readings, Report
from omniroute.application.stats import Stats
from omniroute.application.words import span
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.cli.past import moment
from omniroute.errors import ConfigError

QUEUES: Final = ("queue", "waiting", "assigned", "snoozed", "oldest", "late")
ARTICLES: Final = ("article", "proposed", "helped", "came_back")
LINES: Final = ("measure", "now", "of", "p90", "p95", "before", "change")
GROUPS: Final = [name for name in get_args(By) if name]


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True)
@click.option("--since", metavar="TIME", help="From then on, instead of so many days.")
@click.option("--until", metavar="TIME", help="Up to then: ISO 8601 with zone; now unless given.")
@click.option("--by", type=click.Choice(GROUPS), help="In groups, too.")
@click.option("--queue", help="Of this queue alone.")
@click.option("--channel", help="Of this channel alone.")
@click.option("--agent", help="Of this agent alone, by id.")
@click.option("--tag", help="Of threads with this tag alone.")
@click.option("--topic", help="Of threads with this topic alone.")
@click.option(
    "--limit", type=click.IntRange(0, 99_999), default=5, show_default=True,
    help="Limit of the service level, in minutes.",
)  # fmt: skip
@click.option("--zone", default="", help="In which a day begins; the desk's unless given.")
@click.option("--csv", "csv_", is_flag=True, help="Print a table for spreadsheets.")
@config
@as_json
def report(
    days: int,
    since: str | None,
    until: str | None,
    limit: int,
    config: Path,
    csv_: bool,
    json_: bool,
    **asked: str | None,
) -> None:
    """Say what came and went, how fast and by whom, beside as long a time before; and how queues
    stand now.

    What each measure means, and an article's figures, docs/reference/measures.md says.
    """
    end = moment(until)
    begin = moment(since) if since else end - days * DAY
    if begin >= end:
        raise ConfigError("--since", "the span ends before it begins", "swap since and until")
    named = {name: value for name, value in asked.items() if value}
    query = urlencode({"since": begin, "until": end, "limit": limit * MINUTE, **named})
    found = msgspec.convert(client(config).get(f"/api/v1/reports?{query}"), Report)
    if csv_:
        return click.echo(figures.as_csv(found), nl=False)
    now = msgspec.convert(client(config).get(f"/api/v1/stats?since={begin}&until={end}"), Stats)
    if json_:
        return print_json({**msgspec.to_builtins(now), **msgspec.to_builtins(found)})
    click.echo(
        f"{span(end - begin)}: {_count(found, 'opened')} threads opened,"
        f" {_count(found, 'resolved')} resolved; {_count(found, 'received')} messages in,"
        f" {_count(found, 'replies')} answers\n"
    )
    for part in PARTS:
        rows = list(_lines(found, part))
        if rows:
            click.echo(f"{PARTS[part]}\n{table(rows, LINES)}\n")
    for part, title in PARTS.items():
        _groups(found.groups, part, title, found.by)
    _now(now)
    return None


def _lines(found: Report, part: str) -> Iterator[Mapping[str, object]]:
    for measure in MEASURES:
        now, before = found.readings.get(measure.name), found.earlier.get(measure.name)
        if measure.part == part and (now is not None or before is not None):
            p90 = span(now.p90) if now is not None and now.p90 is not None else ""
            p95 = span(now.p95) if now is not None and now.p95 is not None else ""
            yield {
                "measure": measure.title,
                "now": figures.shown(measure.name, now),
                "of": _of(measure.name, found.readings),
                "p90": p90,
                "p95": p95,
                "before": figures.shown(measure.name, before),
                "change": figures.change(measure.name, now, before),
            }


def _groups(groups: tuple[Group, ...], part: str, title: str, by: str) -> None:
    """A table of one part, with the measures that say anything of the groups."""
    wanted = [measure for measure in figures.said_of(groups) if measure.part == part]
    if not wanted:
        return
    rows = [
        {by: group.name or "none"}
        | {m.title: _cell(m.name, group.readings) for m in wanted}
        for group in groups
        if group.key or any(m.name in group.readings for m in wanted)
    ]  # fmt: skip
    click.echo(f"{title}, by {by}\n{table(rows, [by, *(m.title for m in wanted)])}\n")


def _cell(name: str, readings: Readings) -> str:
    of = _of(name, readings)
    return figures.shown(name, readings.get(name)) + (f" of {of}" if of else "")


def _count(found: Report, name: str) -> str:
    return figures.shown(name, found.readings.get(name))


def _of(name: str, readings: Readings) -> str:
    reading = readings.get(name)
    return str(reading.number) if reading is not None and figures.sampled(name) else ""


def _now(found: Stats) -> None:
    """How the queues stand, and what came of articles."""
    queues = [msgspec.to_builtins(queue) | {"oldest": span(queue.oldest)} for queue in found.queues]
    click.echo("Queues now\n" + table(queues, QUEUES))
    if found.articles:
        articles = msgspec.to_builtins(found.articles)
        click.echo("\nArticles instead of an agent\n" + table(articles, ARTICLES))
