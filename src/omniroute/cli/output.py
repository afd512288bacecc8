"""How commands speak: text for people, JSON for programs, a bar for what takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., object])

LINES_EVERY = 10  # off a terminal, one plain line per so many percent


def as_json(function: F) -> F:
    """The option ``--json``."""
    return click.option("--json", "json_", is_flag=True, help="Print JSON for programs.")(function)


def config(function: F) -> F:
    """The option ``--config``."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("omniroute.toml"),
        show_default=True,
        help="Settings of the server.",
    )(function)


def print_json(value: object) -> None:
    """Any value of ours, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Rows under their columns' names."""
    cells = [[_flat(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = [columns, *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _flat(value: object) -> str:
    return " ".join(str(value).split())


@contextmanager
def progress(label: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar with rate and remaining time on a terminal, plain lines off it; on standard error."""
    if quiet:
        yield lambda done, total: None
    elif sys.stderr.isatty():
        began = time.monotonic()
        with click.progressbar(
            length=1, label=label, show_eta=True, show_pos=True, file=sys.stderr,
            item_show_func=lambda rate: rate,
        ) as bar:  # fmt: skip

            def move(done: int, total: int) -> None:
                bar.length = max(total, 1)
                rate = done / max(time.monotonic() - began, 0.001)
                bar.update(done - bar.pos, f"{rate:.0f}/s")

            yield move
    else:
        yield _plain(label)


def _plain(label: str) -> Callable[[int, int], None]:
    said = -LINES_EVERY

    def say(done: int, total: int) -> None:
        nonlocal said
        percent = 100 * done // max(total, 1)
        if percent >= said + LINES_EVERY or said < percent == 100:
            said = percent
            click.echo(f"{label}: {done} of {total} ({percent} %)", err=True)

    return say
