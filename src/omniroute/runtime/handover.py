"""How what a follower took in comes to the writer, and how its spool learns what became of it.

The follower's `Handover` copies what lies in its spool to the exchange and leaves it in the spool
until it hears the outcome.  The writer's `HandedIn` gives it to a `Reading` in the manner of a
spool.  Copying twice and reading twice are harmless: the journal knows an input by its key, which
comes from the message and not from the way it took.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from omniroute.errors import Refused, StoreError
from omniroute.runtime.clock import Clock, SystemClock
from omniroute.runtime.keeping import Keeping
from omniroute.runtime.spool import Entry, Spool
from omniroute.runtime.suspects import Suspects
from omniroute.runtime.trouble import Trouble
from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import Exchange, Mark, Parcel

log = logging.getLogger(__name__)

PACE: Final = 0.25  # seconds between looks at the exchange
AFRESH: Final = 40  # looks after which everything is handed over again, lest it was forgotten


class Handover:
    """The follower's side."""

    def __init__(
        self, spool: Spool, exchange: Exchange, clock: Clock | None = None, *, pace: float = PACE
    ) -> None:
        self._spool, self._exchange, self._pace = spool, exchange, pace
        self.keeping = Keeping(spool, exchange, clock or SystemClock())
        self._after = 0  # the last entry that was handed over
        self._looks = 0
        self._trouble = Trouble(log, "what was taken in waits for the store")

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            try:
                await self.look()
                self._trouble.over()
            except StoreError as error:
                self._trouble.met(error)
            await asyncio.sleep(self._pace)

    async def look(self) -> None:
        """Hand over what is new, and hear of what is over."""
        self._looks += 1
        if self._looks % AFRESH == 0:
            self._after = 0
        while page := self._spool.pending(self._after):
            parcels = [_parcel(self._spool.name, entry) for entry in page]
            await asyncio.to_thread(self._exchange.hand, parcels)
            self._after = page[-1].id
        heard = await self.keeping.look()
        if not heard.holds:
            self._after = 0
            return
        if not (ended := heard.outcomes):
            return
        self.keeping.note(heard.head)
        for id, why in ended.items():
            if why:
                await self._bury(id, why)
        self._spool.done(id for id, why in ended.items() if not why)
        await asyncio.to_thread(self._exchange.clear, self._spool.name, list(ended))

    async def _bury(self, id: int, why: str) -> None:
        try:
            await self._spool.bury(id, why)
        except Refused:
            pass  # it is buried already


class HandedIn:
    """The writer's side: what followers took in, as entries under numbers of its own."""

    def __init__(self, exchange: Exchange, suspects: Suspects, *, pace: float = PACE) -> None:
        self._exchange, self._pace = exchange, pace
        self.known: Callable[[], Head] = lambda: GENESIS  # what the journal has of what has ended
        self.suspects = _ByMark(self, suspects)
        self._numbers = 0
        self._entries: dict[int, Entry] = {}  # being read
        self.marks: dict[int, Mark] = {}  # by our number
        self._ended: dict[Mark, str] = {}  # what the exchange has not been told yet
        self._subscribers: list[Callable[[Sequence[Entry]], None]] = []
        self._trouble = Trouble(log, "what others took in waits for the store")

    def subscribe(self, callback: Callable[[Sequence[Entry]], None]) -> None:
        """As `Spool.subscribe`."""
        self._subscribers.append(callback)

    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        """As `Spool.pending`."""
        return [entry for id, entry in self._entries.items() if id > after][:limit]

    def done(self, ids: Iterable[int]) -> None:
        """These are decided."""
        for id in ids:
            self._end(id, "")

    async def bury(self, id: int, why: str) -> None:
        """This one cannot be; its node makes it a dead letter."""
        self._end(id, why)

    async def run(self) -> None:
        """Fetch and settle until cancelled."""
        while True:
            try:
                await self.look()
                self._trouble.over()
            except StoreError as error:
                self._trouble.met(error)
            await asyncio.sleep(self._pace)

    async def look(self) -> None:
        """Say what is over, and take in what is new."""
        if ended := dict(self._ended):
            if not await asyncio.to_thread(self._exchange.settle, ended, self.known()):
                return  # the store has forgotten what was decided: it is to be decided again
            for mark in ended:
                del self._ended[mark]
        known = [*self.marks.values(), *self._ended]
        found = await asyncio.to_thread(self._exchange.handed, known)
        entries = [self._taken(parcel) for parcel in found]
        if entries:
            for subscriber in self._subscribers:
                subscriber(entries)

    def number(self, id: int) -> int:
        """A number for an entry that is the same after a restart."""
        node, number = self.marks[id]
        named = hashlib.blake2b(f"{node}/{number}".encode(), digest_size=7).digest()
        return int.from_bytes(named)

    def _taken(self, parcel: Parcel) -> Entry:
        self._numbers += 1
        id = self._numbers
        _, _, channel, account, key, at, raw = parcel
        self.marks[id] = parcel.mark
        self._entries[id] = entry = Entry(id, channel, account, key, at, raw, 0)
        return entry

    def _end(self, id: int, why: str) -> None:
        mark = self.marks.pop(id, None)
        if mark is not None:
            del self._entries[id]
            self._ended[mark] = why


class _ByMark:
    """`Suspects`, for entries whose own numbers last no longer than the process."""

    def __init__(self, handed: HandedIn, suspects: Suspects) -> None:
        self._handed, self._suspects = handed, suspects

    def deadly(self, entry: int) -> bool:
        """As `Suspects.deadly`."""
        return self._suspects.deadly(self._handed.number(entry))

    def begin(self, entry: int) -> None:
        """As `Suspects.begin`."""
        self._suspects.begin(self._handed.number(entry))

    def end(self, entry: int) -> None:
        """As `Suspects.end`; an entry that was set aside has been read, too."""
        self._suspects.end(self._handed.number(entry) if entry in self._handed.marks else 0)


def _parcel(node: str, entry: Entry) -> Parcel:
    return Parcel(node, entry.id, entry.channel, entry.account, entry.key, entry.at, entry.raw)
