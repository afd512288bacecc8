"""``omniroute threads`` and ``omniroute why``: what a running server has on its hands."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.cli.rules import number

COLUMNS = ("id", "phase", "queue", "priority", "name", "channel", "agent_name", "excerpt")


@click.command()
@click.option("--search", "words", default="", help="Only threads in which this was said.")
@config
@as_json
def threads(words: str, config: Path, json_: bool) -> None:
    """List threads, the latest message first."""
    server = client(config)
    if words:
        rows = [hit["row"] for hit in server.get(f"/api/search?q={quote(words)}")]
    else:
        rows = server.get("/api/threads")
    if json_:
        return print_json(rows)
    if not rows:
        return click.echo("no threads")
    short = [{**row, "id": f"#{row['id']}", "excerpt": row["excerpt"][:60]} for row in rows]
    return click.echo(table(short, COLUMNS))


@click.command()
@click.argument("thread")
@config
@as_json
def why(thread: str, config: Path, json_: bool) -> None:
    """Say why a thread is where it is, on one screen."""
    answer = client(config).get(f"/api/threads/{number(thread)}/why")
    return print_json(answer) if json_ else click.echo(answer["text"])
