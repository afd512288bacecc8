"""``omniroute webhook``: have events sent to other people's programs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table
from omniroute.errors import Refused


@click.group()
def webhook() -> None:
    """Have events sent to other people's programs."""


@webhook.command()
@click.argument("url")
@click.argument("types", nargs=-1, metavar="[EVENT]...")
@click.option("--personal", is_flag=True, help="With what was said, and by whom.")
@config
@as_json
def create(url: str, types: tuple[str, ...], personal: bool, config: Path, json_: bool) -> None:
    """Send events to URL from now on: all, unless some are named (thread.* names a kind).

    Prints the secret that the receiver checks signatures by; it is shown this once.
    """
    wanted = {"url": url, "types": types, "personal": personal}
    answer = client(config).post("/api/v1/webhooks", wanted)
    if json_:
        return print_json(answer)
    click.echo(answer["secret"])
    said = f"Webhook {answer['about']['id']} sends from now on; its secret is not shown again."
    return click.echo(said, err=True)


@webhook.command(name="list")
@config
@as_json
def list_(config: Path, json_: bool) -> None:
    """List where events go, and how that works."""
    items = client(config).get("/api/v1/webhooks")["items"]
    if json_:
        return print_json(items)
    if not items:
        return click.echo("nothing is sent anywhere")
    rows = [
        {
            **item,
            "events": " ".join(item["types"]) or "all",
            "state": f"off: {item['disabled']}" if item["disabled"] else item["error"] or "well",
        }
        for item in items
    ]
    return click.echo(table(rows, ("id", "url", "events", "sent", "waiting", "lost", "state")))


@webhook.command()
@click.argument("id")
@config
@as_json
def test(id: str, config: Path, json_: bool) -> None:
    """Send an event that says nothing, now and once; exit 1 if it was not taken."""
    answer = client(config).post(f"{_one(id)}/test")
    if json_:
        return print_json(answer)
    if not answer["ok"]:
        raise Refused("not_taken", f"It was not taken: {answer['error']}.")
    return click.echo("it was taken")


@webhook.command()
@click.argument("id")
@config
@as_json
def enable(id: str, config: Path, json_: bool) -> None:
    """Send again, after it was switched off; what was missed is in GET /events."""
    answer = client(config).post(f"{_one(id)}/enable")
    return print_json(answer) if json_ else click.echo(f"{id} sends from now on")


@webhook.command()
@click.argument("id")
@config
@as_json
def delete(id: str, config: Path, json_: bool) -> None:
    """Send nothing more there."""
    answer = client(config).delete(_one(id))
    return print_json(answer) if json_ else click.echo(f"{id} sends no more")


def _one(id: str) -> str:
    return f"/api/v1/webhooks/{quote(id, safe='')}"
