"""What was asked by mail, for as long as it can be answered: no address, and nobody's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from omniroute import Question, Site

NAME: Final = "questions.sqlite"
_TABLES = """CREATE TABLE IF NOT EXISTS questions (
    key TEXT PRIMARY KEY, until INTEGER NOT NULL, asked TEXT NOT NULL
) WITHOUT ROWID"""
_decode = msgspec.json.Decoder


class Asked(msgspec.Struct, frozen=True):
    """A question, with what was answered so far."""

    text: str
    question: Question
    value: str = ""
    said: bool = False  # in words as well

    @property
    def until(self) -> int:
        """When it is over, in ms since the epoch."""
        return int(self.question.until.timestamp() * 1000)


class Book:
    """The file of an account; opened for each look, which is seldom."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def put(self, key: str, asked: Asked, now: int) -> None:
        """Keep a question or what became of it, and forget those that are over at *now*, in ms."""
        with self._open() as db:
            db.execute("DELETE FROM questions WHERE until <= ?", (now,))
            row = (key, asked.until, msgspec.json.encode(asked).decode())
            db.execute("INSERT OR REPLACE INTO questions VALUES (?, ?, ?)", row)

    def get(self, key: str, now: int) -> Asked | None:
        """A question that can be answered at *now*."""
        with self._open() as db:
            row = db.execute(
                "SELECT asked FROM questions WHERE key = ? AND until > ?", (key, now)
            ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Asked)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = self._site.database(NAME)
        try:
            db.execute(_TABLES)
            yield db
        finally:
            db.close()
