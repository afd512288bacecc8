"""``omniroute agent``: let agents in."""

from __future__ import annotations

from pathlib import Path

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json


@click.group()
def agent() -> None:
    """Let agents into the console."""


@agent.command()
@click.argument("agent")
@config
@as_json
def link(agent: str, config: Path, json_: bool) -> None:
    """Print a link that signs AGENT in once, within a day."""
    answer = client(config).post("/api/admin/links", {"agent": agent})
    return print_json(answer) if json_ else click.echo(answer["url"])


@agent.command()
@click.argument("agent")
@click.password_option(help="For scripts; a shell may keep what it is told.")
@config
@as_json
def password(agent: str, password: str, config: Path, json_: bool) -> None:
    """Set AGENT's password, asked for at the prompt."""
    answer = client(config).post("/api/admin/passwords", {"agent": agent, "password": password})
    if json_:
        return print_json(answer)
    return click.echo(f"{agent} can sign in with the new password")
