"""What is counted of our automatic replies, and where they pause: values, and how they change.

Counted by slots of a few minutes, so what is kept does not grow with what is said.  `restraint`
decides by it; `evolve` keeps it.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from omniroute.core.model import Automation, Handle, Pause

EVERYWHERE: Final = ""

SLOT: Final = 5 * 60_000  # ms
HOUR: Final = 3_600_000  # ms
REALMS: Final = 256  # of which is kept how much came back, the latest


def realm_of(handle: Handle | None) -> str:
    """The keyed hash of the handle's domain; empty where it has none, or none is known."""
    return handle.realm if handle is not None and isinstance(handle.realm, str) else ""


def with_sent(known: Automation, at: int) -> Automation:
    """*known* after one more automatic reply."""
    slot = at - at % SLOT
    sent = dict(recent(known, at).sent)
    sent[slot] = sent.get(slot, 0) + 1
    return replace(recent(known, at), sent=tuple(sorted(sent.items())))


def with_returned(known: Automation, realm: str, at: int) -> Automation:
    """*known* after one more message came back from *realm*."""
    slot = at - at % SLOT
    returned = {(where, when): count for where, when, count in recent(known, at).returned}
    for where in {realm, EVERYWHERE}:
        returned[where, slot] = returned.get((where, slot), 0) + 1
    latest = sorted(returned.items(), key=lambda pair: (pair[0][1], pair[0][0]))[-REALMS:]
    rows = tuple((where, when, count) for (where, when), count in latest)
    return replace(recent(known, at), returned=rows)


def paused(known: Automation, pause: Pause) -> Automation:
    """*known* with a pause more, in the place of one of the same realm."""
    others = (p for p in recent(known, pause.since).pauses if p.realm != pause.realm)
    return replace(recent(known, pause.since), pauses=(*others, pause))


def resumed(known: Automation, realm: str) -> Automation:
    """*known* without a pause, and counting anew what led to it."""
    return Automation(
        () if realm == EVERYWHERE else known.sent,
        tuple(row for row in known.returned if row[0] != realm),
        tuple(p for p in known.pauses if p.realm != realm),
    )


def recent(known: Automation, at: int) -> Automation:
    """*known* without what is over."""
    return Automation(
        tuple(row for row in known.sent if row[0] > at - HOUR),
        tuple(row for row in known.returned if row[1] > at - HOUR),
        tuple(p for p in known.pauses if p.until > at),
    )


def pauses(known: Automation, at: int) -> tuple[Pause, ...]:
    """The pauses that hold at a time."""
    return tuple(p for p in known.pauses if p.until > at)
