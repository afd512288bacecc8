"""``omniroute bench``: choose rows, measure them, print them."""

from __future__ import annotations

import asyncio
import importlib
import tempfile
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from omniroute.bench.progress import Progress
from omniroute.bench.rows import SCALES, Row, Scale, table
from omniroute.errors import ConfigError, did_you_mean

Measure = Callable[[Collection[str], Scale, Path, Progress], Awaitable[list[Row]]]

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "ingest": ("ingest.sqlite", "ingest.redis"),
    "smtp": ("smtp.accept.idle", "smtp.accept.busy"),
    "webhook": ("webhook.accept.idle", "webhook.accept.busy"),
    "load": ("load.p50", "load.p99", "load.longest", "load.decided"),
    "telegram": ("telegram.accept",),
    "slack": ("slack.accept",),
    "parsing": ("email.parse",),
    "routing": ("rules.route", "rules.route.new"),
    "simulating": ("simulate.arrivals",),
    "recover": ("recover",),
    "past": ("past.verify", "past.start", "past.memory", "past.commit"),
    "memory": ("memory.waiting_thread", "memory.agent"),
    "matching": (
        "match.small",
        "match.large",
        "match.flat",
        "match.kept.small",
        "match.kept.large",
        "decide.small",
        "decide.large",
        "decide.arrivals",
    ),
}
"""Modules and their rows, in the order of measuring: what fills the memory comes last."""

NAMES: Final = tuple(name for names in GROUPS.values() for name in names)


def run(names: Collection[str], scale: Scale, progress: Progress, folder: Path) -> list[Row]:
    """Measure the rows called *names*, writing to new folders below *folder*.

    Raises `OmniRouteError` where something that is measured does not work.
    """
    rows: list[Row] = []
    for group, offered in GROUPS.items():
        wanted = [name for name in offered if name in names]
        if wanted:
            measure: Measure = importlib.import_module(f"omniroute.bench.{group}").run
            with tempfile.TemporaryDirectory(prefix="omniroute-bench-", dir=folder) as here:
                rows += asyncio.run(_measured(measure, wanted, scale, Path(here), progress))
    return rows


async def _measured(
    measure: Measure, names: Collection[str], scale: Scale, folder: Path, progress: Progress
) -> list[Row]:
    return await measure(names, scale, folder, progress)


def chosen(asked: Sequence[str]) -> list[str]:
    """The rows that are asked for by name or by the beginning of it; all where none is.

    Raises `ConfigError` for a name that no row has.
    """
    if not asked:
        return list(NAMES)
    for word in asked:
        if not any(_is_meant(name, word) for name in NAMES):
            beginnings = (name.partition(".")[0] for name in NAMES)
            fix = did_you_mean(word, [*NAMES, *beginnings]) or f"there are: {', '.join(NAMES)}"
            raise ConfigError("bench", f"no row “{word}”", fix)
    return [name for name in NAMES if any(_is_meant(name, word) for word in asked)]


def _is_meant(name: str, word: str) -> bool:
    return name == word or name.startswith(f"{word}.")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "json_", is_flag=True, help="Print JSON for programs, a row on each line.")
@click.option(
    "--scale",
    type=click.Choice(list(SCALES)),
    default="full",
    show_default=True,
    help="How much is measured; small takes under a minute, target hours.",
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=tempfile.gettempdir,
    help="Where files are written: on the kind of disk you mean to run on.",
)
def bench(names: tuple[str, ...], json_: bool, scale: str, folder: Path) -> None:
    """Measure what we do beside the floor it stands on.

    NAME is a row such as ingest.sqlite, or how several begin, such as match; all if left out.
    """
    rows = run(chosen(names), SCALES[scale], Progress(), folder)
    if json_:
        lines = ",\n".join(f"  {msgspec.json.encode(row).decode()}" for row in rows)
        click.echo(f"[\n{lines}\n]")
    else:
        click.echo(table(rows))
