"""``omniroute nodes``: who writes, who follows, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table

COLUMNS = ("node", "role", "since", "term", "head", "owed", "spooled", "version", "host", "url")


@click.command()
@config
@as_json
def nodes(config: Path, json_: bool) -> None:
    """List the nodes on the store, the writer first.

    Asked of the server of this machine, whichever it is.  The term grows with every change of the
    writer; owed is what the writer has still to send, spooled what lies undecided on a node's disk.
    """
    found: dict[str, Any] = client(config).get("/api/admin/nodes")
    if json_:
        return print_json(found)
    rows = [{**node, "since": _time(node["since"])} for node in found["nodes"]]
    click.echo(table(rows, COLUMNS))
    if found["writer"] is None:
        click.echo("nobody writes just now")
    for node in found["nodes"]:
        if node.get("waits"):
            click.echo(f"{node['node']} does not write: {node['waits']}")
        if (archive := node["archive"]) is not None:
            click.echo(_archived(archive))
        if (lost := node["lost"]) is not None:
            click.echo(_lost(node["node"], lost))
    if waiting := found["handed_over"]:
        click.echo(f"{waiting} handed over and not decided")
    return None


def _archived(archive: Mapping[str, Any]) -> str:
    if archive["fault"]:
        return f"the archive stands at record {archive['at']}: {archive['fault']}"
    behind = archive["behind"]
    lag = f", {behind} behind" if behind else ", and has all"
    return f"the archive is at record {archive['at']}{lag}{_kept(archive.get('kept'))}"


def _kept(kept: Mapping[str, Any] | None) -> str:
    if kept is None:
        return ""
    closed, first = kept["closed"], kept["first"]
    threads = f"{closed} closed thread" + ("" if closed == 1 else "s")
    return f"; the store itself has {threads}, and records from {first} on"


def _lost(node: str, loss: Mapping[str, Any]) -> str:
    return (
        f"{_time(loss['at'])}: the store had forgotten what it had up to record {loss['known']}"
        f" and stood at {loss['found']}; {loss['messages']} messages from the disk of {node}"
        " were handed in again, what agents did in between is gone"
    )


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000).astimezone().isoformat(" ", "seconds")
