"""What Telegram has forgotten because nobody asked for it.

Telegram keeps an update for a day.  A small file notes when it was last asked and the number of the
last update that came: numbers go up by one, so that after a longer silence the missing ones are
known.  Not where nothing at all was written for a week: then Telegram begins at a number by chance.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from omniroute import Health

HOUR: Final = 3600.0
KEPT: Final = 24 * HOUR  # s for which Telegram keeps an update (Bot API, getUpdates)
IN_ORDER: Final = 7 * 24 * HOUR  # s after which a number may be any (Bot API, Update)
TOLD: Final = 24 * HOUR  # s for which a gap is told of
FIX: Final = (
    "open those customers' chats with the bot, or ask them: nothing here has what they wrote"
)


class Gap(NamedTuple):
    """Nobody asked from *since* to *until* (s); the last update before was *last*."""

    since: float
    until: float
    last: int
    first: int = 0  # the first update after it, once there is one whose number tells something

    def __str__(self) -> str:
        began, ended = map(_time, (self.since, self.until))
        said = f"was not asked from {began} to {ended}: what is older than a day is forgotten"
        if not self.first:
            return said
        if (missing := self.first - self.last - 1) <= 0:
            return f"{said}, but nothing is missing after update {self.last}"
        return f"{said}, updates {self.last + 1} to {self.first - 1}, which are {missing}"

    @property
    def health(self) -> Health:
        """As whoever looks at the account is told."""
        return Health(False, str(self), FIX)


class Asked:
    """The note at *path*; lost with it is only what it could have told."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at, self._came, self._last = _read(path)
        self.gap: Gap | None = None

    def heard(self, now: float, updates: Sequence[int]) -> Gap | None:
        """Telegram has answered with *updates*, by number; a gap, when there is news of one."""
        before = self.gap
        if self._at and now - self._at > KEPT:
            self.gap = Gap(self._at, now, self._last)
        if updates:
            in_order = self._last and now - self._came <= IN_ORDER
            if self.gap is not None and self.gap.last == self._last and in_order:
                self.gap = self.gap._replace(first=min(updates))
            self._came, self._last = now, max(updates)
        self._at = now
        self._note()
        return self.gap if self.gap != before else None

    def recent(self, now: float) -> Gap | None:
        """The gap that people should know of now."""
        return self.gap if self.gap is not None and now - self.gap.until < TOLD else None

    def _note(self) -> None:
        new = self._path.with_suffix(".new")
        with suppress(OSError):  # a full disk is said by those who cannot do without it
            new.write_text(f"{self._at:.0f} {self._came:.0f} {self._last}\n")
            new.replace(self._path)


def _read(path: Path) -> tuple[float, float, int]:
    """When it was asked last, when an update came last, and that one's number."""
    try:
        at, came, last = path.read_text().split()
        return float(at), float(came), int(last)
    except (OSError, ValueError):
        return 0.0, 0.0, 0


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
