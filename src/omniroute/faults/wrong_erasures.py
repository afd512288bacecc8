"""Mutants of erasing somebody who asks to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from omniroute.core.inputs import EraseAsked
from omniroute.faults.archiving import FaultyArchive
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.store import FaultyStore
from omniroute.runtime.erasures import Erased, Erasures, Search
from omniroute.runtime.node import Node
from omniroute.runtime.proofs import Proofs
from omniroute.runtime.record import decode
from omniroute.server.leftovers import Leftovers
from omniroute.stores.api import Head
from omniroute.stores.archive import Change

Puts = Mapping[str, bytes | None]


class _KeepsWords(FaultyArchive):
    """Deletes whatever else is deleted."""

    def append(
        self, at: Head, records: Sequence[bytes], puts: Puts, changes: Sequence[Change]
    ) -> Head:
        kept = {k: row for k, row in puts.items() if row is not None or k[:2] not in ("b/", "p/")}
        return super().append(at, records, kept, changes)


class _Decides(FaultyStore):
    """The record is written, and what goes with it does not go."""

    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        if any(isinstance(decode(record).input, EraseAsked) for record in records):
            puts = {k: row for k, row in puts.items() if row is not None or k[:2] != "b/"}
        return super().commit(at, records, puts)


class _LeavesTheDisk(Leftovers):
    async def _letters(self, values: Sequence[str]) -> int:
        return 0


class _TellsNobody(Leftovers):
    def __init__(
        self, node: Node, proofs: Proofs | None = None, erasures: Erasures | None = None
    ) -> None:
        super().__init__(node, proofs)


class _Hears(Search):
    async def drop(self, marks: Sequence[Erased]) -> int:
        return 0


ERASURES: Final[Mapping[str, Mutant]] = {
    "erasedinarchive": Mutant(
        "who is erased stays in the archive", Ways(archive=_KeepsWords), archive=True, erases=True
    ),
    "erasedinname": Mutant(
        "who is erased is so in the journal alone", Ways(store=_Decides), erases=True
    ),
    "erasedhere": Mutant(
        "who is erased stays on the writer's disk",
        Ways(leftovers=_LeavesTheDisk),
        forgets=True,
        erases=True,
    ),
    "erasedunsaid": Mutant(
        "other nodes do not hear of an erasure",
        Ways(leftovers=_TellsNobody),
        3,
        forgets=True,
        erases=True,
    ),
    "erasedunheard": Mutant(
        "nodes that follow leave on their disk who is erased",
        Ways(search=_Hears),
        3,
        forgets=True,
        erases=True,
    ),
}
