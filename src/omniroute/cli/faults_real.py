"""``omniroute faults --real``: a real server under traffic, killed again and again."""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import click

from omniroute.cli.output import print_json, progress
from omniroute.errors import ConfigError

STORES: Final = ("sqlite", "postgres", "redis")


def real(store: str, rounds: int, seed: int, nodes: int, json_: bool) -> None:
    """Kill a server on *store* so many times, and judge.  Exit 1 if a promise is broken.

    Of several *nodes* it is the one that writes.
    """
    if nodes > 1 and store == "sqlite":
        raise ConfigError("--nodes", "one process has a SQLite file", "--store postgres, or redis")
    began = time.monotonic()
    with _server(store) as database, tempfile.TemporaryDirectory(prefix="faults-") as folder:
        from omniroute.testing.crash_trial import Trial
        from omniroute.testing.nodes_trial import NodesTrial

        several, one = nodes > 1, Path(folder)
        trial = NodesTrial(one, database, nodes) if several else Trial(one, database)
        try:
            trial.open()
            with progress("kills", quiet=json_) as move:
                trial.kill_at_random(rounds, random.Random(seed), move)  # noqa: S311
            broken, repeats = _judged(trial), trial.repeats()
            takeovers = trial.takeovers() if isinstance(trial, NodesTrial) else []
        finally:
            trial.close()
    about = {
        "store": store,
        "nodes": nodes,
        "kills": rounds,
        "seed": seed,
        "acknowledged": len(trial.acknowledged),
        "answered": len(trial.answered),
        "marked_repeats": repeats,
        "takeovers": [round(seconds, 2) for seconds in takeovers],
        "seconds": round(time.monotonic() - began, 1),
        "broken": broken,
        "ok": not broken,
    }
    if json_:
        print_json(about)
    else:
        _tell(about)
    if broken:
        sys.exit(1)


def _judged(trial: Any) -> str:
    try:
        trial.judge()
    except AssertionError as error:
        return str(error)
    return ""


def _server(store: str) -> Any:
    """A database server of our own.  Raises `ConfigError` where none is installed."""
    try:
        if store == "postgres":
            from omniroute.testing.postgres_server import postgres, programs

            if programs() is None:
                raise ConfigError("--store", "no PostgreSQL server is installed", "install one")
            return postgres()
        if store == "redis":
            from omniroute.testing.redis_server import program, redis_server

            if program() is None:
                raise ConfigError("--store", "no Redis or Valkey is installed", "install one")
            return redis_server()
        import aiosmtpd  # noqa: F401 - the mail server that answers are sent to
    except ModuleNotFoundError as error:
        fix = "pip install omniroute[demo,postgres,redis]"
        raise ConfigError("--real", f"{error.name} is not installed", fix) from None
    return nullcontext()


def _tell(about: dict[str, Any]) -> None:
    click.echo(
        f"{about['kills']} kills on {about['store']} in {about['seconds']:.0f} s: "
        f"{about['acknowledged']} messages acknowledged, {about['answered']} answers, "
        f"{about['marked_repeats']} marked as possible repeats"
    )
    if takeovers := about["takeovers"]:
        click.echo(
            f"another decided {statistics.median(takeovers):.1f} s after the kill, in the median of"
            f" {len(takeovers)} takeovers; {max(takeovers):.1f} s at most"
        )
    click.echo(about["broken"] or "every promise held")
