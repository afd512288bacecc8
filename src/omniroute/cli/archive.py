"""``omniroute archive``: ask the archive, or make it anew."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from omniroute.application.archived import Found, search
from omniroute.cli.client import Client, NotRunning
from omniroute.cli.output import as_json, config, print_json, progress, table
from omniroute.cli.stored import stored
from omniroute.errors import ConfigError
from omniroute.runtime.archiver import Archiver
from omniroute.server.archiving import PLACE, open_archive, open_asker
from omniroute.server.settings import Settings, load
from omniroute.stores.api import GENESIS
from omniroute.stores.archive import Archive, compare
from omniroute.stores.tiered import TRIMMED

COLUMNS = ("id", "opened", "phase", "queue", "channel", "name", "passage")


@click.group()
def archive() -> None:
    """Search the archive beside the store, or make it anew."""


@archive.command(name="search")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@config
@as_json
def search_(words: tuple[str, ...], limit: int, config: Path, json_: bool) -> None:
    """Find threads by number, by a name or an address, by what was said.  Needs no server."""
    asker = open_asker(load(config))
    if asker is None:
        raise _none()
    with closing(asker):
        found = search(asker, " ".join(words), limit)
    if json_:
        return print_json(found)
    return click.echo(table([_shown(each) for each in found], COLUMNS) if found else "nothing")


@archive.command()
@config
@as_json
def remake(config: Path, json_: bool) -> None:
    """Put the archive aside and fill another from the journal.

    For an archive that cannot go on, because the store went on without what it had lost.  The old
    one is kept under another name.  Stop the server first, on every machine.
    """
    settings = load(config)
    _check_stopped(settings)
    with stored(settings) as reader:
        compare(reader, GENESIS)
        if reader.get([TRIMMED]):
            fault = "has threads and records that the store has let go of; another would lack them"
            raise ConfigError(
                PLACE, fault, "restore a copy of it that is no older than store.keep_closed_hours"
            )
        aside = _opened(settings).set_aside()
        with closing(_opened(settings)) as fresh, progress("filling", quiet=json_) as move:
            archiver = Archiver(fresh, reader)
            try:
                while archiver.step():
                    move(archiver.at[0], reader.head()[0])
            finally:
                archiver.close()
            records = archiver.at[0]
    if json_:
        return print_json({"records": records, "aside": aside})
    return click.echo(f"{records} records; what there was before is kept as {aside}")


def _opened(settings: Settings) -> Archive:
    found = open_archive(settings)
    if found is None:
        raise _none()
    return found


def _none() -> ConfigError:
    return ConfigError(PLACE, "is not set", "name a file, or postgresql://…")


def _check_stopped(settings: Settings) -> None:
    try:
        Client(settings.store.path).get("/api/admin/nodes")
    except NotRunning:
        return
    raise ConfigError(PLACE, "the server fills it", "stop the server first")


def _shown(found: Found) -> dict[str, object]:
    opened = datetime.fromtimestamp(found.opened_at / 1000).astimezone()
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return {**fields, "id": f"#{found.id}", "opened": opened.isoformat(" ", "minutes")[:16]}
