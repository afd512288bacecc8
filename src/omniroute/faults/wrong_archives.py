"""Mutants of the archive, and of making a store whole from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from omniroute.errors import StoreError
from omniroute.faults.archiving import FaultyArchive
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.runtime.refilling import refill
from omniroute.runtime.rows import MARK
from omniroute.stores.api import Head, Reader, Store
from omniroute.stores.archive import Change

Puts = Mapping[str, bytes | None]


class _Twice(FaultyArchive):
    def append(
        self, at: Head, records: Sequence[bytes], puts: Puts, changes: Sequence[Change]
    ) -> Head:
        return super().append(self.inner.head(), records, puts, changes)


class _Torn(FaultyArchive):
    """Each row by itself, the records first: some do not come there."""

    def append(
        self, at: Head, records: Sequence[bytes], puts: Puts, changes: Sequence[Change]
    ) -> Head:
        kept = dict(puts)
        if not self.healed and self.chance.random() < 0.1:
            kept = dict(list(kept.items())[: len(kept) // 2])
        return super().append(at, records, kept, changes)


class _NoDeletes(FaultyArchive):
    def append(
        self, at: Head, records: Sequence[bytes], puts: Puts, changes: Sequence[Change]
    ) -> Head:
        kept = {key: row for key, row in puts.items() if row is not None}
        return super().append(at, records, kept, changes)


def _as_it_is(store: Store, archive: Reader) -> int:
    return 0


def _records_alone(store: Store, archive: Reader) -> int:
    return refill(_Bare(store), archive, behind=True)


def _unmarked(store: Store, archive: Reader) -> int:
    try:
        return refill(_Unmarked(store), archive, page=20, behind=True)
    except StoreError:
        return 0  # as far as it came


class _Around:
    def __init__(self, inner: Store) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Bare(_Around):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        return self._inner.commit(at, records, {k: v for k, v in puts.items() if k[:2] == "d/"})


class _Unmarked(_Around):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        return self._inner.commit(at, records, {k: v for k, v in puts.items() if k != MARK})


ARCHIVES: Final[Mapping[str, Mutant]] = {
    "archivetwice": Mutant(
        "the archive adds to whatever it has", Ways(archive=_Twice), archive=True
    ),
    "archivetorn": Mutant(
        "in the archive records and rows are not one transaction", Ways(archive=_Torn), archive=True
    ),
    "archivekeeps": Mutant(
        "what was deleted stays in the archive", Ways(archive=_NoDeletes), archive=True
    ),
    "norefill": Mutant(
        "a store that has lost records is taken as it is", Ways(refill=_as_it_is), archive=True
    ),
    "baldrefill": Mutant(
        "of what a store has lost the rows stay away", Ways(refill=_records_alone), archive=True
    ),
    "halfrefill": Mutant(
        "a store that is half made is taken for whole", Ways(refill=_unmarked), archive=True
    ),
}
