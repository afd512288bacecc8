"""``omniroute agent``: let agents in, to the console and to desks on other platforms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json


@click.group()
def agent() -> None:
    """Let agents into the console, and to desks on other platforms."""


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


@agent.command()
@click.argument("agent")
@click.option("--desk", default="", help="Which, where several channels bring one.")
@config
@as_json
def invite(agent: str, desk: str, config: Path, json_: bool) -> None:
    """Print how AGENT binds an account, once, within a day."""
    answer = client(config).post("/api/admin/invitations", {"agent": agent, "desk": desk})
    return print_json(answer) if json_ else click.echo(answer["text"])


@agent.command()
@click.argument("agent")
@config
@as_json
def accounts(agent: str, config: Path, json_: bool) -> None:
    """List the accounts that AGENT has bound, and who changed what."""
    answer = client(config).get(f"/api/admin/accounts/{quote(agent, safe='')}")
    if json_:
        return print_json(answer)
    for one in answer["accounts"]:
        click.echo(
            f"{one['kind']:10} {one['value']:20} {one['display']}  since {_day(one['since'])}"
        )
    if not answer["accounts"]:
        click.echo(f"{agent} has bound no account")
    for one in answer["audit"]:
        about = f"{one['kind']} {one['value']}".strip()
        click.echo(f"  {_day(one['at'])}  {one['what']} {about} by {one['by']}")
    return None


@agent.command()
@click.argument("agent")
@click.option("--kind", default="", help="Only accounts of this platform.")
@click.option("--account", default="", help="Only this one.")
@config
@as_json
def unbind(agent: str, kind: str, account: str, config: Path, json_: bool) -> None:
    """Take accounts from AGENT, and the codes that were not used: all, unless named."""
    asked = {"agent": agent, "kind": kind, "account": account}
    answer = client(config).post("/api/admin/unbind", asked)
    if json_:
        return print_json(answer)
    return click.echo(f"{answer['unbound']} taken from {agent}")


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"
