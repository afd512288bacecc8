"""Six scenes at the demo's desk, each under forty seconds, each a test as well.

A scene waits for what ought to be seen and fails where it is not, so to play all six is to test the
whole: the real server, the real plugins, and the stand-ins of the platforms on the other side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from omniroute.demo.scenes import german, hand_over, note, rules, switch, vip
from omniroute.demo.scenes.cast import Cast


@dataclass(frozen=True, slots=True)
class Scene:
    """A story in a few lines, and who plays it."""

    name: str
    about: str
    play: Callable[[Cast], Awaitable[None]]


SCENES: Final = (
    Scene(
        "A customer switches channel",
        "Ruth writes in the web chat, goes on by Telegram, then by mail. Ana, in Slack, has it all"
        " in one thread and asks nothing twice.",
        switch.play,
    ),
    Scene(
        "A VIP overtakes",
        "Ana is full, and Nora has waited longer. Iris has a promise of ten minutes, so she is"
        " next, and the promise is kept.",
        vip.play,
    ),
    Scene(
        "Nobody speaks German",
        "Whoever speaks German is in a meeting. After fifteen seconds the rule lets Bo have it, and"
        " tells him why.",
        german.play,
    ),
    Scene(
        "Bo passes, and hands off with a note",
        "Bo is on his way out. He passes what is new, hands over what he has, with a reason, and"
        " Ana knows everything.",
        hand_over.play,
    ),
    Scene(
        "A note stays inside, a wrong reply comes back",
        "What Cem writes in the team's channel is a note. What Ana sends by mistake is taken back"
        " before the customer sees it.",
        note.play,
    ),
    Scene(
        "A rule is edited, tried and rolled back",
        "A new rule is asked about three days of history, tried in the shadow, made live, and taken"
        " back again.",
        rules.play,
    ),
)
"""In their order; the first is number 1."""
