"""The address rows of handles: a name once given is not lost to a message that brings none."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from omniroute.channel import Address
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Reached
from omniroute.stores.api import Reader

KEPT: Final = 10_000  # more than are ever on their way to a commit

_reached = msgspec.json.Decoder(Reached).decode


class Names:
    """Makes ``p/`` rows.  Remembers what it gave out lately, since that may not be committed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._given: OrderedDict[str, str] = OrderedDict()

    def row(self, handle: str, address: Address) -> bytes:
        """The row of a handle: its address, and the latest name that anybody gave."""
        name = address.display or self._known(handle)
        self._given[handle] = name
        self._given.move_to_end(handle)
        if len(self._given) > KEPT:
            self._given.popitem(last=False)
        return encode(Reached(address.kind, address.value, name, address.verified))

    def _known(self, handle: str) -> str:
        if handle in self._given:
            return self._given[handle]
        row = self._reader.get(["p/" + handle]).get("p/" + handle)
        return _reached(row).display if row is not None else ""
