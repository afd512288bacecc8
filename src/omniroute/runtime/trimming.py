"""Lets the store go of closed threads and old records, once the archive has them.

In laps, a page at a time, as many rows as the store has: where all goes well that is what is open
and what was closed of late.  What leaves is read from the archive from then on, so what is chosen
here is a matter of memory and of what works while the archive is away, never of what is true: the
store drops only what the archive has (`omniroute.stores.tiered`).

A row of a thread leaves when the thread has been seen closed, and the archive to have that very
row, for the time it is kept; so do marks of what was deleted.  An archive that is set back by less
than that, to a copy of it, has all that has left, and the store all that it then lacks.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from omniroute.core.model import Thread, ThreadId
from omniroute.core.states import FOLDED
from omniroute.errors import StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.rows import Sent
from omniroute.stores.api import GENESIS, Head, Reader
from omniroute.stores.archive import Asker
from omniroute.stores.tiered import COLD, GONE, Held, first_kept

log = logging.getLogger(__name__)

PAGE: Final = 200  # rows, and records, that leave at a time
PACE: Final = 0.05  # s between two pages; while there is work
BUSY: Final = 0.5  # s, if inputs wait to be decided
PAUSE: Final = 60.0  # s between two laps
LOOKS: Final = 60  # that are remembered of where the archive was, over the time things are kept

HOMES: Final = """
    SELECT messages.id AS id, threads.shown_in AS thread FROM messages
    JOIN threads ON threads.id = messages.thread WHERE messages.id IN ({})
