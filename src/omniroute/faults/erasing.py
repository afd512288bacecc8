"""People who ask to be forgotten at any time, and what may then be left of them.

What is erased is found here in the journal; in a server the views say it, and all that follows is
the server's: the input, the rows that go with it, the marks by which other nodes hear of it, and
what is deleted on disks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Customer, Handle, HandleId, MessageId
from omniroute.faults.platform import Said
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.api import Reader

if TYPE_CHECKING:
    from omniroute.faults.life import Life
    from omniroute.faults.world import World

TIMES: Final = 12  # somebody asks
AGAIN: Final = 5_000  # ms after which they ask again, while somebody still works for them
HEARD: Final = 60_000  # ms in which other nodes hear of it, if all goes well
LATER: Final = 120_000  # ms in which what comes after an erasure may go with it, if it is lost

_reached = msgspec.json.Decoder(Reached).decode
_handle = msgspec.json.Decoder(Handle).decode
_customer = msgspec.json.Decoder(Customer).decode
_body = msgspec.json.Decoder(Body).decode


class Plan(NamedTuple):
    """What there is of somebody: their handles and addresses, what they said and were sent."""

    handles: tuple[HandleId, ...]
    values: tuple[str, ...]
    messages: tuple[MessageId, ...]
    texts: tuple[str, ...]  # of customers; of agents the simulation has ids alone

    @property
    def puts(self) -> dict[str, bytes | None]:
        """The rows that go."""
        rows = [f"b/{message}" for message in self.messages]
        return dict.fromkeys([*rows, *(f"p/{handle}" for handle in self.handles)])


@dataclass(slots=True)
class Erasing:
    """The erasures of a world, and the book of their marks, which lies in the store."""

    chance: Random
    book: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))
    asked: dict[str, Plan] = field(default_factory=dict)  # by the key of the input
    told: set[str] = field(default_factory=set)  # whose answer was that all is erased
    faults: list[str] = field(default_factory=list)  # seen on disks meanwhile
    _last: dict[str, int] = field(default_factory=dict)  # when (ms) it may have been done, by key

    def asks(self, key: str, plan: Plan, now: int) -> None:
        """Somebody asks for it."""
        self.asked[key], self._last[key] = plan, now

    def ends(self, key: str, now: int) -> None:
        """It is done, or nobody will say whether it is."""
        self._last[key] = now

    def refused(self, key: str) -> None:
        """It is not done."""
        del self.asked[key]

    def on_disk(self, key: str, life: Life) -> set[bytes]:
        """What lies on a node's disk of somebody's words."""
        words = [f'"{text}"'.encode() for text in self.asked[key].texts]
        lying = life.spool.lying() if life.spool is not None else []
        return {raw for raw in lying if any(each in raw for each in words)}

    def excuses(self, said: Said, came: int) -> bool:
        """Whether it may be gone, for whoever wrote it was erased."""
        return any(
            said.who in plan.values and came <= self._last[key] + LATER
            for key, plan in self.asked.items()
        )


def plan_of(reader: Reader, who: str) -> Plan | None:
    """What there is of whoever has the address *who*."""
    people = {key[2:]: _reached(row).value for key, row in reader.scan("p/", limit=10_000)}
    found = [handle for handle, value in people.items() if value == who]
    known = reader.get([f"h/{handle}" for handle in found])
    customers = reader.get([f"c/{_handle(row).customer}" for row in known.values()])
    handles = dict.fromkeys(id for row in customers.values() for id in _customer(row).handles)
    if not handles:
        return None
    entries = [decode(record.body) for record in reader.tail(0, 1_000_000)]
    messages = tuple(dict.fromkeys(_of(entries, set(handles))))
    bodies = reader.get([f"b/{message}" for message in messages])
    texts = tuple(text for key, row in bodies.items() if (text := _body(row).text) != key[2:])
    values = tuple(people[handle] for handle in handles if handle in people)
    return Plan(tuple(handles), values, messages, texts)


def _of(entries: list[Entry], handles: set[HandleId]) -> Iterator[MessageId]:
    """What these handles said and were sent, or shall be."""
    for entry in entries:
        if isinstance(entry.input, i.MessageReceived) and entry.input.sender.id in handles:
            yield entry.input.message
        for event in entry.ev:
            if isinstance(event, e.ReplyHeld) and event.held.handle in handles:
                yield event.held.message
            elif isinstance(event, e.ReplyReleased) and event.handle in handles:
                yield event.message


def left(world: World, entries: list[Entry]) -> Iterator[str]:
    """What is left of whoever was erased: in the store, in the archive, on a disk."""
    erasing = world.erasing
    if erasing is None:
        return
    erased = {
        entry.input.key: number
        for number, entry in enumerate(entries)
        if any(isinstance(event, e.CustomerErased) for event in entry.ev)
    }
    yield from (
        f"said to be erased and not there: {key}"
        for key in sorted(erasing.told - erased.keys() - world.gone)
    )
    places = {"the store": _rows(world.store.reader())}
    if world.keeper is not None:
        places["the archive"] = _rows(world.keeper.inner.reader())
    lives = [seat.life for seat in world.seats if seat.life is not None]
    for key, number in erased.items():
        plan = erasing.asked[key]
        handles = set(plan.handles)
        gone = {f"b/{message}" for message in _of(entries[:number], handles)}
        gone |= {f"p/{handle}" for handle in handles - _heard(entries[number:])}
        words = [f'"{text}"'.encode() for text in plan.texts]
        for place, rows in places.items():
            yield from (f"erased and in {place}: {row}" for row in sorted(gone & rows.keys()))
            yield from (
                f"words that were erased in {place}: {name}"
                for name, row in rows.items()
                if any(each in row for each in words)
            )
        if key in erasing.told:
            lying = (raw for life in lives for raw in erasing.on_disk(key, life))
            yield from (f"erased and on a disk: {raw!r}" for raw in lying)
    yield from erasing.faults


def _heard(entries: list[Entry]) -> set[HandleId]:
    """Who wrote; again, if they were erased."""
    return {
        entry.input.sender.id for entry in entries if isinstance(entry.input, i.MessageReceived)
    }


def _rows(reader: Reader) -> dict[str, bytes]:
    return {key: row for key, row in reader.scan("", "", 1_000_000) if row}


def refused(entries: list[Entry]) -> set[str]:
    """The effects of what was to go to somebody who was erased: it is given up."""
    handles = {
        handle
        for entry in entries
        for event in entry.ev
        if isinstance(event, e.CustomerErased)
        for handle in event.handles
    }
    return {
        event.effect
        for entry in entries
        for event in entry.ev
        if isinstance(event, e.ReplyReleased) and event.handle in handles
    }
