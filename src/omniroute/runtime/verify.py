"""``omniroute verify``: is the journal whole, and is the state what the journal makes of it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from omniroute.core.states import IllegalTransition
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
    """Walk the hash chain, fold every event, compare with every row; closes *reader*."""
    try:
        with reader.snapshot() as still:
            records = still.head()[0]
            if (broken := verify_chain(still)) is not None:
                return Verdict(records, 0, (broken,))
            try:
                state = fold(still, progress)
            except (msgspec.DecodeError, KeyError, IllegalTransition) as error:
                fault = Corrupt("journal", f"cannot be folded: {type(error).__name__}: {error}")
                return Verdict(records, 0, (fault,))
            return Verdict(records, len(state.threads), tuple(differences(still, state)))
    finally:
        reader.close()
