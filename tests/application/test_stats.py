"""What came of articles, counted from the record as the views keep it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC

import msgspec
import pytest

from omniroute.application.projections.schema import TABLES
from omniroute.application.reporting import Asked, report
from omniroute.application.stats import DAY, ArticleStats, DayStats, stats
from omniroute.core.events import ThreadEvent
from omniroute.testing.rig import Rig

RULES = """
version: 1
queues: {general: {}}
defaults: {queue: general, articles: "https://help.example/"}
route:
  - id: reset
    when: {message.text: {any_of: [password]}}
    deflect: {article: kb/reset, ask: "Did that solve it?", if_no: fall_through, for: 5m}
  - id: bill
    when: {message.text: {any_of: [bill]}}
    deflect: {article: kb/bill, ask: "Did that solve it?", if_no: fall_through, for: 5m}
  - {id: rest, to: {queue: general}}
"""


def views(rig: Rig) -> sqlite3.Connection:
    """The happenings of a transcript, as the views write them."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.executescript(TABLES)
    for seq, done in enumerate(rig.machine.journal):
        for n, event in enumerate(done.decision.events):
            if isinstance(event, ThreadEvent):
                row = (seq, n, event.thread, done.input.at, type(event).__name__, "")
                said = msgspec.json.encode(event).decode()
                db.execute("INSERT INTO happenings VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, said))
    return db


def test_how_many_were_asked_were_helped_and_came_back() -> None:
    rig = Rig(RULES)
    began = rig.now
    for name, about, answer in (
        ("joe", "my password", "yes"),
        ("kim", "my password", "yes"),
        ("lou", "my password", "no"),
        ("max", "my bill", ""),
        ("nel", "hello", ""),
    ):
        whom = rig.customer(name, webchat=name)
        whom.on("webchat").says(about)
        rig.wait(minutes=1)
        if answer:
            whom.on("webchat").says(answer)
    kim = rig.customer("kim again", webchat="kim")
    kim.on("webchat").says("it asks for a code")
    db = views(rig)
    assert stats(db, rig.now, began, rig.now + 1).articles == (
        ArticleStats("kb/reset", proposed=3, helped=2, came_back=1),
        ArticleStats("kb/bill", proposed=1, helped=0, came_back=0),
    )
    assert stats(db, rig.now, rig.now, rig.now + 1).articles == ()
    db.close()


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """Views in which nothing has happened yet."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.executescript(TABLES)
    yield db
    db.close()


def sampled(db: sqlite3.Connection, measure: str, at: int, value: int = 1) -> None:
    db.execute("INSERT INTO samples VALUES (?, ?, ?, 1, 'ana', '', '', '')", (at, measure, value))


def test_threads_are_counted_by_the_day_from_the_beginning_of_the_span(
    db: sqlite3.Connection,
) -> None:
    began = 500  # days are counted from there, not from midnight
    for came in (499, 500, 500 + DAY - 1, 500 + 3 * DAY):
        sampled(db, "opened", came)
    sampled(db, "resolution", 500)
    sampled(db, "deflected", 500 + DAY)
    found = stats(db, began + 4 * DAY, began, began + 4 * DAY)
    assert found.days == (
        DayStats(began, opened=2, resolved=1),
        DayStats(began + DAY, opened=0, resolved=1),
        DayStats(began + 3 * DAY, opened=1, resolved=0),
    )
    assert sum(day.opened for day in found.days) == found.opened
    assert sum(day.resolved for day in found.days) == found.resolved
    assert stats(db, began, began, began).days == ()


def test_figures_are_those_of_the_report(db: sqlite3.Connection) -> None:
    for number in range(1, 8):
        sampled(db, "first_reply", 1000 + number, 10 * number)
        sampled(db, "first_answer", 1000 + number, number)  # a bot was quicker
    for measure in ("first_reply", "opened", "resolution", "deflected", "replies"):
        sampled(db, measure, 1000)
        sampled(db, measure, 999)
    found = stats(db, 5000, 1000, 2000)
    told = report(db, 5000, Asked(since=1000, until=2000), {}, UTC).readings
    first = told["first_reply"]
    assert (found.first_reply.threads, found.first_reply.median, found.first_reply.p90) == (
        *(first.number, first.value, first.p90),
    )
    assert (found.first_reply.median, found.first_reply.p90) == (30, 70)
    assert (found.opened, found.resolved, found.replied) == (1, 2, 1)
    assert [told[name].number for name in ("opened", "resolved", "replies")] == [1, 2, 1]
