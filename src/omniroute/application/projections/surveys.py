"""How it was: each question that was asked, with what the customer answered."""

from __future__ import annotations

from omniroute.application.projections.conversation import add_message
from omniroute.application.projections.fold import Fold, Folding
from omniroute.core import events as e

NUMBER = "number"
"""What stands for a reply's name beside a message that is the answer itself."""


def planned(fold: Fold, event: e.SurveyPlanned) -> None:
    """Nobody has been asked yet."""


def asked(fold: Fold, event: e.SurveyAsked) -> None:
    fold.db.execute(
        "INSERT OR REPLACE INTO surveys (message, thread, survey, measure, handle, asked_at, agent,"
        " queue, channel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.message, event.thread, event.survey, event.measure, event.handle, fold.at,
            event.agent, event.queue, event.channel,
        ),
    )  # fmt: skip
    fold.happened(event.thread, event)


_LAST = "(SELECT message FROM surveys WHERE thread = ? ORDER BY asked_at DESC LIMIT 1)"


def answered(fold: Fold, event: e.SurveyAnswered) -> None:
    fold.db.execute(
        f"UPDATE surveys SET score = ?, answered_at = ?, how = ? WHERE message = {_LAST}",  # noqa: S608
        (event.score, fold.at, event.how, event.thread),
    )
    if event.message:
        add_message(
            fold, event.thread, event.message, "remark", handle=_asked(fold, event.thread),
            canned=NUMBER,
        )  # fmt: skip
    fold.happened(event.thread, event)


def remarked(fold: Fold, event: e.SurveyRemarked) -> None:
    add_message(fold, event.thread, event.message, "remark", handle=event.handle)
    fold.db.execute(
        f"UPDATE surveys SET remark = ? WHERE message = {_LAST}",  # noqa: S608
        (event.message, event.thread),
    )


def ended(fold: Fold, event: e.SurveyEnded) -> None:
    fold.db.execute(
        f"UPDATE surveys SET ended = ? WHERE message = {_LAST} AND ended = ''",  # noqa: S608
        (event.how, event.thread),
    )
    fold.happened(event.thread, event)


def _asked(fold: Fold, thread: int) -> str:
    row = fold.db.execute(
        "SELECT handle FROM surveys WHERE thread = ? ORDER BY asked_at DESC LIMIT 1", (thread,)
    ).fetchone()
    return "" if row is None else str(row[0])


FOLDS: dict[type[e.Event], Folding] = {
    e.SurveyPlanned: planned,
    e.SurveyAsked: asked,
    e.SurveyAnswered: answered,
    e.SurveyRemarked: remarked,
    e.SurveyEnded: ended,
}
