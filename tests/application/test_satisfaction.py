"""What customers answered, and whether the first contact was enough, as samples for reports."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
import pytest

from omniroute.application.projections.fold import Touched
from omniroute.application.projections.journal import Entry
from omniroute.application.projections.record import fold_record
from omniroute.application.projections.schema import TABLES
from omniroute.application.satisfaction import (
    EASE,
    FIRST_CONTACT,
    PROMOTERS,
    RESPONSES,
    SATISFIED,
    wilson,
)
from omniroute.core import events as e
from omniroute.core.model import Handle
from omniroute.runtime.rows import Body

DAY = 86_400_000
NOW = 30 * DAY


class Desk:
    """The views, written by events."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript(TABLES)
        self.seq = 0
        self.happens(0, e.HandleSeen(Handle("joe", "joe", "email", 0)))

    def happens(self, at: int, *events: Any, **bodies: str) -> None:
        self.seq += 1
        rows = {f"b/{id}": msgspec.json.encode(Body(text)) for id, text in bodies.items()}
        entry = Entry(self.seq, at, {}, events, (), "r1")
        fold_record(self.db, entry, rows, Touched())

    def solved(self, thread: int, at: int, *agents: str, customer: str = "joe") -> None:
        routed = e.ThreadRouted(thread, "rest", "r1", "general", (), 20, 0, 0)
        self.happens(at, e.ThreadOpened(thread, customer), routed)
        for agent in agents:
            self.happens(at + 1, e.ThreadAssigned(thread, agent, "accept"))
        self.happens(at + 2, e.ThreadSolved(thread, agents[-1], at + 8 * DAY))

    def asked(self, thread: int, at: int, measure: str = "csat", score: int | None = None) -> None:
        message = f"m{thread}"
        asked = e.SurveyAsked(
            thread, "after", measure, message, "joe", at + DAY, agent="ana", queue="general",
            channel="email",
        )  # fmt: skip
        self.happens(at, asked)
        if score is not None:
            self.happens(
                at + 1, e.SurveyAnswered(thread, "after", measure, score, at + DAY, "page")
            )

    def samples(self, source: str) -> list[tuple[int, float]]:
        rows = self.db.execute(source + " ORDER BY thread", {"now": NOW})
        return [(row["thread"], row["value"]) for row in rows]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_each_measure_has_its_samples_and_those_who_were_asked_are_counted(desk: Desk) -> None:
    for thread, measure, score in (
        (1, "csat", 5), (2, "csat", 3), (3, "csat", None),
        (4, "nps", 10), (5, "nps", 8), (6, "nps", 6), (7, "ces", 6),
    ):  # fmt: skip
        desk.solved(thread, DAY, "ana")
        desk.asked(thread, 2 * DAY, measure, score)
    desk.happens(2 * DAY, e.SurveyEnded(3, "after", "expired"))
    assert desk.samples(SATISFIED) == [(1, 1), (2, 0)]
    assert desk.samples(PROMOTERS) == [(4, 100), (5, 0), (6, -100)]
    assert desk.samples(EASE) == [(7, 6)]
    assert [value for _, value in desk.samples(RESPONSES)] == [1, 1, 0, 1, 1, 1, 1]


def test_a_question_that_did_not_arrive_was_not_asked(desk: Desk) -> None:
    desk.solved(1, DAY, "ana")
    desk.asked(1, 2 * DAY)
    desk.happens(2 * DAY, e.SurveyEnded(1, "after", "undelivered"))
    assert desk.samples(RESPONSES) == []


def test_the_last_answer_counts_and_says_about_whom(desk: Desk) -> None:
    desk.solved(1, DAY, "ana")
    desk.asked(1, 2 * DAY, score=1)
    desk.happens(2 * DAY + 9, e.SurveyAnswered(1, "after", "csat", 5, 0, "page"))
    (row,) = desk.db.execute(SATISFIED).fetchall()
    assert dict(row) == {
        "at": 2 * DAY, "measure": "csat", "value": 1, "thread": 1, "agent": "ana",
        "queue": "general", "channel": "email", "about": "after",
    }  # fmt: skip


def test_first_contact_is_enough_where_one_agent_resolved_it_for_good(desk: Desk) -> None:
    desk.solved(1, DAY, "ana", customer="a")
    desk.solved(2, DAY, "ana", "bo", customer="b")  # handed on
    desk.solved(3, DAY, "ana", customer="c")
    desk.happens(3 * DAY, e.ThreadReopened(3, "customer"))
    desk.solved(4, DAY, "ana", customer="d")
    desk.solved(5, 4 * DAY, "ana", customer="d")  # the same person, there again
    desk.solved(6, DAY, "ana", customer="f")
    desk.happens(9 * DAY, e.ThreadReopened(6, "customer"))  # after a week
    desk.solved(7, NOW - DAY, "ana", customer="g")  # nobody knows yet
    assert desk.samples(FIRST_CONTACT) == [(1, 1), (2, 0), (3, 0), (4, 0), (5, 1), (6, 1)]


def test_few_answers_say_little() -> None:
    assert [round(end, 3) for end in wilson(45, 50)] == [0.786, 0.957]
    assert wilson(0, 1)[0] == 0.0
    with pytest.raises(ValueError, match="nothing"):
        wilson(0, 0)


def test_words_stand_with_the_customers_messages_and_go_with_them(desk: Desk) -> None:
    desk.solved(1, DAY, "ana")
    desk.asked(1, 2 * DAY, score=2)
    desk.happens(2 * DAY, e.SurveyRemarked(1, "after", "words", "joe"), words="Too slow")
    (row,) = desk.db.execute("SELECT * FROM messages WHERE id = 'words'").fetchall()
    assert (row["kind"], row["handle"], row["excerpt"]) == ("remark", "joe", "Too slow")
    desk.happens(3 * DAY, e.CustomerErased(("joe",), ("words",)))
    (row,) = desk.db.execute("SELECT * FROM messages WHERE id = 'words'").fetchall()
    assert row["excerpt"] == ""
    assert desk.db.execute("SELECT score FROM surveys").fetchone()[0] == 2
