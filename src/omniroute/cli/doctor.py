"""``omniroute doctor``: the whole server looked at, with or without it running."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from omniroute.cli.channel_live import accounts, examined
from omniroute.cli.client import Client, NotRunning
from omniroute.cli.output import as_json, config, print_json
from omniroute.errors import ConfigError, OmniRouteError
from omniroute.server.examining import Finding, examine
from omniroute.server.roster import FOLLOWER
from omniroute.server.settings import Settings, load


@click.command()
@config
@as_json
def doctor(config: Path, json_: bool) -> None:
    """Look at settings, plugins, rules, store, files, disk, limits, clock, port and every channel.

    And whether the public address leads here: name, way and certificate.  Names each fault with
    its place and what mends it.  Exit 1 if there is one.  Needs no server;
    where one runs, it is asked how its channels are.  Nothing is sent, and no secret is printed.
    """
    findings = _everything(config)
    if json_:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.place:<12} {finding.found}")
            if finding.fix:
                click.echo(f"       → {finding.fix}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def _everything(path: Path) -> list[Finding]:
    try:
        settings = load(path)
    except ConfigError as error:
        wrong = getattr(error, "findings", (error,))
        return [Finding("settings", False, f"{one.place}: {one.fault}", one.fix) for one in wrong]
    running = _asked(settings)
    found = [Finding("settings", True, str(path)), *examine(settings, runs=running is not None)]
    return found + (running if running is not None else _channels(path))


def _asked(settings: Settings) -> list[Finding] | None:
    """What a running server says of itself and its channels; None where none runs."""
    client = Client(settings.store.path)
    try:
        ready = client.ready()
        if ready["role"] == FOLLOWER:
            found = "runs, and follows: how channels are is known where the writer runs"
            return _not_ready(ready) or [Finding("server", True, found)]
        rows = client.get("/api/admin/channels")
    except NotRunning:
        return None
    except OmniRouteError as error:
        return [Finding("server", False, str(error), "see its log")]
    ready_or_not = _not_ready(ready) or [Finding("server", True, "runs, and is ready")]
    return ready_or_not + [_channel(row) for row in rows]


def _not_ready(ready: Mapping[str, Any]) -> list[Finding]:
    return [Finding("server", False, f"{part}: {why}") for part, why in ready["wrong"].items()]


def _channels(path: Path) -> list[Finding]:
    try:
        return [_channel(row) for row in asyncio.run(examined(accounts(path, ())))]
    except OmniRouteError as error:
        return [Finding("channels", False, str(error))]


def _channel(row: dict[str, object]) -> Finding:
    name = f"{row['kind']} {row['account']}"
    return Finding(name, bool(row["ok"]), str(row["found"]), str(row["fix"]))
