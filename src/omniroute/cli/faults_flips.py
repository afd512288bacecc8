"""``omniroute faults --flips``: single bits of a database, flipped as a bad disk does."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import click

from omniroute.cli.output import print_json, progress


def flips(count: int, seed: int, json_: bool) -> None:
    """Flip *count* bits, each alone, and see which are found.  Exit 1 if one is missed."""
    from omniroute.testing.bit_flips import database, flip

    chance = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="flips-") as folder:
        path = Path(folder) / "desk.db"
        bits = database(path)
        chosen = [chance.randrange(bits) for _ in range(count)]
        with progress("flips", quiet=json_) as move:
            found = flip(path, chosen, lambda done: move(done, count))
    about = {
        "flips": count,
        "seed": seed,
        "bits": bits,
        "found": found.found,
        "harmless": found.harmless,
        "missed": found.missed,
        "ok": not found.missed,
    }
    if json_:
        print_json(about)
    else:
        click.echo(
            f"{count} bits flipped of {bits}: {found.found} found, {found.harmless} changed nothing"
            f" that anybody reads, {len(found.missed)} missed"
        )
    if found.missed:
        sys.exit(1)
