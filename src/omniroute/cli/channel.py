"""``omniroute channel``: the channels of a running server, and what they could not read."""

from __future__ import annotations

from pathlib import Path

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table


@click.group()
def channel() -> None:
    """Look at channels and at their dead letters."""


@channel.command("list")
@config
@as_json
def list_(config: Path, json_: bool) -> None:
    """List channel accounts with their health and what to do."""
    rows = client(config).get("/api/admin/channels")
    if json_:
        return print_json(rows)
    shown = [{**row, "state": "ok" if row["ok"] else "needs you"} for row in rows]
    return click.echo(table(shown, ("kind", "account", "state", "found", "fix")))


@channel.command("dead-letters")
@config
@as_json
def dead_letters(config: Path, json_: bool) -> None:
    """List what came in and could not be read, with the reason."""
    rows = client(config).get("/api/admin/dead-letters")
    if json_:
        return print_json(rows)
    if not rows:
        return click.echo("no dead letters")
    return click.echo(table(rows, ("id", "channel", "account", "why")))


@channel.command()
@click.argument("letter", type=int)
@config
@as_json
def retry(letter: int, config: Path, json_: bool) -> None:
    """Read a dead letter again, as after a fix."""
    answer = client(config).post(f"/api/admin/dead-letters/{letter}/retry")
    return print_json(answer) if json_ else click.echo(f"dead letter {letter} is read again")
