"""Mutants of letting go of what the archive has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.runtime.trimming import Trimming
from omniroute.stores.api import GENESIS, Head
from omniroute.stores.tiered import Held


class _Ahead(Trimming):
    """Believes that the archive is where the store is."""

    def _archived(self) -> Head | None:
        head = self._store.head()
        return head if head != GENESIS else None


class _Also(Trimming):
    """Lets other rows go, too."""

    kind = ""

    def page(self) -> tuple[Held | None, bool]:
        held, ends = super().page()
        if held is None:
            return held, ends
        more = dict(self._store.scan(self.kind, limit=1000))
        return held._replace(rows={**held.rows, **more}), ends


class _Open(_Also):
    kind = "t/"


class _Keys(_Also):
    kind = "d/"


TRIMS: Final[Mapping[str, Mutant]] = {
    "trimsahead": Mutant(
        "records leave the store before the archive has them", Ways(trimming=_Ahead), archive=True
    ),
    "trimsopen": Mutant("open threads leave the store", Ways(trimming=_Open), archive=True),
    "trimskeys": Mutant(
        "by what a repeat is known leaves the store too early", Ways(trimming=_Keys), archive=True
    ),
}
