"""What customers were told by ourselves, so that no acknowledgement comes twice in a day.

Two programs that answer each other must not go on for ever, even where neither says that it is
one: whoever has had an acknowledgement hears the same one again only after the window.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Told: TypeAlias = tuple[tuple[str, int], ...]

WINDOW: Final = 24 * 3_600_000  # ms (RFC 3834, 2: at most once in a period of days)


def told(one: Told, other: Told, at: int) -> Told:
    """What was told of late, as of *at*: each reply's latest time."""
    latest: dict[str, int] = {}
    for reply, when in (*one, *other):
        latest[reply] = max(when, latest.get(reply, when))
    return tuple((reply, when) for reply, when in latest.items() if at - when < WINDOW)


def told_lately(known: Told, reply: str, at: int) -> bool:
    """Whether *reply* was sent within the window."""
    return any(name == reply and at - when < WINDOW for name, when in known)
