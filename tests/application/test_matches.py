"""From the decisions of the views: how often rules matched, and what a trial has shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from omniroute.application import matches
from omniroute.rules.load import parse_rules

DAY = 86_400_000
NOW = 100 * DAY
RULES = parse_rules(
    {
        "r.yaml": b"version: 1\nskills: {lang.de: {}}\nqueues: {general: {}, billing: {}}\n"
        b"defaults: {queue: general}\n"
        b"enrich: [{id: german, when: {message.language: de}, set: {tags: [de]}}]\n"
        b"route:\n"
        b"  - {id: refunds, when: {message.text: {any_of: [refund]}}, to: {queue: billing}}\n"
        b"  - {id: rest, when: {channel: email}, to: {queue: general}}\n"
    }
)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.execute("CREATE TABLE decisions (seq, n, thread, at, rules, agent, why)")
    db.execute("CREATE TABLE messages (thread, seq, kind, excerpt)")
    yield db
    db.close()


def decided(
    db: sqlite3.Connection, seq: int, at: int = NOW, version: str = "v1", **why: Any
) -> None:
    told = msgspec.json.encode({"thread": seq, **why}).decode()
    db.execute("INSERT INTO decisions VALUES (?, 0, ?, ?, ?, '', ?)", (seq, seq, at, version, told))
    db.execute("INSERT INTO messages VALUES (?, ?, 'customer', ?)", (seq, seq, f"hello {seq}"))


def routed(db: sqlite3.Connection, seq: int, days_ago: int, rule: str, **why: Any) -> None:
    at = NOW - days_ago * DAY
    decided(db, seq, at, about="route", rule=rule, queue="general", **why)


def test_how_often_each_rule_matched_day_by_day(db: sqlite3.Connection) -> None:
    routed(db, 1, 9, "refunds")
    routed(db, 2, 2, "refunds", enriched=["german"], facts={"message.language": "de"})
    routed(db, 3, 0, "refunds", facts={"message.language": "fr", "topic": "money"})
    routed(db, 4, 0, "", facts={"message.language": "fr"}, passed=["nobody-knows"])
    used = matches.usage(db, RULES, 0, NOW, 7)
    assert {rule.id: rule.days for rule in used.rules} == {
        "german": (0, 0, 0, 0, 1, 0, 0),
        "refunds": (0, 0, 0, 0, 1, 0, 1),
        "rest": (0, 0, 0, 0, 0, 0, 0),
    }
    assert (used.routed, used.unmatched) == (3, 1)
    assert [rule.id for rule in used.stale] == ["rest"]
    assert (used.languages, used.facts) == ({"fr": 2}, {"topic": 1})
    assert used.rules[0].place == "r.yaml:5"


def shadowed(db: sqlite3.Connection, seq: int, *differs: str, **beside: Any) -> None:
    live = {"rule": "rest", "enriched": [], "queue": "general", "priority": 20}
    told = {**live, "rules": "v2", **beside}
    decided(db, seq, about="shadow", live=live, differs=list(differs), **told)


def test_what_a_shadow_would_have_done_otherwise(db: sqlite3.Connection) -> None:
    shadowed(db, 1)
    shadowed(db, 2, "queue", queue="billing", rule="invoices")
    shadowed(db, 3, "queue", "steps", queue="billing", rule="invoices")
    shadowed(db, 4, "priority", priority=40, enriched=["lawyer"])
    shadowed(db, 5, "queue", rules="another", queue="x")
    decided_, differ, changes = matches.shown(db, 0, "v2")
    assert (decided_, differ) == (4, 3)
    assert [str(change) for change in changes] == [
        "general → billing 2 by rule invoices  e.g. #2 “hello 2”",
        "priority normal → urgent 1 by rule lawyer  e.g. #4 “hello 4”",
        "needs other 1 by rule invoices  e.g. #3 “hello 3”",
    ]
    assert matches.shown(db, 3, "v2")[:2] == (1, 1)


def test_how_many_a_canary_has_decided(db: sqlite3.Connection) -> None:
    for seq, version in enumerate(("v1", "v2", "v1", "v2", "v1"), 1):
        decided(db, seq, version=version, about="route", rule="rest", queue="general")
    assert matches.decided_by(db, 0, "v2") == (2, 5)
    assert matches.decided_by(db, 2, "v2") == (1, 3)


def test_the_records_about_a_thread(db: sqlite3.Connection) -> None:
    routed(db, 7, 0, "rest")
    assert matches.records(db, 7, "route") == [7]
    assert matches.records(db, 7, "shadow") == []
