"""A record of the journal as values, read with tolerance.

A projection may be older than the journal it reads: an event whose name it does not know is left
out, as the tables have no place for it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import msgspec

from omniroute.core.events import AnyEvent, Event
from omniroute.stores.api import Record

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: what was asked (as recorded), what happened, and why."""

    seq: int
    at: int  # ms since the epoch
    input: dict[str, Any]
    events: tuple[Event, ...]
    why: tuple[dict[str, Any], ...]
    rules: str

    @property
    def agent(self) -> str:
        """Who did it, if an agent did."""
        return str(self.input.get("agent", ""))


class _Wire(msgspec.Struct):
    at: int = 0
    asked: dict[str, Any] = msgspec.field(default_factory=dict, name="in")
    ev: list[msgspec.Raw] = []
    why: list[dict[str, Any]] = []
    rules: str = ""


class _Named(msgspec.Struct):
    ev: str = ""


_wire = msgspec.json.Decoder(_Wire)
_event = msgspec.json.Decoder(AnyEvent)
_named = msgspec.json.Decoder(_Named)

KNOWN = {kind.__name__: kind for kind in AnyEvent.__args__}


def read(record: Record) -> Entry:
    """*record* as an entry; unknown events are left out.

    Raises `msgspec.DecodeError` if it is no record at all.
    """
    wire = _wire.decode(record.body)
    events = [event for raw in wire.ev if (event := _read_event(record.seq, raw)) is not None]
    return Entry(record.seq, wire.at, wire.asked, tuple(events), tuple(wire.why), wire.rules)


def _read_event(seq: int, raw: msgspec.Raw) -> Event | None:
    try:
        event: Event = _event.decode(raw)
        return event
    except msgspec.ValidationError as error:
        name = _named.decode(raw).ev
        if name in KNOWN:
            log.warning("record %d: %s is left out of the views: %s", seq, name, error)
        return None
