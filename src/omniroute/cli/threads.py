"""``omniroute threads`` and ``omniroute why``: what a running server has on its hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from omniroute.application.words import priority
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
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
@config
@as_json
def why(thread: str, config: Path, json_: bool) -> None:
    """Say why a thread is where it is, on one screen."""
    answer = client(config).get(f"/api/threads/{number(thread)}/why")
    return print_json(answer) if json_ else click.echo(answer["text"])
