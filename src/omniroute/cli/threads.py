"""``omniroute threads`` and ``omniroute why``: what a running server has on its hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from omniroute.application.words import priority
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.cli.past import moment, moment_of
from omniroute.cli.rules import number

COLUMNS = ("id", "phase", "queue", "priority", "name", "channel", "agent_name", "excerpt")


@click.command()
@click.option("--search", "words", default="", help="Only threads in which this was said.")
@config
@as_json
def threads(words: str, config: Path, json_: bool) -> None:
    """List threads, the latest message first; of those searched for, the passage that was found."""
    server = client(config)
    if words:
        hits = server.get(f"/api/search?q={quote(words, safe='')}")
        rows = [{**hit["row"], "excerpt": hit["snippet"]} for hit in hits]
    else:
        rows = server.get("/api/threads")
    if json_:
        return print_json(rows)
    if not rows:
        return click.echo("no threads")
    return click.echo(table([_shown(row) for row in rows], COLUMNS))


def _shown(row: dict[str, Any]) -> dict[str, object]:
    urgency = priority(row["priority"])
    return {**row, "id": f"#{row['id']}", "priority": urgency, "excerpt": row["excerpt"][:60]}


@click.command()
@click.argument("thread")
@click.option("--at", metavar="TIME", help="As of a past moment: ISO 8601 with zone.")
@config
@as_json
def why(thread: str, at: str | None, config: Path, json_: bool) -> None:
    """Say why a thread is where it is, on one screen; or where it was at a past moment.

    For the past the journal is folded up to then, beside the server, which does not notice.
    """
    if at is not None:
        with moment_of(config, number(thread), moment(at), quiet=json_) as then:
            return print_json(then.as_json()) if json_ else click.echo(then.why())
    answer = client(config).get(f"/api/threads/{number(thread)}/why")
    return print_json(answer) if json_ else click.echo(answer["text"])
