"""`recover`: open threads read back at a start, beside bare reading of the same rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from omniroute.bench.crowd import Crowd
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale
from omniroute.core.state import State
from omniroute.runtime.loading import load
from omniroute.stores.api import GENESIS
from omniroute.stores.sqlite import SqliteStore

ROWS = ("recover",)
AGENTS: Final = 500
PAGE: Final = 1_000  # rows read at a time, as ours are
SELECT: Final = "SELECT k, v FROM kv WHERE k > ? AND k < ? ORDER BY k LIMIT ?"

_encode = msgspec.json.Encoder().encode


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    path = folder / "desk.sqlite3"
    crowd = Crowd(ROWS[0], AGENTS, scale.opened, progress)
    count = len(crowd.state.threads)
    with closing(SqliteStore(path)) as store:
        store.commit(GENESIS, [b"{}"], rows(crowd.state))

        async def ours() -> float:
            began = time.perf_counter()
            state = load(store)
            state.adopt(crowd.rules)
            state.due()
            took = time.perf_counter() - began
            assert len(state.threads) == count
            return count / took

        async def floor() -> float:
            began = time.perf_counter()
            assert read(path) == count + AGENTS + 1
            return count / (time.perf_counter() - began)

        return [await in_turn(ROWS[0], "threads/s", scale.rounds, ours, floor, progress)]


def rows(state: State) -> dict[str, bytes | None]:
    """What a store holds of *state* and a start reads."""
    found: dict[str, bytes | None] = {
        f"t/{thread.id}": _encode(thread) for thread in state.threads.values()
    }
    found |= {f"a/{agent.id}": _encode(agent) for agent in state.agents.values()}
    return found | {"n/": _encode(state.counters)}


def read(path: Path) -> int:
    """Read the same rows, page by page, and let them be; how many there are."""
    count = 0
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        for prefix in State.PREFIXES:
            last, end = prefix[:-1], prefix[:-1] + chr(ord(prefix[-1]) + 1)
            while page := db.execute(SELECT, (last, end, PAGE)).fetchall():
                count += len(page)
                last = page[-1][0]
    return count
