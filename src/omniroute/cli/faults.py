"""``omniroute faults``: the promise, tried in a simulated world where what can go wrong does."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, Final

import click

from omniroute.cli.faults_flips import flips as try_flips
from omniroute.cli.faults_real import STORES, outage, real
from omniroute.cli.output import as_json, print_json, progress
from omniroute.errors import did_you_mean

EVENTS: Final = 120
SMALLER: Final = (3, 6, 12, 25, 50)  # numbers of events to try a broken seed with
SHOWN: Final = 5  # broken seeds that are told in full


class Seeds(click.ParamType[range]):
    """``A:B``, from A up to but without B."""

    name = "A:B"

    def convert(self, value: Any, param: Any, ctx: Any) -> range:
        """Raises click's own error."""
        if isinstance(value, range):
            return value
        first, _, end = str(value).partition(":")
        if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
            self.fail(f"“{value}” is no range of seeds — write 0:100", param, ctx)
        return range(int(first), int(end))


@click.command()
@click.option("--seeds", type=Seeds(), default="0:100", show_default=True, help="Which to try.")
@click.option(
    "--events",
    type=click.IntRange(1, 10_000),
    default=EVENTS,
    show_default=True,
    help="How much happens from outside in each.",
)
@click.option(
    "--nodes",
    type=click.IntRange(1, 5),
    default=None,
    help="Nodes on one store; 1, or as many as a mutant needs.",
)
@click.option(
    "--forgets",
    is_flag=True,
    help="The store fails over now and then, and has lost its last commits.",
)
@click.option(
    "--mutant",
    default="",
    help="Break the engine in this way, or in each of several; `list` lists them, `all` is all.",
)
@click.option(
    "--archive",
    is_flag=True,
    help="With an archive, from which a store is made whole that was set back.",
)
@click.option("--erases", is_flag=True, help="People ask to be forgotten, and are erased.")
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Processes at a time.")
@click.option("--trace", is_flag=True, help="Tell what happens; for one seed.")
@click.option(
    "--real",
    "is_real",
    is_flag=True,
    help="Kill a real server under traffic instead; the first seed says when.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="How often it is killed, with --real.",
)
@click.option(
    "--store",
    type=click.Choice(STORES),
    default=STORES[0],
    show_default=True,
    help="What its desk lies on, with --real; a database server is killed, too.",
)
@click.option(
    "--failovers",
    is_flag=True,
    help="With --real: kill the primary of a watched Redis instead of the server.",
)
@click.option(
    "--outage",
    "away",
    type=click.FloatRange(0, min_open=True),
    default=None,
    metavar="MINUTES",
    help="With --real: take the database away for so long, once, and kill nobody.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1),
    default=100.0,
    show_default=True,
    help="Messages that come a second, with --outage.",
)
@click.option(
    "--flips",
    type=click.IntRange(1, 1_000_000),
    default=None,
    help="Flip so many single bits of a database instead, each alone, and have each found.",
)
@as_json
def faults(
    seeds: range,
    events: int,
    nodes: int | None,
    forgets: bool,
    mutant: str,
    archive: bool,
    erases: bool,
    jobs: int | None,
    trace: bool,
    is_real: bool,
    rounds: int,
    store: str,
    failovers: bool,
    away: float | None,
    rate: float,
    flips: int | None,
    json_: bool,
) -> None:
    """Let nodes live through crashes, lost answers and failing platforms, seed by seed.

    A node is the real one: core, inbox, outbox and spool, on a virtual clock.  Customers write,
    agents act, the process dies and starts again; of several nodes one writes, stands still and
    comes back, and another takes over.  At the end nothing that was acknowledged may be
    lost or decided twice, nothing sent twice without a mark, nothing left over.  Exit 1 if a seed
    does not hold, or, with --mutant, if every seed does.
    """
    if flips is not None:
        return try_flips(flips, seeds[0], json_)
    if is_real:
        if away is not None:
            return outage(store, away, rate, json_)
        return real(store, rounds, seeds[0], nodes or 1, json_, fails_over=failovers)
    if failovers or away is not None:
        raise click.UsageError("--failovers and --outage go with --real")
    if mutant:
        from omniroute.faults.mutants import MUTANTS  # needs what tests need

        if mutant == "list":
            return _list({name: each.about for name, each in MUTANTS.items()}, json_)
        names = list(MUTANTS) if mutant == "all" else mutant.split(",")
        for name in names:
            if name not in MUTANTS:
                hint = did_you_mean(name, MUTANTS) or "--mutant list lists them"
                raise click.UsageError(f"no mutant “{name}” — {hint}")
        if len(names) > 1:
            return try_all(names, seeds, events, jobs, json_)
    world = nodes, forgets, archive, erases
    if trace:
        seeds, jobs = seeds[:1], 1
    with progress("seeds", quiet=json_) as move, _workers(jobs) as pool:
        futures: dict[Future[dict[str, Any]], int] = {
            pool.submit(
                try_seed, seed, events, mutant, trace, nodes, forgets, archive, erases
            ): seed
            for seed in seeds
        }
        found = []
        for done, future in enumerate(as_completed(futures), 1):
            found.append(future.result())
            move(done, len(seeds))
        found.sort(key=lambda each: each["seed"])
        broken = [each for each in found if each["broken"]]
        if not mutant:
            for each in broken[:SHOWN]:
                each["events"] = _smallest(pool, each["seed"], events, world)
    total: Counter[str] = Counter()
    for each in found:
        total.update(each["counts"])
    held = not broken if not mutant else bool(broken)
    about = {"seeds": len(found), "broken": broken, "counts": dict(total), "ok": held}
    if json_:
        print_json(about)
    else:
        _tell(found, broken, total, mutant, nodes, forgets, archive, erases)
    if not held:
        sys.exit(1)
    return None


