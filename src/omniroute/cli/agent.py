"""``omniroute agent``: let agents in."""

from __future__ import annotations

from pathlib import Path

import click

from omniroute.cli.client import client
from omniroute.cli.output import config


@click.group()
def agent() -> None:
    """Let agents into the console."""


@agent.command()
@click.argument("agent")
@config
def link(agent: str, config: Path) -> None:
    """Print a link that signs AGENT in once, within a day."""
    click.echo(client(config).post("/api/admin/links", {"agent": agent})["url"])


@agent.command()
@click.argument("agent")
@click.password_option(help="For scripts; a shell may keep what it is told.")
@config
def password(agent: str, password: str, config: Path) -> None:
    """Set AGENT's password, asked for at the prompt."""
    client(config).post("/api/admin/passwords", {"agent": agent, "password": password})
    click.echo(f"{agent} can sign in with the new password")
