"""``omniroute verify``: is the journal whole, and is the state what the journal makes of it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omniroute.runtime.loading import differences, every, fold
from omniroute.stores.api import Corrupt, Reader, verify_chain
from omniroute.stores.tiered import TieredReader, beginning


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; *faults* is empty when all is well."""

    records: int
    threads: int
    faults: tuple[Corrupt, ...]
    archived: int = 0  # of the records, the first: read from the archive, which alone has them
    begins: int = 1  # the first record that there is: what came before was given up as lost

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_json(self) -> dict[str, object]:
        """As a program reads it."""
        return {
            "ok": self.ok,
            "records": self.records,
            "threads": self.threads,
            "archived": self.archived,
            "begins": self.begins,
            "faults": [str(fault) for fault in self.faults],
        }


def verify(
    reader: Reader, progress: Callable[[int, int], None] = lambda done, all: None
) -> Verdict:
    """Walk the hash chain, fold every event, compare with every row; closes *reader*.

    What no event makes, such as what people said, the store itself answers for.  Of a store that
    has let go of its first records the archive's come first.  Where the beginning of the journal
    was given up as lost there is nothing to fold: the chain is walked from the first record left.
    """
    try:
        with reader.snapshot() as still:
            return _verdict(still, progress)
    finally:
        reader.close()


def _verdict(still: Reader, progress: Callable[[int, int], None]) -> Verdict:
    records, threads, faults = still.head()[0], 0, list[Corrupt]()
    begins = beginning(still).record
    kept = still.archived if isinstance(still, TieredReader) else 0
    if (broken := verify_chain(still, begins=begins)) is not None:
        faults.append(broken)
    try:
        if not faults and begins == 1:
            state = fold(still, progress)
            threads = len(state.threads)
            faults += differences(still, state)
        elif not faults:
            threads = sum(1 for kind in ("t/", "tc/") for _ in every(still, kind))
        named = {fault.place for fault in faults}
        faults += [fault for fault in still.damage() if fault.place not in named]
    except Corrupt as fault:  # a record that makes no sense, or a page of rows that is damaged
        faults.append(fault)
    placed = tuple(_placed(each, kept) for each in faults)
    return Verdict(records - begins + 1, threads, placed, max(kept - begins + 1, 0), begins)


def _placed(fault: Corrupt, archived: int) -> Corrupt:
    """The fault, with where the damage lies if that is in the archive."""
    if fault.seq is None or fault.seq > archived:
        return fault
    fix = "it lies in the archive: restore that from its own backup"
    return Corrupt(fault.place, fault.fault, fix, fault.seq)
