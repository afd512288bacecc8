"""How long customers wait for an answer: a burst of messages starts one clock, at its first.

`clocks` holds for each thread since when its customer waits for a person's answer (`asked_at`, 0
while they do not), who has answered so far (`heard`) and whether they are there (`live`).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from omniroute.application.continuity import questions
from omniroute.application.projections.fold import Fold, Folding, json
from omniroute.application.projections.measuring.samples import sample
from omniroute.core import events as e

NOBODY, MACHINE, PERSON = 0, 1, 2
"""Who has answered in a thread so far."""

_WROTE: Final = """
    INSERT INTO clocks (thread, began, asked_at, heard, live) VALUES (:thread, :at, :at, 0, :live)
    ON CONFLICT (thread) DO UPDATE SET live = excluded.live,
      asked_at = CASE asked_at WHEN 0 THEN excluded.asked_at ELSE asked_at END
"""
_MACHINE_WROTE: Final = """
    INSERT INTO clocks (thread, began, asked_at, heard, live) VALUES (:thread, :at, :at, 0, :live)
    ON CONFLICT (thread) DO NOTHING
"""
_JOINED: Final = """
    UPDATE clocks SET heard = MAX(clocks.heard, gone.heard), began = MIN(clocks.began, gone.began),
      asked_at = CASE WHEN clocks.asked_at AND gone.asked_at
        THEN MIN(clocks.asked_at, gone.asked_at) ELSE MAX(clocks.asked_at, gone.asked_at) END
    FROM (SELECT * FROM clocks WHERE thread = :gone) AS gone WHERE clocks.thread = :into
"""


def _wrote(fold: Fold, event: e.CustomerWrote) -> None:
    fold.db.execute(
        _MACHINE_WROTE if event.automatic else _WROTE,
        {"thread": event.thread, "at": fold.at, "live": event.live},
    )


def _answered(fold: Fold, event: e.ReplyReleased) -> None:
    known = fold.db.execute(
        "SELECT asked_at, heard, (SELECT kind FROM agents WHERE id = ?) FROM clocks"
        " WHERE thread = ?",
        (event.agent, event.thread),
    ).fetchone()
    sample(fold, "replies", event.thread, agent=event.agent)
    _repeats(fold, event)
    if known is None:
        return
    asked_at, heard, kind = known
    if asked_at and heard == NOBODY:
        sample(fold, "first_answer", event.thread, fold.at - asked_at, agent=event.agent)
    if kind == "bot":
        _heard(fold, event.thread, max(heard, MACHINE), answered=heard == PERSON)
        return
    if asked_at:
        measure = "next_reply" if heard == PERSON else "first_reply"
        sample(fold, measure, event.thread, fold.at - asked_at, agent=event.agent)
    _heard(fold, event.thread, PERSON, answered=True)


def _answered_by_itself(fold: Fold, event: e.AutomaticReplyReleased) -> None:
    known = fold.db.execute(
        "SELECT asked_at FROM clocks WHERE thread = ? AND heard = ?", (event.thread, NOBODY)
    ).fetchone()
    if known is not None:
        if known[0]:
            sample(fold, "first_answer", event.thread, fold.at - known[0])
        _heard(fold, event.thread, MACHINE, answered=False)


def _heard(fold: Fold, thread: int, who: int, *, answered: bool) -> None:
    fold.db.execute(
        "UPDATE clocks SET heard = ?, asked_at = CASE WHEN ? THEN 0 ELSE asked_at END"
        " WHERE thread = ?",
        (who, answered, thread),
    )


def _repeats(fold: Fold, event: e.ReplyReleased) -> None:
    """Whether a question of this answer was asked in the thread before, in the same words."""
    asked = {_mark(question) for question in questions(fold.body(event.message).text)}
    if not asked:
        return
    added = fold.db.executemany(
        "INSERT OR IGNORE INTO asked VALUES (?, ?)", [(event.thread, mark) for mark in asked]
    ).rowcount
    if added < len(asked):
        sample(fold, "asked_twice", event.thread, agent=event.agent)


def _mark(question: str) -> int:
    """A number that stands for a question: its words are not kept."""
    words = " ".join(question.casefold().split())
    return int.from_bytes(blake2b(words.encode(), digest_size=7).digest())


def _folded(fold: Fold, event: e.ThreadFolded) -> None:
    fold.db.execute(_JOINED, {"gone": event.thread, "into": event.into})
    fold.db.execute(
        "INSERT OR IGNORE INTO asked SELECT ?, question FROM asked WHERE thread = ?",
        (event.into, event.thread),
    )


def _erased(fold: Fold, event: e.CustomerErased) -> None:
    fold.db.execute(
        "DELETE FROM asked WHERE thread IN (SELECT thread FROM messages WHERE id IN"
        " (SELECT value FROM json_each(?)))",
        (json(event.messages),),
    )


BEFORE: dict[type[e.Event], Folding] = {
    e.CustomerWrote: _wrote,
    e.ReplyReleased: _answered,
    e.AutomaticReplyReleased: _answered_by_itself,
    e.ThreadFolded: _folded,
    e.CustomerErased: _erased,
}
