"""`load.*`: how long messages wait for their answer when so many come a second.

The web chat of a whole server, as `omniroute serve` runs it, which reads and decides what comes and
follows it with its views, beside a bare Starlette endpoint that keeps the same bytes and decides
nothing.  At full scale 10,000 come in five seconds, a burst.  A message that is refused, or that
the journal does not have once in the end, fails the measurement.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, closing
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from msgspec.structs import replace

from omniroute.bench import sample
from omniroute.bench.accepting import client
from omniroute.bench.clients import Job
from omniroute.bench.desk import AGENTS
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale, alone, beside_wait
from omniroute.bench.webhook import MOUNTED, floor, job
from omniroute.core.events import CustomerWrote
from omniroute.errors import OmniRouteError
from omniroute.runtime.record import decode
from omniroute.server.composition import Server, load_plugins
from omniroute.server.settings import load
from omniroute.stores.api import Reader

ROWS = ("load.p50", "load.p99", "load.longest", "load.decided")
CONNECTIONS: Final = 50
LOOK: Final = 0.02  # seconds between two looks at whether all is decided

SETTINGS: Final = """
[server]
port = 0
[store]
path = "desk.sqlite3"
[rules]
folder = "rules"
[channels.bench]
kind = "webchat"
messages_per_minute = 0
new_sessions_per_minute = 0
"""


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    found: list[list[tuple[float, float, float]]] = [[], []]
    lags: list[float] = []
    taken = 0
    async with serving(folder) as server, floor(folder, scale) as bare, client() as sender:
        web_chat = job(int(server.url.rpartition(":")[2]), scale, f"{MOUNTED}/session")
        jobs = [_paced(web_chat, scale), _paced(bare, scale)]
        for one in jobs:  # the first connections of a process are slower
            taken += (await sender.perform(replace(one, seconds=0.0))).taken * (one is jobs[0])
        progress.begin("load", scale.rounds * 2)
        for number in range(scale.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                outcome = await sender.perform(jobs[turn])
                found[turn].append(outcome.waits)
                if turn == 0:
                    taken += outcome.taken
                    lags.append(await _decided(server))
                progress.step(rate=f"{outcome.taken / outcome.seconds:,.0f} messages/s")
        await asyncio.to_thread(check_journal, server.store.reader(), taken)
    made = [
        beside_wait(name, *(median(waits[place] for waits in side) for side in found))
        for place, name in enumerate(ROWS[:3])
    ]
    made.append(alone(ROWS[3], "ms", median(lags)))
    shown = ", ".join(f"{row.name} {row.ours:.1f} ms" for row in made)
    progress.end(f"{scale.load:,} a second: {shown}")
    return [row for row in made if row.name in names]


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Server]:
    """A server in *folder*, with the sample's rules and team; nobody is online, so all waits."""
    rules = folder / "rules"
    rules.mkdir()
    shutil.copyfile(sample.RULES, rules / "rules.yaml")
    agents = {
        id: {"name": id, "email": f"{id}@desk.example", "teams": teams, "skills": skills}
        for id, teams, skills in ((m.id, m.teams, m.skills) for m in sample.team(AGENTS))
    }
    (rules / "team.yaml").write_bytes(msgspec.json.encode({"version": 1, "agents": agents}))
    (folder / "omniroute.toml").write_text(SETTINGS)
    server = Server(load(folder / "omniroute.toml"), plugins=load_plugins())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _decided(server: Server) -> float:
    """How long (ms) until all that was taken in is decided."""
    began = time.perf_counter()
    while server.node.parts.spool.depth:  # noqa: ASYNC110 - a look is what we want to pay for
        await asyncio.sleep(LOOK)
    return 1000 * (time.perf_counter() - began)


class Lost(OmniRouteError):
    """What was acknowledged is not in the journal, or more than once."""


def check_journal(reader: Reader, taken: int) -> None:
    """Raise `Lost` unless the journal has *taken* messages, each once; closes *reader*."""
    written, seq = list[str](), 0
    with closing(reader):
        while records := reader.tail(seq):
            events = (event for record in records for event in decode(record.body).ev)
            written += [event.message for event in events if isinstance(event, CustomerWrote)]
            seq = records[-1].seq
    if not len(written) == len(set(written)) == taken:
        said = f"{taken} messages were acknowledged; the journal has {len(written)}"
        raise Lost(f"{said}, {len(set(written))} of them different")


def _paced(job: Job, scale: Scale) -> Job:
    connections = min(CONNECTIONS, scale.load)
    return replace(job, rate=float(scale.load), seconds=scale.load_seconds, connections=connections)
