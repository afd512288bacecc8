"""Addresses that several people write from: a team's mailbox, a family's phone, a kiosk.

Nobody is joined over such an address (routing.md 3, "shared handles").  It is declared by a
person, or suspected once it was used under several names, or with several people's strong ids; the
core sees keyed hashes of them.  What tells its writers apart happens before the core, which is
given a handle for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Evidence, Handle, HandleId, Sharing
from omniroute.core.turn import Turn

SHARED = "shared"
"""What stands against joining anybody over such an address."""

DAY: Final = 86_400_000  # ms
WINDOW: Final = 90 * DAY
SUSPICIOUS: Final = 3  # names, or strong ids, within the window
KEPT: Final = 8  # names that are remembered of a handle


def sharing(handle: Handle) -> Sharing:
    """What is known of who writes from *handle*."""
    return handle.sharing if isinstance(handle.sharing, Sharing) else Sharing()


def is_shared(handle: Handle) -> bool:
    """Whether somebody declared it shared."""
    return sharing(handle).how == "shared"


def may_be_shared(handle: Handle) -> bool:
    """Whether it is declared shared, or suspected to be."""
    return sharing(handle).how in ("shared", "suspected")


def names_in(message: i.MessageReceived) -> list[str]:
    """Under which name *message* was written, and with which strong ids; hashes of them."""
    strong = [
        f"id:{claim.handle.id}"
        for claim in message.claims
        if claim.evidence is Evidence.VERIFIED and claim.handle.unique
    ]
    return [*([message.name] if message.name else []), *strong]


def with_names(known: Sharing, names: Iterable[str], at: int) -> Sharing:
    """*known* after somebody wrote under *names*; once there are too many, it is suspected."""
    called = dict(known.called)
    called.update(dict.fromkeys(names, at))
    recent = sorted(
        ((name, when) for name, when in called.items() if when > at - WINDOW),
        key=lambda pair: (-pair[1], pair[0]),
    )[:KEPT]
    ids = sum(name.startswith("id:") for name, _ in recent)
    many = max(ids, len(recent) - ids) >= SUSPICIOUS
    how = "suspected" if many and not known.how else known.how
    return Sharing(how, tuple(sorted(recent)))


def overhear(turn: Turn, message: i.MessageReceived) -> None:
    """Remember under which names the sender's address is used, until somebody has judged it."""
    if not (message.name or message.claims):
        return
    handle = turn.state.handles[message.sender.id]
    known = sharing(handle)
    if handle.unique or known.how in ("shared", "single"):
        return
    called = dict(known.called)
    new = [n for n in names_in(message) if called.get(n, -WINDOW) <= turn.at - DAY]
    if not new:
        return
    now = with_names(known, new, turn.at)
    turn.emit(e.HandleCalled(handle.id, now))
    if now.how != known.how:
        turn.explain("identity", handle=handle.id, how="perhaps_shared")


def barred(turn: Turn, *handles: HandleId) -> bool:
    """Whether one of *handles* may be shared, so that no evidence joins anybody over it."""
    return any(may_be_shared(turn.state.handles[id]) for id in handles)
