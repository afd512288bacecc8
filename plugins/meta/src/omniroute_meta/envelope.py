"""How one event lies in the spool: as Meta sent it, with what was known when it came.

Meta posts several at a time; each is kept on its own, so that one which cannot be read does no harm
to the others.  Reading is pure: the bytes of files and the names of people, which Meta gives out
for a while only, are fetched at the edge and lie beside the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from omniroute import Packing

VERSION = 1


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of an event; *fault* says why its bytes are not here."""

    name: str = ""
    media_type: str = ""
    data: bytes = b""
    fault: str = ""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the intake keeps."""

    of: str  # whatsapp | page | instagram, as Meta names the object
    account: str  # the id of the number, page or account that it came to
    what: str  # message | status | other
    item: dict[str, Any]  # as Meta sent it
    key: str = ""  # the same however often it is told
    at: int = 0  # ms since the epoch, when it came
    name: str = ""  # what the sender calls themselves
    files: tuple[Fetched, ...] = ()  # in the order in which the event names them
    v: int = VERSION


_packing = Packing(Event, VERSION)
pack, unpack = _packing.pack, _packing.unpack


def part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What lies under *name*; nothing where Meta sends something of another form."""
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def parts(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The same of a list."""
    found = item.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def moment(milliseconds: float) -> datetime:
    """When it was.  Raises `ValueError` for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"an impossible time: {error}") from None
