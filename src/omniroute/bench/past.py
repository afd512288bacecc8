"""`past.*`: what a long past costs: verifying it, starting with it, committing on top of it.

A desk on SQLite has worked for a while: customers came, were offered to an agent, accepted and
helped; then the agents went home, and who came after that waits.  The journal has three records of
each thread that is closed and one of each that is open.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Final

import msgspec

from omniroute.bench import sample
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale, alone, beside_wait
from omniroute.core import inputs as i
from omniroute.core.events import AnyEvent, OfferMade
from omniroute.core.model import Status
from omniroute.core.state import State
from omniroute.runtime.loading import load
from omniroute.runtime.verify import verify
from omniroute.runtime.writer import Make, Puts, Writer
from omniroute.stores.api import Store, verify_chain
from omniroute.stores.sqlite import SqliteStore

ROWS = ("past.verify", "past.start", "past.memory", "past.commit")
TEAM: Final = 40
BATCH: Final = 50  # customers decided in one commit; there is room for four times as many

Works = list[tuple[Make, Puts]]


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    path = folder / "desk.sqlite3"
    with closing(SqliteStore(path)) as store:
        _lived(Past(store), scale, progress)
        rows = [await _verified(store, scale, progress)]
    started = _started(path)
    rows += [
        alone(ROWS[1], "ms", 1000 * started.seconds),
        alone(ROWS[2], "MB", started.bytes / 1e6),
    ]
    if ROWS[3] in names:
        rows.append(_committed((path, folder / "new.sqlite3"), scale, progress))
    return [row for row in rows if row.name in names]


class Past:
    """A desk's past, made on an empty *store* as it would have come about."""

    def __init__(self, store: Store) -> None:
        self._writer, self._numbers = Writer(store, State(), sample.SteadyClock()), count()
        self._rules = rules = sample.rules()
        self._team = sample.team(TEAM)
        self._writer.state.adopt(rules)
        self._decide([(lambda at: i.RulesLoaded("rules", at, rules.version), {})])
        self._decide([(lambda at: i.TeamLoaded("team", at, self._team), {})])
        self._declare(Status.ONLINE)

    def close(self, threads: int) -> Iterator[int]:
        """So many customers are helped; yields how many, batch by batch."""
        for said in _in_batches(threads):
            events = self._decide(self._messages(said))
            made = [event for event in events if isinstance(event, OfferMade)]
            assert len(made) == said, "somebody was offered to nobody"
            self._decide([(partial(_accepted, offer), {}) for offer in made])
            self._decide([(partial(_resolved, offer), {}) for offer in made])
            yield said

    def wait(self, threads: int) -> Iterator[int]:
        """The agents go home, and so many customers come after that."""
        self._declare(Status.OFFLINE)
        for said in _in_batches(threads):
            self._decide(self._messages(said))
            yield said

    def _messages(self, number: int) -> Works:
        all_said = [sample.said(each, each) for each in islice(self._numbers, number)]
        return [
            (partial(sample.message, self._rules, said), sample.puts(said)) for said in all_said
        ]

    def _declare(self, status: Status) -> None:
        self._decide([(partial(_declared, member.id, status), {}) for member in self._team])

    def _decide(self, works: Works) -> list[AnyEvent]:
        committed, answers = self._writer.round(works)
        assert all(answer.ok for answer in answers), "something was refused"
        return [event for entry in committed.entries for event in entry.ev]


class Started(msgspec.Struct, frozen=True):
    """What a start took: reading what is open, and the most memory that the process ever had."""

    seconds: float
    bytes: int


def _lived(past: Past, scale: Scale, progress: Progress) -> None:
    progress.begin("past: filling", scale.closed + scale.left)
    for each in (past.close(scale.closed), past.wait(scale.left)):
        for threads in each:
            progress.step(threads)
    progress.end(f"{scale.closed:,} closed threads, {scale.left:,} open")


async def _verified(store: Store, scale: Scale, progress: Progress) -> Row:
    records = store.head()[0]

    async def ours() -> float:
        began = time.perf_counter()
        verdict = verify(store.reader())
        assert verdict.ok, verdict.faults
        return records / (time.perf_counter() - began)

    async def floor() -> float:
        began = time.perf_counter()
        with closing(store.reader()) as reader:
            assert verify_chain(reader) is None
        return records / (time.perf_counter() - began)

    return await in_turn(ROWS[0], "records/s", min(scale.rounds, 3), ours, floor, progress)


def _started(path: Path) -> Started:
    command = [sys.executable, "-m", "omniroute.bench.past", str(path)]
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ourselves
    return msgspec.json.decode(done.stdout, type=Started)


def start(path: Path) -> Started:
    """Read a desk back as a server does that starts, in this process."""
    began = time.perf_counter()
    with closing(SqliteStore(path)) as store:
        state = load(store)
        state.adopt(sample.rules())
        state.due()
        took = time.perf_counter() - began
    return Started(took, _most_memory())


def _most_memory() -> int:
    """Bytes that this process ever had at once."""
    about = Path("/proc/self/status")
    if about.exists():  # what `getrusage` says begins with the memory of whoever started us
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", about.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _committed(files: Sequence[Path], scale: Scale, progress: Progress) -> Row:
    """The slowest of a hundred commits, on the long past and on none."""
    progress.begin(ROWS[3], 2)
    waits = []
    for file in files:
        with closing(SqliteStore(file)) as store:
            waits.append(_slow(store, scale.decisions))
        progress.step()
    row = beside_wait(ROWS[3], *waits)
    progress.end(f"{row.ours:.2f} ms, floor {row.floor:.2f}")
    return row


def _slow(store: Store, commits: int) -> float:
    """The wait (ms) of a commit of a message, of which 99 in 100 are done sooner."""
    puts = [sample.puts(sample.said(-each - 1, -each - 1)) for each in range(commits)]
    waits, head = [], store.head()
    for each in puts:
        began = time.perf_counter()
        head = store.commit(head, [b'{"bench":true}'], each)
        waits.append(1000 * (time.perf_counter() - began))
    return sorted(waits)[commits * 99 // 100]


def _in_batches(threads: int) -> Iterator[int]:
    while threads:
        batch = min(BATCH, threads)
        yield batch
        threads -= batch


def _accepted(made: OfferMade, at: int) -> i.AnyInput:
    offer = made.offer
    return i.OfferAccepted(f"{offer.id}/a", at, offer.agent, made.thread, offer.id)


def _resolved(made: OfferMade, at: int) -> i.AnyInput:
    return i.ThreadResolved(f"{made.offer.id}/r", at, made.offer.agent, made.thread)


def _declared(agent: str, status: Status, at: int) -> i.AnyInput:
    return i.StatusDeclared(f"{status}/{agent}", at, agent, status)


def main() -> None:
    """Say what a start with the database of the first argument takes."""
    sys.stdout.buffer.write(msgspec.json.encode(start(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
