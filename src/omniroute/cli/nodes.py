"""``omniroute nodes``: who writes, who follows, and how far they are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from omniroute.cli.client import client
from omniroute.cli.output import as_json, config, print_json, table

WRITER: Final = "writer"
MINUTE, HOUR = 60, 3600  # seconds
COLUMNS = (
    *("node", "role", "since", "term", "head", "owed", "spooled", "oldest", "version", "host"),
    "url",
)
OF_A_WRITER = ("term", "head", "owed")


@click.command()
@config
@as_json
def nodes(config: Path, json_: bool) -> None:
    """List the nodes on the store, the writer first.

    Asked of the server of this machine, whichever it is.  The term grows with every change of the
    writer; owed is what the writer has still to send, spooled what lies undecided on a node's disk,
    and oldest how long ago the first of it came.
    """
    found: dict[str, Any] = client(config).get("/api/admin/nodes")
    if json_:
        return print_json(found)
    return click.echo(told(found, time.time_ns() // 1_000_000))


def told(found: Mapping[str, Any], now: int) -> str:
    """What the nodes say together, for people, at *now* (ms); some may be of earlier versions."""
    nodes = found["nodes"]
    lines = [table([_row(node, now) for node in nodes], COLUMNS)]
    lines += [] if found["writer"] is not None else ["nobody writes just now"]
    for node in nodes:
        if hears := node.get("hears"):
            lines.append(f"{node['node']} takes in {', '.join(hears)}")
        if node.get("waits"):
            lines.append(f"{node['node']} does not write: {node['waits']}")
        if (archive := node["archive"]) is not None:
            lines.append(_archived(archive))
        if (lost := node["lost"]) is not None:
            lines.append(_lost(node["node"], lost))
    if waiting := found["handed_over"]:
        lines.append(f"{waiting} handed over and not decided")
    return "\n".join(lines)


def _row(node: Mapping[str, Any], now: int) -> dict[str, Any]:
    """A node of this or an earlier version, as people read it at *now* (ms)."""
    came = node.get("oldest", 0)
    shown = {"since": _time(node["since"]), "oldest": _span(now - came) if came else "-"}
    if node["role"] != WRITER:
        shown |= dict.fromkeys(OF_A_WRITER, "-")
    return {**node, **shown}


def _span(ms: int) -> str:
    """Roughly: the smaller unit up to twice the next."""
    seconds = max(ms, 0) // 1000
    if seconds < 2 * MINUTE:
        return f"{seconds} s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h"


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
