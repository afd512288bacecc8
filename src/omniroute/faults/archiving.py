"""An archive beside the store, that fails as the store does, and a store that is set back.

Now and then the store is as it was a while ago, as after a failover to a replica that was behind;
what it has lost the archive has.  Whoever writes finds the head moved, and the next to begin
gives the store back what it lost.  At the end the archive is the store again.

Where it *forks*, whoever fills it may stand still with records in hand that the store loses: then
the archive goes on in a journal that is no more, and is made anew when all is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from omniroute.core.effects import Present
from omniroute.core.model import ThreadId
from omniroute.errors import StoreError
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.rows import owed
from omniroute.runtime.sheets import MESSAGE
from omniroute.stores.api import Head, InDoubt, Reader, Unavailable
from omniroute.stores.archive import Archive, Behind, Change, Forked, compare
from omniroute.stores.memory import MemoryReader, MemoryStore
from omniroute.stores.tiered import TieredReader

PACE: Final = (1_000, 60_000)  # ms between two looks at the journal
LOSSES: Final = 3
FAILS: Final = 0.15  # of its transactions


class MemoryArchive(MemoryStore):
    """An `Archive` of whose tables one question is asked: in which threads messages stand."""

    def __init__(self) -> None:
        super().__init__()
        self._stand: dict[str, ThreadId] = {}

    def append(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        to = self.commit(at, records, puts)
        for change in changes:
            if change.sql is MESSAGE:
                self._stand.update((str(row[0]), int(str(row[1]))) for row in change.rows)
        return to

    def homes(self, messages: Sequence[str]) -> dict[str, ThreadId]:
        """The threads of messages, as they were written in them."""
        return {id: self._stand[id] for id in messages if id in self._stand}

    def asker(self) -> Any:
        return MemoryReader(self)


class FaultyArchive:
    """An archive in front of another: away, cut off, its answer lost."""

    def __init__(self, inner: MemoryArchive, chance: Random) -> None:
        self.inner, self.chance, self.healed = inner, chance, False

    def append(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        fails = not self.healed and self.chance.random() < FAILS
        if fails and self.chance.random() < 0.5:
            raise Unavailable("the archive", "is away")
        to = self.inner.append(at, records, puts, changes)
        if fails:
            raise InDoubt("the archive", "the answer was lost")
        return to

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(slots=True)
class Keeper:
    """The archive of a world, and who fills it.  *made* is what stands in front of it."""

    store: MemoryStore
    chance: Random
    made: Callable[[MemoryArchive, Random], FaultyArchive] = FaultyArchive
    inner: MemoryArchive = field(default_factory=MemoryArchive)
    faults: list[str] = field(default_factory=list)  # what stopped it for good
    forks: bool = False  # whether it may come to that
    forked: bool = False
    _in_hand: MemoryStore | None = None
    archive: FaultyArchive = field(init=False)
    _archiver: Archiver | None = None
    _earlier: MemoryStore | None = None

    def __post_init__(self) -> None:
        self.archive = self.made(self.inner, self.chance)

    @property
    def wait(self) -> int:
        """How long (ms) until it looks again."""
        return self.chance.randint(*PACE)

    def look(self) -> bool:
        """Copy a little; whether something was copied.  Who fails goes on, or is another then."""
        in_hand, self._in_hand = self._in_hand, None
        if self._archiver is None or in_hand is not None:
            filled: Archive = self.archive
            self._archiver = Archiver(filled, (in_hand or self.store).reader())
        try:
            more = self._archiver.step(self.chance.randint(1, 40))
            if in_hand is not None:
                self._archiver = None
                self._look_for_a_fork()
            return more
        except StoreError as error:
            self.forked |= isinstance(error, Forked)
            if self.chance.random() < 0.5:
                self._archiver = None
            raise

    def _look_for_a_fork(self) -> None:
        try:
            compare(self.store.reader(), self.inner.head(), self.inner.reader())
        except Forked:
            self.forked = True
        except Behind:
            pass  # the next to write makes the store whole

    def reader(self) -> TieredReader:
        """A view of the store with the archive behind it."""
        return TieredReader(self.store.reader(), self.inner.reader())

    def remember(self) -> None:
        """What a replica has that will be behind."""
        self._earlier = self.store.copy()

    def lose(self) -> bool:
        """Set the store back, once the archive has all of it; whether anything is lost."""
        earlier, self._earlier = self._earlier, None
        if earlier is None or not self.settled():
            return False
        vars(self.store).update(vars(earlier.copy()))
        self._archiver = None
        return earlier.head() != self.inner.head()

    def falls_behind(self) -> None:
        """The store is about to lose its end; the archive may yet get it."""
        self._earlier = None  # that was another journal
        self._archiver = None
        if self.forks and not self.forked and self.chance.random() < 0.5:
            self._in_hand = self.store.copy()

    def settled(self) -> bool:
        """Let it come to the end of the journal, with nothing in its way."""
        self.archive.healed = True
        try:
            while self.look():
                pass
        except StoreError as error:
            self.faults.append(str(error))
        finally:
            self.archive.healed = False
        return self.inner.head() == self.store.head()

    def broken(self) -> list[str]:
        """What the archive lacks, or has otherwise than the store, when all is over."""
        if not self.settled() and self.forked:
            if not self.forks:
                return []  # the store went to and fro, and has let go of what another would need
            self.inner, self._archiver = MemoryArchive(), None
            self.archive = self.made(self.inner, self.chance)
        if not self.settled():
            return [f"the archive does not follow: {fault}" for fault in self.faults[-1:]]
        ours, theirs = _kept(self.inner.reader()), _kept(self.reader())
        differ = sorted(
            key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)
        )
        return [f"the archive has otherwise: {key}" for key in differ[:5]]


def _kept(reader: Reader) -> dict[str, bytes]:
    """Every row that an archive takes: no answers to inputs, no cards, nothing about itself."""
    rows = dict(reader.scan("", "", 1_000_000))
    return {
        key: row
        for key, row in rows.items()
        if not key.startswith(("d/", "u/"))
        and not (key.startswith("o/") and isinstance(owed(row).effect, Present))
    }
