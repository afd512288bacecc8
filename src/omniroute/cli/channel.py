"""``omniroute channel``: the channels of a running server, and what they could not read."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.errors import did_you_mean

AUTHORS: Final[Mapping[str, str]] = {
    "new": "channel_making:new",
    "try": "channel_trying:try_",
    "record": "channel_live:record",
    "replay": "channel_trying:replay",
    "check": "channel_making:check",
    "doctor": "channel_live:doctor",
    "info": "channel_making:info",
}
"""Commands that need more than the others; imported when they are asked for."""


class Commands(click.Group):
    """The commands below, and those of `AUTHORS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those about a running server first."""
        return [*super().list_commands(ctx), *AUTHORS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in AUTHORS:
            module, _, name = AUTHORS[cmd_name].partition(":")
            found = importlib.import_module(f"omniroute.cli.{module}")
            command: click.Command = getattr(found, name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands)
def channel() -> None:
    """Look at channels and at their dead letters; write one of your own."""


@channel.command("list")
@click.option("--installed", is_flag=True, help="The kinds that can be opened here, instead.")
@config
@as_json
def list_(installed: bool, config: Path, json_: bool) -> None:
    """List channel accounts with their health and what to do."""
    if installed:
        kinds = _installed()
        return print_json(kinds) if json_ else click.echo(table(kinds, ("kind", "label", "plugin")))
    rows = client(config).get("/api/admin/channels")
    if json_:
        return print_json(rows)
    shown = [{**row, "state": "ok" if row["ok"] else "needs you"} for row in rows]
    return click.echo(table(shown, ("kind", "account", "state", "found", "fix")))


def _installed() -> list[dict[str, str]]:
    """The kinds of channel that plugins bring; needs no server."""
    from omniroute.plugins import Plugins

    plugins = Plugins()
    plugins.load_installed()
    return [
        {"kind": kind, "label": str(getattr(each, "label", kind)), "plugin": each.__module__}
        for kind, each in sorted(plugins.channels().items())
    ]


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
@click.option("--end", metavar="WHERE", help="End the pause there: a domain, or everywhere.")
@config
@as_json
def pauses(end: str | None, config: Path, json_: bool) -> None:
    """List where automatic replies pause, and why; or end such a pause."""
    server = client(config)
    rows = server.get("/api/admin/pauses")
    if end is not None:
        known = {row["where"]: row["realm"] for row in rows}
        if end not in known:
            hint = did_you_mean(end, known) or f"they pause {', '.join(known) or 'nowhere'}"
            raise click.UsageError(f"no automatic replies pause at “{end}” — {hint}")
        answer = server.post("/api/admin/pauses/end", {"realm": known[end]})
        return print_json(answer) if json_ else click.echo(answer["text"])
    if json_:
        return print_json(rows)
    if not rows:
        return click.echo("automatic replies go out everywhere")
    shown = [{**row, "until": _moment(row["until"])} for row in rows]
    return click.echo(table(shown, ("where", "because", "until")))


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%Y-%m-%d %H:%M}"


@channel.command()
@click.argument("letter", type=int)
@config
@as_json
def retry(letter: int, config: Path, json_: bool) -> None:
    """Read a dead letter again, as after a fix."""
    answer = client(config).post(f"/api/admin/dead-letters/{letter}/retry")
    return print_json(answer) if json_ else click.echo(f"dead letter {letter} is read again")
