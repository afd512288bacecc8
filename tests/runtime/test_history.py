"""From the journal and its rows to the past of a desk."""

from __future__ import annotations

from tests.demo.played import Past, desk, past

from omniroute.core.events import ThreadRouted
from omniroute.core.inputs import MessageReceived
from omniroute.rules.backtest import History, backtest
from omniroute.runtime.history import history
from omniroute.runtime.record import decode
from omniroute.stores.memory import MemoryStore

DAY = 86_400_000


def skimmed(found: Past, since: int = 0) -> History:
    return history(found.store.reader(), since)


def test_every_message_that_was_routed_is_a_case() -> None:
    found = past()
    entries = [decode(body) for body in found.records()]
    routed = [
        event.thread
        for entry in entries
        for event in entry.ev
        if isinstance(event, ThreadRouted) and isinstance(entry.input, MessageReceived)
    ]
    assert [case.thread for case in skimmed(found).cases] == routed


def test_what_was_shown_then_gives_what_held_then() -> None:
    """The very conditions that were recorded, from the text read again."""
    found = past()
    rules = desk().rules
    recorded = {
        (entry.at, entry.input.sender.id): entry.input.observed
        for entry in map(decode, found.records())
        if isinstance(entry.input, MessageReceived)
    }
    cases = skimmed(found).cases
    assert cases
    for case in cases:
        assert case.texts is not None
        assert rules.observer.observe(case.texts) == recorded[case.at, case.customer]


def test_how_long_somebody_had_it_and_answered() -> None:
    cases = skimmed(past()).cases
    done = [case for case in cases if case.handling is not None]
    assert len(done) > len(cases) * 0.8
    assert all(0 <= (case.answering or 0) <= (case.handling or 0) for case in done)


def test_only_the_last_days_and_who_was_there_when_they_began() -> None:
    found = past()
    since = found.now - DAY
    recent = skimmed(found, since)
    assert 0 < len(recent.cases) < len(skimmed(found).cases)
    assert all(case.at >= since for case in recent.cases)
    assert {member.id for member in recent.presence.members} >= {"ana", "bo"}
    assert recent.presence.changes[0][0] == since


def test_what_is_erased_has_no_text() -> None:
    found = past()
    store = MemoryStore()
    rows = dict(found.store.reader().scan("", limit=100_000))
    message = next(
        entry.input.message
        for entry in map(decode, found.records())
        if isinstance(entry.input, MessageReceived)
    )
    del rows[f"b/{message}"]
    store.commit(store.head(), found.records(), rows)
    cases = history(store.reader(), 0).cases
    assert [case.texts for case in cases].count(None) == 1


def test_the_rules_of_then_change_nothing() -> None:
    found = backtest(skimmed(past()), desk().rules, desk().rules)
    assert (found.changed, found.unknown) == ({}, 0)
    assert found.predicted is not None
    assert found.predicted[0] == found.predicted[1]