def try_seed(
    seed: int,
    events: int,
    mutant: str,
    trace: bool = False,
    nodes: int | None = None,
    forgets: bool = False,
    archive: bool = False,
    erases: bool = False,
) -> dict[str, Any]:
    """One seed, in this process."""
    from omniroute.faults.life import Ways
    from omniroute.faults.mutant import Mutant
    from omniroute.faults.mutants import MUTANTS
    from omniroute.faults.world import World

    lines: list[str] = []
    broken = MUTANTS[mutant] if mutant else Mutant("nothing", Ways())
    world = World(
        seed,
        events,
        broken.ways,
        nodes or broken.nodes,
        forgets or broken.forgets,
        archive or broken.archive,
        erases or broken.erases,
        trace=lines.append,
    )
    verdict = world.run()
    told = {"seed": seed, "broken": verdict.broken, "counts": dict(verdict.counts)}
    return told | ({"trace": lines} if trace else {})


def try_all(names: list[str], seeds: range, events: int, jobs: int | None, json_: bool) -> None:
    """Each mutant, seed by seed until one catches it.  Exit 1 if one survives."""
    caught: dict[str, dict[str, Any] | None] = {}
    with progress("mutants", quiet=json_) as move, _workers(jobs) as pool:
        asked = {pool.submit(first_caught, name, seeds, events): name for name in names}
        for done, future in enumerate(as_completed(asked), 1):
            caught[asked[future]] = future.result()
            move(done, len(names))
    survive = [name for name in names if caught[name] is None]
    if json_:
        print_json({"caught": caught, "survive": survive, "ok": not survive})
    else:
        for name in names:
            by = caught[name]
            said = f"seed {by['seed']}: {by['broken'][0]}" if by else "survives: a fault of ours"
            click.echo(f"{name:<12} {said}")
        click.echo(f"{len(names) - len(survive)} of {len(names)} mutants caught")
    if survive:
        sys.exit(1)


def first_caught(name: str, seeds: range, events: int) -> dict[str, Any] | None:
    """The first of *seeds* that breaks with a mutant, in this process; none if it survives."""
    tried = (try_seed(seed, events, name) for seed in seeds)
    return next((each for each in tried if each["broken"]), None)


@contextmanager
def _workers(jobs: int | None) -> Iterator[ProcessPoolExecutor]:
    """Processes in which a seed always comes to the same: the order of sets hangs on this."""
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = "0"
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=context) as pool:
            yield pool
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before


def _smallest(
    pool: ProcessPoolExecutor,
    seed: int,
    events: int,
    world: tuple[int | None, bool, bool, bool],
) -> int:
    """With how few events the seed still breaks."""
    for fewer in (each for each in SMALLER if each < events):
        tried = pool.submit(try_seed, seed, fewer, "", False, *world)
        if tried.result()["broken"]:
            return fewer
    return events


def _list(mutants: dict[str, str], json_: bool) -> None:
    if json_:
        return print_json(mutants)
    for name, about in mutants.items():
        click.echo(f"{name:<12} {about}")
    return None


def _tell(
    found: list[dict[str, Any]],
    broken: list[dict[str, Any]],
    total: Counter[str],
    mutant: str,
    nodes: int | None,
    forgets: bool,
    archive: bool,
    erases: bool,
) -> None:
    for each in found:
        for line in each.get("trace", ()):
            click.echo(line)
    for each in broken[:SHOWN]:
        click.echo(f"seed {each['seed']}:")
        for said in each["broken"][:10]:
            click.echo(f"  {said}")
        if not mutant:
            seed = each["seed"]
            again = f"omniroute faults --seeds {seed}:{seed + 1} --events {each['events']} --trace"
            again += f" --nodes {nodes}" if nodes else ""
            again += " --forgets" if forgets else ""
            again += " --archive" if archive else ""
            again += " --erases" if erases else ""
            click.echo(f"  again: {again}")
    happened = ", ".join(f"{count} {what}" for what, count in sorted(total.items()))
    click.echo(f"{len(found)} seeds: {happened}")
    if mutant:
        said = f"caught by {len(broken)} of {len(found)}" if broken else "survives: a fault of ours"
        click.echo(f"mutant {mutant}: {said}")
    else:
        click.echo(f"{len(broken)} broken" if broken else "every promise held in every seed")