"""

Homes = Callable[[Sequence[str]], Mapping[str, ThreadId]]
"""Which threads messages stand in, of those that stand in one."""

_thread = msgspec.json.Decoder(Thread).decode
_sent = msgspec.json.Decoder(Sent).decode


class _Told(msgspec.Struct):
    at: int


_told = msgspec.json.Decoder(_Told).decode


class Kept(NamedTuple):
    """What the store itself has, as of the last lap: closed threads, and the first record."""

    closed: int
    first: int


class Lets(Protocol):
    """Who has the store, and lets go of something between two commits: the inbox."""

    @property
    def depth(self) -> int:
        """How many inputs wait to be decided."""

    async def trim(self, held: Held) -> int:
        """Have the store let go of what *held* says; how many rows went.  Raises `StoreError`."""


class Trimming:
    """Finds what may leave."""

    def __init__(
        self, store: Reader, archive: Reader, homes: Homes, clock: Clock, keep: int
    ) -> None:
        """*store* is the store alone, without what the archive has; *keep* is in ms."""
        self._store, self._archive, self._homes = store, archive, homes
        self._clock, self._keep = clock, keep
        self._kind, self._after = 0, ""
        self._seen: dict[ThreadId, int] = {}  # since when a thread is closed
        self._met: set[ThreadId] = set()  # of those, in this lap
        self._same: dict[str, tuple[int, int]] = {}  # a row's hash, since when the archive has it
        self._same_now: dict[str, tuple[int, int]] = {}  # of those, in this lap
        self._places: deque[tuple[int, int]] = deque()  # when the archive was where
        self._closed = 0  # rows of closed threads, in this lap
        self.kept: Kept | None = None

    def close(self) -> None:
        """Let go of the view of the store; the archive is the caller's."""
        self._store.close()

    async def run(
        self, inbox: Lets, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Lap after lap, until cancelled."""
        fault = ""
        while True:
            wait = PAUSE
            try:
                held, ends = await asyncio.to_thread(self.page)
                if held is not None:
                    await inbox.trim(held)
                if not ends:
                    wait = BUSY if inbox.depth else PACE
                fault = ""
            except StoreError as error:
                if (said := str(error)) != fault:
                    log.warning("closed threads stay in the store for now: %s", said)
                    fault = said
            await sleep(wait)

    def page(self) -> tuple[Held | None, bool]:
        """What may leave of the next page, and whether the lap ends with it.

        None where the archive does not follow the store's journal.  Raises `StoreError`.
        """
        now, archive = self._clock.now(), self._archived()
        if archive is None:
            return None, True
        kind = COLD[self._kind]
        rows = dict(self._store.scan(kind, self._after, PAGE))
        before, since = now - self._keep, self._since(now, archive[0])
        closed = self._closed_since(kind, rows, now) if rows else {}
        known = self._archive.get(list(closed)) if closed else {}
        same = [key for key in closed if known.get(key, GONE) == rows[key]]
        aged = {key: rows[key] for key in same if self._same_since(key, rows[key], now) <= before}
        ripe = {key: row for key, row in aged.items() if closed[key] <= before}
        held = Held(archive[0], ripe, self._records(since, before), since)
        return (held if since else Held(archive[0], {})), self._goes_on(kind, rows)

    def _since(self, now: int, at: int) -> int:
        """Where the archive, which is *at* a record, was as long ago as things are kept, or longer.

        0 where nobody knows.
        """
        places, before = self._places, now - self._keep
        if not places or now - places[-1][0] >= self._keep // LOOKS:
            places.append((now, at))
        while len(places) > 1 and places[1][0] <= before:
            places.popleft()
        return places[0][1] if places[0][0] <= before else 0

    def _same_since(self, key: str, row: bytes, now: int) -> int:
        """Since when the archive is known to have this very row."""
        is_now = hash(row)
        was, since = self._same.get(key, (is_now, now))
        self._same_now[key] = is_now, since if was == is_now else now
        return self._same_now[key][1]

    def _archived(self) -> Head | None:
        """The archive's last record, if it is the store's as well."""
        head = self._archive.head()
        found = self._store.tail(head[0] - 1, 1) if head != GENESIS else []
        return head if found and (found[0].seq, found[0].hash) == head else None

    def _records(self, at: int, before: int) -> int:
        """The last of the store's first records that the archive has and that is older.

        Its own last stays: by that it is known to follow this journal.
        """
        through = 0
        for record in self._store.tail(0, PAGE):
            if record.seq >= at or _told(record.body).at >= before:
                break
            through = record.seq
        return through

    def _closed_since(self, kind: str, rows: Mapping[str, bytes], now: int) -> dict[str, int]:
        """Those whose threads are closed, and since when that is known; and marks."""
        found = {key: 0 for key, row in rows.items() if row == GONE}
        home = self._home(kind, {key: row for key, row in rows.items() if row != GONE})
        threads = sorted({f"t/{thread}" for thread in home.values()})
        open = self._store.get(threads) if threads else {}
        for key, at in home.items():
            if f"t/{at}" not in open:
                found[key] = self._seen.setdefault(at, now)
            self._met.add(at)
        self._seen = {at: since for at, since in self._seen.items() if f"t/{at}" not in open}
        return found

    def _home(self, kind: str, rows: Mapping[str, bytes]) -> dict[str, ThreadId]:
        """The thread of each row; one that was folded is shown in another."""
        if kind == "tc/":
            self._closed += len(rows)
            threads = {key: _thread(row) for key, row in rows.items()}
            return {
                key: thread.folded_into or thread.id if thread.phase is FOLDED else thread.id
                for key, thread in threads.items()
            }
        said = {key: _sent(row).message if kind == "s/" else key[2:] for key, row in rows.items()}
        homes = self._homes(sorted(set(said.values()))) if said else {}
        return {key: homes[message] for key, message in said.items() if message in homes}

    def _goes_on(self, kind: str, rows: Mapping[str, bytes]) -> bool:
        """Whether the lap is over; the next page is where this one ended."""
        if len(rows) == PAGE:
            self._after = max(rows)
            return False
        self._after = ""
        self._kind = (self._kind + 1) % len(COLD)
        if self._kind:
            return False
        self._seen = {at: since for at, since in self._seen.items() if at in self._met}
        self.kept = Kept(self._closed, first_kept(self._store))
        self._met, self._closed = set(), 0
        self._same, self._same_now = self._same_now, {}
        return True


def homes_in(archive: Asker) -> Homes:
    """As the archive's tables have it."""

    def homes(messages: Sequence[str]) -> dict[str, ThreadId]:
        places = ", ".join(f"${number}" for number in range(1, len(messages) + 1))
        rows = archive.ask(HOMES.format(places), *messages)
        return {row["id"]: row["thread"] for row in rows}

    return homes
