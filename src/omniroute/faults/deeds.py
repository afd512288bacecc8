"""What must be so besides: of what agents were told, of order, of addresses and of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from omniroute.core import events as e
from omniroute.faults.erasing import refused
from omniroute.runtime.record import Entry
from omniroute.runtime.rows import Reached

if TYPE_CHECKING:
    from omniroute.faults.world import World

_reached = msgspec.json.Decoder(Reached).decode


def deeds(world: World, entries: list[Entry]) -> list[str]:
    """Every promise of these that was not kept."""
    addresses = {
        key.removeprefix("p/"): _reached(row).value
        for key, row in world.reader().scan("p/", limit=10_000)
    }
    return [
        *_done(world, entries),
        *_undone(world),
        *_failed(world, entries),
        *_in_order(world, entries, addresses),
        *(f"{n} handles of {who}" for who, n in Counter(addresses.values()).items() if n > 1),
        *(
            f"time goes back in the journal: {before.at}, {entry.at}"
            for before, entry in pairwise(entries)
            if entry.at < before.at
        ),
    ]


def _done(world: World, entries: list[Entry]) -> Iterator[str]:
    """What somebody was told is written or taken back is in the journal; nothing is there twice."""
    keys = Counter(entry.input.key for entry in entries)
    for act in world.done.values():  # others may find that all is so already
        if (act.answer or act.undoes) and not keys[act.key]:
            yield f"said to be done and not there: {act.key}"
    yield from (f"decided {n} times: {key}" for key, n in keys.items() if n > 1)


def _undone(world: World) -> Iterator[str]:
    """What was taken back in time has reached nobody."""
    undone = {act.undoes for act in world.done.values() if act.undoes} - world.slipped
    for got in world.platform.delivered:
        if got.text in undone:
            yield f"taken back and sent all the same: {got.text}"


def _failed(world: World, entries: list[Entry]) -> Iterator[str]:
    """Nothing is given up that the platform has not refused."""
    known = world.platform.refused | refused(entries)
    for entry in entries:
        for event in entry.ev:
            if isinstance(event, e.ReplyFailed) and event.effect not in known:
                yield f"given up, though nobody refused it: {event.message} ({event.outcome})"


def _in_order(world: World, entries: list[Entry], addresses: dict[str, str]) -> Iterator[str]:
    """A customer gets answers in the order in which they left, where they were meant to go."""
    released = {
        event.effect: (number, addresses.get(event.handle, ""))
        for number, event in enumerate(event for entry in entries for event in entry.ev)
        if isinstance(event, e.ReplyReleased)
    }
    seen, last = set[str](), dict[str, int]()
    for got in world.platform.delivered:
        number, to = released.get(got.key, (0, ""))
        if to and got.to != to:
            yield f"sent to {got.to}, meant for {to}: {got.text}"
        if got.key in seen or not number or got.text in world.slipped:
            continue
        seen.add(got.key)
        if number < last.get(got.to, 0):  # what was meant may be erased by now
            yield f"{got.to} got {got.text} after what was written later"
        last[got.to] = max(number, last.get(got.to, 0))
