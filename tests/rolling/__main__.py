"""Two real builds on one store: ``make rolling FROM=<revision>``.

Wheels are made of two git revisions, each installed in an environment of its own.  Nodes of the
first run on a database server of the trial's own, under traffic without an end, and are replaced by
the second, one by one.  Exit 1 if anything was lost, decided twice, or sent twice without a mark,
or if somebody waited for more than a minute.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import click
from tests.rolling.builds import Build, build_of
from tests.rolling.trial import Rolling

from omniroute.testing.postgres_server import postgres
from omniroute.testing.redis_server import redis_server

STORES: Final[Mapping[str, Callable[[], AbstractContextManager[Any]]]] = {
    "postgres": postgres,
    "redis": redis_server,
}


@click.command()
@click.argument("old")
@click.argument("new", default="HEAD")
@click.option("--store", type=click.Choice(list(STORES)), default="postgres", show_default=True)
@click.option("--nodes", type=click.IntRange(2, 9), default=2, show_default=True)
@click.option("--seconds", default=3.0, show_default=True, help="Between two steps.")
@click.option("--mistake", is_flag=True, help="An old one is started once more after the new.")
def main(old: str, new: str, store: str, nodes: int, seconds: float, mistake: bool) -> None:
    """Replace nodes of revision OLD by those of NEW under traffic, and judge."""
    first, second = build_of(old), build_of(new)
    began = time.monotonic()
    with STORES[store]() as database, tempfile.TemporaryDirectory(prefix="rolling-") as folder:
        trial = Rolling(Path(folder), database, first, nodes)
        try:
            trial.open()
            for step in steps(trial, first, second, mistake=mistake):
                waited = ", ".join(f"{who} {w.longest:.1f}" for who, w in trial.waits.items())
                click.echo(f"{time.monotonic() - began:5.0f} s  {step}; longest waits: {waited}")
                time.sleep(seconds)
            trial.still()
            trial.find()
            broken = trial.broken or judged(trial)
            tell(trial, f"{first.name} to {second.name} on {store}, {nodes} nodes", broken)
        finally:
            trial.close()
    sys.exit(bool(broken))


def steps(trial: Rolling, old: Build, new: Build, *, mistake: bool) -> Any:
    """What is done, step by step; traffic goes on between them."""
    yield "all are old"
    tried = trial.follower()
    trial.replace(tried, new)
    yield "a follower is new"
    trial.replace(tried, old)
    yield "it is old again"
    while left := [m for m in trial.machines if trial.builds[m] != new]:
        writer = trial.find()
        chosen = next((machine for machine in left if machine is not writer), writer)
        trial.replace(chosen, new)
        trial.find()
        yield f"{len(left) - 1} are left"
    if mistake:
        astray = trial.follower()
        trial.replace(astray, old)
        yield "an old one is there again"
        writer = trial.find()
        writer.server.stop()
        yield "the new one that wrote is away"
        writer.server.start()
        trial.find()
        yield "it is back"
        trial.replace(astray, new)
        trial.find()
        yield "all are new again"


def judged(trial: Rolling) -> list[str]:
    """What is broken."""
    try:
        trial.judge()
    except AssertionError as error:
        return [str(error)]
    return []


def tell(trial: Rolling, about: str, broken: list[str]) -> None:
    """The summary, and what the nodes had to say."""
    for machine in trial.machines:
        said = [line for line in machine.server.log.splitlines() if " INFO " not in line]
        for line in said:
            click.echo(f"{machine.folder.name}: {line}")
    waits = ", ".join(f"{who} {waits.longest:.1f} s" for who, waits in trial.waits.items())
    click.echo(
        f"{about}: {len(trial.acknowledged)} messages acknowledged, {len(trial.answered)} answers,"
        f" {trial.repeats()} marked as possible repeats; longest waits: {waits}"
    )
    click.echo("; ".join(broken) or "every promise held")


if __name__ == "__main__":
    main()
