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
        self._given: OrderedDict[str, tuple[str, str]] = OrderedDict()  # form and name

    def row(self, handle: str, address: Address, *, wrote: bool = True) -> bytes:
        """The row of a handle: its address, and the latest name that anybody gave.

        Of several forms of one address it holds the one that its owner last *wrote* from, so
        that an answer goes to what the platform itself gave us; hearsay replaces none.
        """
        known = None if wrote and address.display else self._known(handle)
        form, name = known or (address.value, "")
        new = (address.value if wrote else form, address.display or name)
        self._given[handle] = new
        self._given.move_to_end(handle)
        if len(self._given) > KEPT:
            self._given.popitem(last=False)
        return encode(Reached(address.kind, *new, address.verified))

    def _known(self, handle: str) -> tuple[str, str] | None:
        if handle in self._given:
            return self._given[handle]
        row = self._reader.get(["p/" + handle]).get("p/" + handle)
        if row is None:
            return None
        reached = _reached(row)
        return (reached.value, reached.display) if reached.value else None
