"""`load.*`: how long messages wait for their answer when so many come a second.

The web chat under the server that the engine runs, with an inbox that decides in the same process,
beside a bare Starlette endpoint that keeps the same bytes, with the same inbox beside it.  At full
scale 10,000 come in five seconds, which is also the burst of reliability.md 8.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from statistics import median
from typing import Final

from msgspec.structs import replace

from omniroute.bench.accepting import client
from omniroute.bench.clients import Job
from omniroute.bench.desk import opened
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale, beside_wait
from omniroute.bench.webhook import floor, ours

ROWS = ("load.p50", "load.p99")
CONNECTIONS: Final = 50


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    found: list[list[tuple[float, float]]] = [[], []]
    async with (
        ours(folder, scale) as web_chat,
        floor(folder, scale) as bare,
        opened(folder) as desk,
        desk.busy(scale.stream),
        client() as sender,
    ):
        jobs = [_paced(web_chat, scale), _paced(bare, scale)]
        for job in jobs:  # the first connections of a process are slower
            await sender.perform(replace(job, seconds=0.0))
        progress.begin("load", scale.rounds * 2)
        for number in range(scale.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                outcome = await sender.perform(jobs[turn])
                found[turn].append(outcome.waits)
                progress.step(rate=f"{outcome.taken / outcome.seconds:,.0f} messages/s")
    made = [
        beside_wait(name, *(median(waits[place] for waits in side) for side in found))
        for place, name in enumerate(ROWS)
    ]
    shown = ", ".join(f"{row.name} {row.ours:.1f} ms" for row in made)
    progress.end(f"{scale.load:,} a second: {shown}")
    return [row for row in made if row.name in names]


def _paced(job: Job, scale: Scale) -> Job:
    connections = min(CONNECTIONS, scale.load)
    return replace(job, rate=float(scale.load), seconds=scale.load_seconds, connections=connections)
