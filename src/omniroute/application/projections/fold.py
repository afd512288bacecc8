"""What folding one record has at hand: the tables, the moment, the private rows, and who is told.

Every kind of event has one function in `threads`, `conversation` or `people`; `FOLDS` is the whole
table, and a test holds it against the core's events.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from omniroute.application import words
from omniroute.application.projections.journal import Entry
from omniroute.core.events import Event
from omniroute.runtime.rows import Body, Failure, Reached

R = TypeVar("R")
Folding = Callable[["Fold", Any], None]

log = logging.getLogger(__name__)

_body = msgspec.json.Decoder(Body)
_reached = msgspec.json.Decoder(Reached)
_failure = msgspec.json.Decoder(Failure)
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Touched:
    """Whom a change concerns, gathered over a batch."""

    threads: set[int] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    wrote: set[str] = field(default_factory=set)
    erased: bool = False  # words were taken out


@dataclass(slots=True)
class Fold:
    """The folding of one record into *db*; *rows* are the private rows it may ask for."""

    db: sqlite3.Connection
    entry: Entry
    rows: Mapping[str, bytes]
    touched: Touched
    _n: int = 0

    @property
    def at(self) -> int:
        """When the record was made."""
        return self.entry.at

    def body(self, message: str) -> Body:
        """What was said, or an empty body if it is gone."""
        return self._row(f"b/{message}", _body) or Body(text="")

    def reached(self, handle: str) -> Reached | None:
        """The address behind a handle, unless it is gone."""
        return self._row(f"p/{handle}", _reached)

    def failure(self, effect: str) -> str:
        """Why an effect failed, in the platform's words, if there are any."""
        failure = self._row(f"x/{effect}", _failure)
        return "" if failure is None else words.one_line(failure.reason, 300)

    def _row(self, key: str, decoder: msgspec.json.Decoder[R]) -> R | None:
        """A private row.  One that cannot be read shall not stop everything after it."""
        row = self.rows.get(key)
        try:
            return None if row is None else decoder.decode(row)
        except msgspec.DecodeError as error:
            log.error("record %d: row %s cannot be read: %s", self.entry.seq, key, error)
            return None

    def touch(self, thread: int) -> None:
        """A page that shows *thread* is out of date."""
        self.touched.threads.add(thread)

    def number(self) -> int:
        """The place of what is kept next among all that the record brought."""
        self._n += 1
        return self._n

    def happened(self, thread: int, event: Event) -> None:
        """Keep *event* for the thread's timeline."""
        said = {k: v for k, v in msgspec.to_builtins(event).items() if k != "ev"}
        self.db.execute(
            "INSERT INTO happenings VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self.entry.seq, self.number(), thread, self.at, type(event).__name__,
                self.entry.agent, _encode(said).decode(),
            ),
        )  # fmt: skip


def json(value: object) -> str:
    """*value* as it is kept in a column."""
    return _encode(value).decode()


def decode(column: str) -> list[Any]:
    """A list as `json` wrote it."""
    return msgspec.json.decode(column, type=list[Any])
