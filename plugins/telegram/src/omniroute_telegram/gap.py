"""What Telegram has forgotten because nobody asked for it.

Telegram keeps an update for a day.  A small database notes when it was last asked and the number of
the last update that came: numbers go up by one, so that after a longer silence the missing ones are
known.  Not where nothing at all was written for a week: then Telegram begins at a number by chance.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from omniroute import Health

HOUR: Final = 3600.0
KEPT: Final = 24 * HOUR  # s for which Telegram keeps an update (Bot API, getUpdates)
IN_ORDER: Final = 7 * 24 * HOUR  # s after which a number may be any (Bot API, Update)
TOLD: Final = 24 * HOUR  # s for which a gap is told of
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS asked (
  one INTEGER PRIMARY KEY CHECK (one = 1), at REAL NOT NULL, came REAL NOT NULL,
  last INTEGER NOT NULL
)
"""
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
    """The note in *db*; lost with it is only what it could have told."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._at = self._came = 0.0
        self._last, self._read = 0, False
        self.gap: Gap | None = None

    def heard(self, now: float, updates: Sequence[int]) -> Gap | None:
        """Telegram has answered with *updates*, by number; a gap, when there is news of one."""
        if not self._read:
            self._remember()
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

    def _remember(self) -> None:
        self._read = True
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(_TABLE)
            row = self._db.execute("SELECT at, came, last FROM asked").fetchone()
            if row is not None:
                self._at, self._came, self._last = row

    def _note(self) -> None:
        row = (self._at, self._came, self._last)
        with suppress(sqlite3.Error):  # a full disk is said by those who cannot do without it
            self._db.execute("INSERT OR REPLACE INTO asked VALUES (1, ?, ?, ?)", row)


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
