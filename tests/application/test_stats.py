"""What came of articles, counted from the record as the views keep it."""

from __future__ import annotations

import sqlite3

import msgspec

from omniroute.application.projections.schema import TABLES
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


def test_threads_are_counted_by_the_day_from_the_beginning_of_the_span() -> None:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.executescript(TABLES)
    began = 500  # days are counted from there, not from midnight
    for came, solved in ((499, 500), (500, 0), (500 + DAY - 1, 500 + DAY), (500 + 3 * DAY, 0)):
        db.execute(
            "INSERT INTO threads (root, customer, since, solved_at) VALUES (0, '', ?, ?)",
            (came, solved),
        )
    found = stats(db, began + 4 * DAY, began, began + 4 * DAY)
    assert found.days == (
        DayStats(began, opened=2, resolved=1),
        DayStats(began + DAY, opened=0, resolved=1),
        DayStats(began + 3 * DAY, opened=1, resolved=0),
    )
    assert sum(day.opened for day in found.days) == found.opened
    assert sum(day.resolved for day in found.days) == found.resolved
    assert stats(db, began, began, began).days == ()
    db.close()
