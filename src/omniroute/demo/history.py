"""The past of the demo: three days at the desk, then the hour that the visitor finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import Final

from omniroute.demo.days import DAYS, Days, Hours
from omniroute.demo.last_hour import LENGTH, LastHour
from omniroute.demo.script import customers
from omniroute.demo.stage import DAY, Accounts, ChatLine, Stage
from omniroute.runtime.keyed import Keyed
from omniroute.server.desk import DeskFiles
from omniroute.stores.api import Store

SEED: Final = 1182
ACTS: Final = 7  # a customer is about so many, for the progress bar


class History:
    """Plays the past into a store that is empty; the same seed and moment, the same past."""

    def __init__(
        self,
        store: Store,
        keyed: Keyed,
        desk: DeskFiles,
        accounts: Accounts,
        now: int,
        *,
        zone: tzinfo = UTC,
        seed: int = SEED,
    ) -> None:
        self._stage = Stage(store, keyed, desk, accounts, now - DAYS * DAY)
        self._team = [person.id for person in desk.people]
        self._now, self._hours = now, Hours(now, zone)
        self._chance = random.Random(seed)  # noqa: S311 - a story, the same every time

    @property
    def chat(self) -> Sequence[ChatLine]:
        """What was said in the web chat, in order."""
        return self._stage.chat

    def play(self, count: int, progress: Callable[[int, int], None]) -> None:
        """*count* customers in three days, then the last hour."""
        expected, done = count * ACTS, 0

        def move() -> None:
            nonlocal done
            done += 1
            progress(min(done, expected), expected)

        self._stage.open()
        people = customers(self._chance, count)
        days = Days(self._stage, self._team, self._hours, self._chance)
        days.play(people, self._now - LENGTH, move)
        LastHour(self._stage, self._team, self._now).play()
        progress(expected, expected)
