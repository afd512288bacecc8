"""Questions among the lines, which one press answers; kept with the customers' copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from omniroute import Question

TABLE = """
CREATE TABLE IF NOT EXISTS questions (
    line         INTEGER PRIMARY KEY,      -- that asks
    until        INTEGER NOT NULL,         -- ms since the epoch
    asked        TEXT NOT NULL,            -- Asks, as JSON
    chosen       TEXT NOT NULL DEFAULT '',
    said         INTEGER NOT NULL DEFAULT 0 -- in words as well
);
"""


class Answered(msgspec.Struct, frozen=True):
    """One answer that can be given."""

    value: str
    means: str = ""


class Asks(msgspec.Struct, frozen=True):
    """What a line asks, as a browser is shown it: *more* is asked once a choice is made."""

    choices: tuple[Answered, ...]
    more: str = ""
    chosen: str = ""
    said: bool = False


_decode = msgspec.json.Decoder(Asks).decode


def put(db: sqlite3.Connection, line: int, question: Question) -> None:
    """Keep what a line asks."""
    choices = tuple(Answered(choice.value, choice.means) for choice in question.choices)
    asks = msgspec.json.encode(Asks(choices, question.more)).decode()
    until = int(question.until.timestamp() * 1000)
    db.execute(
        "INSERT OR IGNORE INTO questions (line, until, asked) VALUES (?, ?, ?)", (line, until, asks)
    )


def of_lines(db: sqlite3.Connection, lines: Sequence[int], now: int) -> dict[int, Asks]:
    """What these lines ask that can be answered at *now*, in ms."""
    numbers = msgspec.json.encode(list(lines)).decode()
    rows = db.execute(
        "SELECT line, asked, chosen, said FROM questions WHERE until > ?"
        " AND line IN (SELECT value FROM json_each(?))",
        (now, numbers),
    )
    return {
        line: msgspec.structs.replace(_decode(asked), chosen=chosen, said=bool(said))
        for line, asked, chosen, said in rows
    }


def found(
    db: sqlite3.Connection, conversations: tuple[str, str], key: str, now: int
) -> tuple[int, Asks] | None:
    """The open question of the line with that key in one of these conversations."""
    row = db.execute(
        "SELECT seq FROM lines WHERE session = '' AND id = ? AND conversation IN (?, ?)",
        (key, *conversations),
    ).fetchone()
    asks = of_lines(db, [row[0]], now).get(row[0]) if row is not None else None
    return None if asks is None else (row[0], asks)


def answer(db: sqlite3.Connection, line: int, value: str) -> None:
    """Note what was chosen, or, without a value, that something was said besides."""
    if value:
        db.execute("UPDATE questions SET chosen = ? WHERE line = ?", (value, line))
    else:
        db.execute("UPDATE questions SET said = 1 WHERE line = ?", (line,))
