"""``omniroute archive``: ask the archive, or make it anew."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click
from msgspec.structs import asdict

from omniroute.application.archived import Found, search
from omniroute.cli.client import Client, NotRunning
from omniroute.cli.output import as_json, config, print_json, progress, table
from omniroute.cli.stored import alone, stored
from omniroute.errors import ConfigError
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.surrender import check_left, give_up, serves
from omniroute.server.archiving import PLACE, open_archive, open_asker
from omniroute.server.settings import Settings, load
from omniroute.stores.api import GENESIS
from omniroute.stores.archive import Archive, compare
from omniroute.stores.tiered import TRIMMED, relied_on

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
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Go on without what the store has let go of, if the archive that has it is lost for good.",
)
@config
@as_json
def remake(accept_loss: bool, config: Path, json_: bool) -> None:
    """Put the archive aside and fill another from the journal.

    For an archive that cannot go on, because the store went on without what it had lost.  The old
    one is kept under another name.  Stop the server first, on every machine.

    A Redis has let go of what the old one has.  If that is lost and there is no copy, --accept-loss
    begins another with what is left, says what is lost, and lets the server start.
    """
    settings = load(config)
    _check_stopped(settings)
    if accept_loss:
        lost, aside = _given_up(settings)
        return print_json({**lost, "aside": aside}) if json_ else click.echo(_told(lost, aside))
    _opened(settings).close()  # made where there is none: what is then said is more to the point
    with stored(settings) as reader:
        compare(reader, GENESIS)
        if reader.get([TRIMMED]):
            fault = "has threads and records that the store has let go of; another would lack them"
            fix = "restore a copy of it that is no older than store.keep_closed_hours; if there is"
            raise ConfigError(PLACE, fault, f"{fix} none, add --accept-loss")
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


def _given_up(settings: Settings) -> tuple[dict[str, int], str]:
    """What is lost, and where the old archive is, if there was any."""
    with alone(settings) as store:
        archive, aside = _opened(settings), ""
        with closing(archive), closing(store.reader()) as reader, closing(archive.asker()) as asker:
            if not relied_on(reader):
                fault = "has all that the store ever let go of, which is nothing"
                raise ConfigError(PLACE, fault, "leave out --accept-loss")
            if serves(reader, asker):
                fault = "has what the store has let go of: nothing need be lost"
                raise ConfigError(PLACE, fault, "start the server")
            check_left(reader)
            empty = archive.head() == GENESIS
        if not empty:
            aside = _opened(settings).set_aside()
        with closing(_opened(settings)) as fresh:
            lost = give_up(store, fresh, time.time_ns() // 1_000_000)
            records = fresh.head()[0] - lost.record + 1
    return {"records": records, "missing": lost.record - 1, **asdict(lost)}, aside


def _told(lost: Mapping[str, int], aside: str) -> str:
    first, threads = lost["record"], lost["threads"]
    lines = [f"{lost['records']} records, from {first} on"]
    if first > 1:
        since = f", from before {_minute(lost['since'])}" if lost["since"] else ""
        lines.append(f"lost: records 1 to {first - 1}{since} until {_minute(lost['at'])},")
        lines.append(f"  and {threads} closed threads with what was said in them")
    else:
        lines.append(f"lost: what was said in {threads} closed threads; the journal is whole")
    lines.append("kept: open threads, customers and their addresses, the team, the rules")
    if aside:
        lines.append(f"what there was before is kept as {aside}")
    return "\n".join(lines)


def _minute(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().isoformat(" ", "minutes")[:16]


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
    fields = {name: getattr(found, name) for name in found.__struct_fields__}
    return {**fields, "id": f"#{found.id}", "opened": _minute(found.opened_at)}
