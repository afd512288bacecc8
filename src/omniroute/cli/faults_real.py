"""``omniroute faults --real``: a real server under traffic, killed again and again.

Or its database fails: goes away once for minutes, or over to a replica again and again.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import click

from omniroute.cli.output import print_json, progress
from omniroute.errors import ConfigError

STORES: Final = ("sqlite", "postgres", "redis")
KEPT_BY: Final = 1  # replicas that must have a commit, where a primary fails over


def real(
    store: str, rounds: int, seed: int, nodes: int, json_: bool, *, fails_over: bool = False
) -> None:
    """Kill a server on *store* so many times, and judge.  Exit 1 if a promise is broken.

    Of several *nodes* it is the one that writes; where it *fails_over*, the primary of the store.
    """
    if nodes > 1 and store == "sqlite":
        raise ConfigError("--nodes", "one process has a SQLite file", "--store postgres, or redis")
    if fails_over and (store != "redis" or nodes > 1):
        raise ConfigError("--failovers", "a sentinel watches Redis, for one node", "--store redis")
    began = time.monotonic()
    with (
        _server(store, fails_over) as database,
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
    ):
        trial = _trial(Path(folder), database, nodes, fails_over)
        try:
            trial.open()
            with progress("kills", quiet=json_) as move:
                trial.kill_at_random(rounds, random.Random(seed), move)  # noqa: S311
            broken, repeats = _judged(trial), trial.repeats()
            takeovers = trial.takeovers() if nodes > 1 else []
        finally:
            trial.close()
    about = {
        "store": store,
        "nodes": nodes,
        "killed": "the store's primary" if fails_over else "the server",
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
    said = (
        f"{rounds} kills of {about['killed']} on {store} in {about['seconds']:.0f} s: "
        f"{about['acknowledged']} messages acknowledged, {about['answered']} answers, "
        f"{repeats} marked as possible repeats"
    )
    if takeovers:
        said += (
            f"\nanother decided {statistics.median(takeovers):.1f} s after the kill, in the median"
            f" of {len(takeovers)} takeovers; {max(takeovers):.1f} s at most"
        )
    _end(about, said, json_)


def outage(store: str, minutes: float, rate: float, json_: bool) -> None:
    """Take the database of a server away for *minutes*, while *rate* messages come a second.

    Exit 1 if one is refused, lost or decided twice.
    """
    if store == "sqlite":
        raise ConfigError("--outage", "an SQLite file does not go away", "--store postgres")
    with _server(store) as database, tempfile.TemporaryDirectory(prefix="faults-") as folder:
        from omniroute.testing.outage_trial import OutageTrial

        trial = OutageTrial(Path(folder), database)
        try:
            trial.open()
            told = trial.outage(60 * minutes, rate)
        finally:
            trial.close()
    about = {
        "store": store,
        "minutes": minutes,
        "rate": rate,
        "acknowledged": told.acknowledged,
        "decided": told.decided,
        "median_ms": round(told.median, 1),
        "longest_ms": round(told.longest, 1),
        "drained_seconds": round(told.drained, 1),
        "broken": told.broken,
        "ok": not told.broken,
    }
    said = (
        f"{store} away for {minutes:g} min: {told.acknowledged} messages acknowledged, within "
        f"{told.longest:.0f} ms at most; all decided {told.drained:.0f} s after its return"
    )
    _end(about, said, json_)


def _trial(folder: Path, database: Any, nodes: int, fails_over: bool) -> Any:
    from omniroute.testing.crash_trial import Trial
    from omniroute.testing.nodes_trial import NodesTrial

    if fails_over:
        from omniroute.testing.failover_trial import FailoverTrial

        return FailoverTrial(folder, database)
    return NodesTrial(folder, database, nodes) if nodes > 1 else Trial(folder, database)


def _judged(trial: Any) -> str:
    try:
        trial.judge()
    except AssertionError as error:
        return str(error)
    return ""


def _server(store: str, fails_over: bool = False) -> Any:
    """A database server of our own.  Raises `ConfigError` where none is installed."""
    try:
        if store == "postgres":
            from omniroute.testing.postgres_server import postgres, programs

            if programs() is None:
                raise ConfigError("--store", "no PostgreSQL server is installed", "install one")
            return postgres()
        if store == "redis":
            from omniroute.testing.redis_server import program, redis_server
            from omniroute.testing.redis_sets import watched

            if program() is None:
                raise ConfigError("--store", "no Redis or Valkey is installed", "install one")
            if fails_over:
                return watched("--min-replicas-to-write", str(KEPT_BY))
            return redis_server()
        import aiosmtpd  # noqa: F401 - the mail server that answers are sent to
    except ModuleNotFoundError as error:
        fix = "pip install omniroute[demo,postgres,redis]"
        raise ConfigError("--real", f"{error.name} is not installed", fix) from None
    return nullcontext()


def _end(about: Mapping[str, Any], said: str, json_: bool) -> None:
    if json_:
        print_json(about)
    else:
        click.echo(said)
        click.echo(about["broken"] or "every promise held")
    if about["broken"]:
        sys.exit(1)
