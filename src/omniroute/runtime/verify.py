"""``omniroute verify``: is the journal whole, and is the state what the journal makes of it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omniroute.runtime.loading import differences, fold
from omniroute.stores.api import Corrupt, Reader, verify_chain


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; *faults* is empty when all is well."""

    records: int
    threads: int
    faults: tuple[Corrupt, ...]

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
            "faults": [str(fault) for fault in self.faults],
        }


def verify(
    reader: Reader, progress: Callable[[int, int], None] = lambda done, all: None
) -> Verdict:
    """Walk the hash chain, fold every event, compare with every row; closes *reader*.

    What no event makes, such as what people said, the store itself answers for.
    """
    try:
        with reader.snapshot() as still:
            return _verdict(still, progress)
    finally:
        reader.close()


def _verdict(still: Reader, progress: Callable[[int, int], None]) -> Verdict:
    records, threads, faults = still.head()[0], 0, list[Corrupt]()
    if (broken := verify_chain(still)) is not None:
        faults.append(broken)
    try:
        if not faults:
            state = fold(still, progress)
            threads = len(state.threads)
            faults += differences(still, state)
        named = {fault.place for fault in faults}
        faults += [fault for fault in still.damage() if fault.place not in named]
    except Corrupt as fault:  # a record that makes no sense, or a page of rows that is damaged
        faults.append(fault)
    return Verdict(records, threads, tuple(faults))
