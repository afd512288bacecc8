"""What must be so when all is over, by the journal and by the platform's own record."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.faults.deeds import deeds
from omniroute.faults.erasing import left
from omniroute.runtime.loading import differences, fold
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.rows import Body, owed
from omniroute.stores.api import Corrupt, Unavailable, verify_chain
from omniroute.testing.invariants import violations

_body = msgspec.json.Decoder(Body).decode

if TYPE_CHECKING:
    from omniroute.faults.world import World


def broken(world: World) -> list[str]:
    """Every promise that was not kept; empty when all were."""
    try:
        return _broken(world)
    except Unavailable as away:
        return [f"something cannot be read any more: {away}"]


def _broken(world: World) -> list[str]:
    reader = world.reader()
    if (fault := verify_chain(reader)) is not None:
        return [f"the chain is broken: {fault}"]
    entries = [decode(record.body) for record in reader.tail(0, 1_000_000)]
    try:
        folded = fold(reader)
    except Corrupt as fault:
        return [f"the journal cannot be folded: {fault}"]
    found = [f"rows differ: {fault}" for fault in differences(reader, folded)]
    found += _intake(world, entries)
    found += _answers(world, entries)
    found += deeds(world, entries)
    found += [
        f"still owed: {key}"
        for key, row in reader.scan("o/")
        if not isinstance(owed(row).effect, Present)  # a card that was shown goes with the next
    ]
    found += world.keeper.broken() if world.keeper is not None else []
    found += left(world, entries)
    lives = [seat.life for seat in world.seats]
    for life in lives:
        if life is None or life.spool is None or not life.ready:
            return [*found, "a node does not run"]
        found += [f"in the spool: entry {entry.id}" for entry in life.spool.pending()]
        found += [f"a bug: {fault.get('exception')!r}" for fault in life.loop.faults]
    writers = world.deciding
    if len(writers) != 1:
        return [*found, f"{len(writers)} nodes write"]
    return found + [f"invariant: {v}" for v in violations(writers[0].node.state, world.now)]


def _intake(world: World, entries: list[Entry]) -> list[str]:
    """Each message that was acknowledged is decided, once."""
    reader = world.reader()
    decided = Counter[str]()
    for entry in entries:
        if isinstance(entry.input, i.MessageReceived):
            body = reader.get([f"b/{entry.input.message}"])
            decided.update(_texts(body.values()))
    found = [
        f"acknowledged and lost: {said.id}"
        for said in world.platform.acknowledged.values()
        if not decided[said.text] and not world.may_be_gone(said)
    ]
    return found + [f"decided {n} times: {text}" for text, n in decided.items() if n > 1]


def _texts(bodies: object) -> list[str]:
    import msgspec

    return [msgspec.json.decode(body)["text"] for body in bodies]  # type: ignore[attr-defined]


def _answers(world: World, entries: list[Entry]) -> list[str]:
    """Each answer that was taken is settled by what the platform has; no repeat is hidden."""
    ended: set[str] = set()
    for entry in entries:
        for event in entry.ev:
            if isinstance(event, e.ReplySent | e.ReplyFailed | e.ReplyWithdrawn):
                ended.add(event.message)
    found = [f"taken and never settled: {message}" for message in world.promised - ended]
    # Of two nodes that send at the same time, the one that marks may be the first to arrive.
    plain = Counter(got.key for got in world.platform.delivered if not got.repeat)
    texts_by_key = {got.key: got.text for got in world.platform.delivered}
    found += [
        f"sent twice unmarked: {texts_by_key[key]} ({key})" for key, n in plain.items() if n > 1
    ]
    if not world.shared:
        seen = set[str]()
        for got in world.platform.delivered:
            if got.key in seen and not got.repeat:
                found.append(f"a repeat is not marked: {got.text} ({got.key})")
            seen.add(got.key)
    texts = {got.text for got in world.platform.delivered}
    sent = {
        event.message for entry in entries for event in entry.ev if isinstance(event, e.ReplySent)
    }
    found += [
        f"said to be sent and never seen: {message}"
        for message in sent & world.promised
        if message not in texts
    ]
    return found
