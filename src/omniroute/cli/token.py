"""``omniroute token``: let other people's programs use the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from omniroute.application.authorize import SCOPES
from omniroute.application.tokens import MOST_DAYS, USUAL_DAYS
from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table


@click.group()
def token() -> None:
    """Let other people's programs use the API."""


@token.command()
@click.argument("name")
@click.argument("scopes", nargs=-1, required=True, metavar="SCOPE...")
@click.option("--agent", default="", help="In whose name it acts: an agent, or a bot of the team.")
@click.option(
    "--days", default=USUAL_DAYS, type=click.IntRange(1, MOST_DAYS), show_default=True,
    help="How long it works.",
)  # fmt: skip
@config
@as_json
def create(
    name: str, scopes: tuple[str, ...], agent: str, days: int, config: Path, json_: bool
) -> None:
    """Print a token called NAME; it is shown this once."""
    wanted = {"name": name, "scopes": scopes, "agent": agent, "days": days}
    answer = client(config).post("/api/v1/tokens", wanted)
    if json_:
        return print_json(answer)
    click.echo(answer["token"])
    until = f"{_day(answer['about']['expires'])}; it is not shown again"
    return click.echo(f"It may {', '.join(answer['about']['scopes'])} until {until}.", err=True)


create.help = f"{create.help}\n\nA SCOPE is one of: {', '.join(SCOPES)}."


@token.command(name="list")
@config
@as_json
def list_(config: Path, json_: bool) -> None:
    """List the tokens that work: never the tokens themselves."""
    items = client(config).get("/api/v1/tokens")["items"]
    if json_:
        return print_json(items)
    if not items:
        return click.echo("no program has a token")
    rows = [
        {
            **item,
            "scopes": " ".join(item["scopes"]),
            "expires": _day(item["expires"]),
            "used": _day(item["used"]) if item["used"] else "never",
        }
        for item in items
    ]
    return click.echo(table(rows, ("id", "name", "agent", "scopes", "expires", "used", "by")))


@token.command()
@click.argument("id")
@config
@as_json
def revoke(id: str, config: Path, json_: bool) -> None:
    """End the token with this ID."""
    answer = client(config).delete(f"/api/v1/tokens/{quote(id, safe='')}")
    return print_json(answer) if json_ else click.echo(f"{id} works no more")


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"
