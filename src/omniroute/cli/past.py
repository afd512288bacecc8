"""The past, for commands: a moment as it is written, and the desk as it was then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from omniroute.application.directory import Directory
from omniroute.application.moment import Moment
from omniroute.cli.output import progress
from omniroute.cli.stored import stored
from omniroute.core.model import ThreadId
from omniroute.errors import ConfigError
from omniroute.runtime.clock import SystemClock
from omniroute.server.desk import read_desk
from omniroute.server.settings import Settings, load

EXAMPLE = "as in 2026-03-02T10:15+01:00"


def moment(at: str | None) -> int:
    """The time that is written, in ms; now where none is.  Raises `ConfigError`."""
    if at is None:
        return SystemClock().now()
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise ConfigError("--at", f"“{at}” is no time", EXAMPLE) from None
    if found.tzinfo is None:
        raise ConfigError("--at", f"“{at}” has no zone", EXAMPLE)
    return int(found.timestamp() * 1000)


@contextmanager
def moment_of(config: Path, thread: ThreadId, at: int, *, quiet: bool) -> Iterator[Moment]:
    """The desk at that time, folded from the journal; says how long that took."""
    settings = load(config)
    began = time.perf_counter()
    with stored(settings) as reader:
        with progress("folding", quiet=quiet) as move:
            then = Moment(reader, thread, at, _directory(settings), move)
        if not quiet:
            took = time.perf_counter() - began
            click.echo(f"{then.records} records folded in {took:.1f} s", err=True)
        yield then


def _directory(settings: Settings) -> Directory:
    """People's names, as far as the files can be read."""
    try:
        return read_desk(settings.rules.folder).directory()
    except ConfigError:
        return Directory()
