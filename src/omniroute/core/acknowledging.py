"""What customers were told by machines of ours, so that no two machines talk for ever.

Two programs that answer each other must not go on for ever, even where neither says that it is
one: whoever has had an acknowledgement hears the same one again only after the window.  And a bot
of ours that has answered three mails within minutes says no more by mail until a while has passed.
Whoever writes in a chat may be as quick as that, and is taken for a machine only if they answer as
one: at once, or in the same words, three times in a row; or oftener in a minute than people can.
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


ROUNDS: Final = 3  # answers of a bot's (reliability.md I8, I10)
WITHIN: Final = 10 * 60_000  # ms


def another(rounds: tuple[int, ...], at: int) -> tuple[int, ...]:
    """*rounds* and one more."""
    return (*rounds, at)[-ROUNDS:]


def goes_round(rounds: tuple[int, ...], at: int) -> bool:
    """Whether a bot has answered so often, so lately, that it may well be talking to a machine."""
    return len(rounds) == ROUNDS and at - rounds[0] < WITHIN


AT_ONCE: Final = 1_000  # ms, in which nobody reads an answer and writes one
MINUTE: Final = 60_000  # ms
KEPT: Final = 60  # times of a bot's answers in chats


def chatted(chats: tuple[int, ...], at: int) -> tuple[int, ...]:
    """When a bot answered in chats within the last minute, and now."""
    return (*within_a_minute(chats, at), at)[-KEPT:]


def within_a_minute(chats: tuple[int, ...], at: int) -> tuple[int, ...]:
    """Those of *chats* that are not longer ago."""
    return tuple(when for when in chats if at - when < MINUTE)
