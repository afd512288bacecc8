"""Who takes part in a conversation besides the customer, by address."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from omniroute.application import commands as c
from omniroute.application.bounds import Invalid
from omniroute.channel import Address
from omniroute.core.model import HandleId, Participant, Thread
from omniroute.core.participants import REMOVED
from omniroute.runtime.rows import Reached
from omniroute.stores.api import Reader

_reached = msgspec.json.Decoder(Reached)


class Copies(msgspec.Struct, frozen=True):
    """Handles for a command, and the rows of addresses that nobody has written from."""

    add: tuple[HandleId, ...] = ()
    remove: tuple[HandleId, ...] = ()
    puts: dict[str, bytes] = {}


NOBODY = Copies()


class ParticipantView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who takes part; *how* is ``named``, ``there`` or ``added``."""

    handle: str
    kind: str
    address: str
    name: str = ""
    how: str = ""
    copied: bool = False
    wrote_at: int = 0  # ms since the epoch; 0: never


class Conversations:
    """Blocking reads of committed rows; call them in a thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.handle: Callable[[Address], HandleId] = lambda address: address.value
        """How an address becomes a handle's id; set by whoever puts the server together."""

    def of(self, thread: Thread, customers: Sequence[HandleId] = ()) -> Sequence[ParticipantView]:
        """Who takes part now; whoever has turned out to be the customer does not."""
        here = [p for p in thread.participants if p.how != REMOVED and p.handle not in customers]
        rows = self._reader.get([f"p/{p.handle}" for p in here]) if here else {}
        return [_view(p, rows.get(f"p/{p.handle}")) for p in here]

    def copies(self, command: c.Copy, thread: Thread | None) -> Copies:
        """The handles that *command* names.  Raises `Invalid` for whoever takes no part."""
        add = [Address("email", text.strip().lower(), verified=True) for text in command.add]
        handles = [self.handle(address) for address in add]
        known = self._reader.get([f"p/{handle}" for handle in handles])
        puts = {
            f"p/{handle}": msgspec.json.encode(Reached(address.kind, address.value))
            for handle, address in zip(handles, add, strict=True)
            if f"p/{handle}" not in known
        }
        here = self.of(thread) if thread is not None else ()
        remove = [_named(here, text) for text in command.remove]
        return Copies(tuple(dict.fromkeys(handles)), tuple(dict.fromkeys(remove)), puts)


def _view(p: Participant, row: bytes | None) -> ParticipantView:
    reached = Reached("", "") if row is None else _reached.decode(row)
    return ParticipantView(
        p.handle, reached.kind, reached.value, reached.display, p.how, p.copied, p.at
    )


def _named(here: Sequence[ParticipantView], text: str) -> HandleId:
    for one in here:
        if text.casefold() in (one.handle, one.address.casefold(), one.name.casefold()):
            return one.handle
    raise Invalid("no_participant")
