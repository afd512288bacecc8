"""Brings to the shelf what changes in books: in order, by a thread of its own.

What is not there yet is kept by row, the latest value alone, so that a shelf that is away for an
hour costs no more memory than the rows that changed.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Final

from omniroute.errors import StoreError
from omniroute.stores.api import Unavailable
from omniroute.stores.shelf import Displaced, Row, Shelf

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0  # s for something to arrive
LAST: Final = 3.0  # s at the end, for what is not there yet
PAUSES: Final = (0.1, 0.3, 1.0, 3.0)  # s between tries


class NotKept(Unavailable, sqlite3.OperationalError):
    """A commit did not get to the shelf.  To whoever has the book it is as a full disk."""


class Courier:
    """One for all books of a writer; safe to share between threads."""

    def __init__(
        self, shelf: Shelf, owner: str, on_trouble: Callable[[StoreError], None] | None = None
    ) -> None:
        """Bring to *shelf* in the name of *owner*, who has claimed it.

        *on_trouble* hears, in the courier's thread, that another has.
        """
        self._shelf, self._owner, self._on_trouble = shelf, owner, on_trouble
        self._waits: dict[Row, bytes | None] = {}
        self._moved = threading.Condition()
        self._given = self._arrived = 0  # how many sendings
        self._trouble: StoreError | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="books", daemon=True)
        self._thread.start()

    def send(self, rows: Mapping[Row, bytes | None]) -> int:
        """Have *rows* on the shelf some time; the number to wait for.  Raises `NotKept`."""
        with self._moved:
            if isinstance(self._trouble, Displaced):
                raise NotKept("", str(self._trouble)) from self._trouble
            self._waits.update(rows)
            self._given += 1
            self._moved.notify_all()
            return self._given

    def wait(self, number: int) -> None:
        """Wait until what had that number is on the shelf.  Raises `NotKept`.

        While the shelf is known to be away nobody waits for it.
        """
        with self._moved:
            arrived = self._moved.wait_for(
                lambda: self._arrived >= number or self._trouble is not None, PATIENCE
            )
            if self._arrived < number:
                said = str(self._trouble) if self._trouble else "it takes too long"
                fault = f"what was changed could not be kept: {said}"
                raise NotKept("", fault) from (self._trouble if arrived else None)

    def close(self) -> None:
        """Bring what there is, if that can be done soon, and end; twice is harmless."""
        with self._moved:
            self._closing = True
            self._moved.notify_all()
        self._thread.join(LAST + PATIENCE)
        if self._waits and not isinstance(self._trouble, Displaced):
            log.warning("%d rows of books did not get to the store", len(self._waits))
            self._waits.clear()

    # --- in the thread ---

    def _run(self) -> None:
        tries = 0
        while True:
            with self._moved:
                self._moved.wait_for(lambda: self._waits or self._closing)
                if not self._waits or (self._closing and tries > 1):
                    return
                going, number, self._waits = self._waits, self._given, {}
            try:
                self._shelf.put(self._owner, going)
            except Displaced as error:
                self._displaced(error)
                return
            except StoreError as error:
                self._hold_back(going, error, PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
                continue
            tries = 0
            with self._moved:
                self._arrived, self._trouble = number, None
                self._moved.notify_all()

    def _hold_back(
        self, going: Mapping[Row, bytes | None], error: StoreError, pause: float
    ) -> None:
        with self._moved:
            self._waits = {**going, **self._waits}  # it may have arrived; once more does no harm
            self._trouble = error
            self._moved.notify_all()
            self._moved.wait_for(lambda: self._closing, pause)

    def _displaced(self, error: Displaced) -> None:
        log.error("%s", error)
        with self._moved:
            self._waits.clear()
            self._trouble = error
            self._moved.notify_all()
        if self._on_trouble is not None:
            self._on_trouble(error)
