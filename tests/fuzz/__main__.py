"""Fuzz the parsers: ``make fuzz``, or ``python -m tests.fuzz [--seconds N] [NAME ...]``.

Each parser has a process and a time of its own.  Where atheris is installed (pip install atheris),
its coverage guides the search: what reaches new code is kept below ``build/fuzz`` and built on the
next time.  Where it is not, Hypothesis looks without a guide, and makes a finding small.  A finding
is printed with its input, and the exit code is 1.
"""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "build" / "fuzz"
GUIDE: Final = "atheris"  # has no wheels for some machines, so it is not among what tests need
NO_GUIDE: Final = f"{GUIDE} is not installed (pip install {GUIDE}): searching without a guide"
PLUGINS: Final = sorted(path.name for path in ROOT.glob("plugins/*/src/omniroute_*"))
NOISE: Final = ("INFO: ", "WARNING: ", "#", "NEW_FUNC", "MERGE")  # of libFuzzer's
LINES: Final = 120  # that are shown of a finding
ROUND: Final = 500  # inputs
LONGEST: Final = 10  # seconds of one input, before the search itself calls it hung


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", default=60, show_default=True, help="For each parser.")
@click.option("--forged", type=int, help="Try so many forged signatures and tokens instead.")
@click.option("--inside", type=click.Choice(["guided", "alone"]), hidden=True)
def main(names: tuple[str, ...], seconds: int, forged: int | None, inside: str | None) -> None:
    """Look for what a parser cannot bear; NAME chooses among them."""
    if inside is not None:
        return (_guided if inside == "guided" else _alone)(names[0], seconds)
    if forged is not None:
        return _forged(forged)
    from tests.fuzz.targets import targets

    known = targets()
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no parser “{unknown[0]}”; there are {', '.join(known)}")
    if find_spec(GUIDE) is None:
        click.echo(NO_GUIDE, err=True)
    bad = [name for name in names or known if not _fuzzed(name, seconds)]
    if bad:
        click.echo(f"found something: {', '.join(bad)}", err=True)
    sys.exit(bool(bad))


def _forged(count: int) -> None:
    from tests.fuzz.forged import try_forged

    shown, opened = try_forged(count, time.time_ns())
    for name, number in shown.items():
        click.echo(f"{name}: {number} forged")
    click.echo("\n".join([*opened[:LINES], f"{shown.total()} forged, {len(opened)} in"]))
    sys.exit(bool(opened))


def _fuzzed(name: str, seconds: int) -> bool:
    """Whether nothing was found."""
    how = "alone" if find_spec(GUIDE) is None else "guided"
    command = [sys.executable, "-m", "tests.fuzz", "--inside", how, "--seconds", str(seconds), name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said, found = done.stdout + done.stderr, done.returncode != 0
    lines = [line for line in said.splitlines() if not line.startswith(NOISE)]
    shown = "\n".join(lines[-LINES:])
    click.echo(f"{name}:\n{shown}" if found else f"{name}: {lines[-1]}")
    return not found


def _guided(name: str, seconds: int) -> None:
    """libFuzzer chooses what Hypothesis makes an input out of; it does not return."""
    atheris: Any = import_module(GUIDE)
    with atheris.instrument_imports(include=["omniroute", *PLUGINS, "vobject"]):
        from tests.fuzz.targets import targets

        tried = _tried(targets()[name])
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-timeout={LONGEST}", "-max_len=4096",
               f"-artifact_prefix={folder}/", "-print_final_stats=0", "-verbosity=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(folder)], tried.hypothesis.fuzz_one_input)
    atheris.Fuzz()


def _alone(name: str, seconds: int) -> None:
    from tests.fuzz.targets import targets

    target, until, rounds = targets()[name], time.monotonic() + seconds, 0
    while time.monotonic() < until:
        rounds += 1
        seed(time.time_ns())(_tried(target))()
    click.echo(f"Done {rounds * ROUND} runs")


def _tried(target: Any) -> Any:
    """The target as a test of Hypothesis's."""

    @settings(
        max_examples=ROUND,
        deadline=None,
        database=DirectoryBasedExampleDatabase(KEPT / "found"),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
    )
    @given(target.inputs)
    def tried(given: object) -> None:
        try:
            target(given)
        except Exception:
            click.echo(f"with {given!r}", err=True)
            raise

    return tried


if __name__ == "__main__":
    main()
