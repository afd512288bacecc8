"""What the rules were shown of a message, from its record and its rows."""

from __future__ import annotations

from tests.demo.played import desk, past

from omniroute.core.inputs import Claimed, MessageReceived, Seen
from omniroute.core.model import Evidence
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.rules.load import parse_rules
from omniroute.runtime import recall
from omniroute.runtime.record import decode, encode
from omniroute.runtime.rows import Body, Reached


def message(*, verified: bool = True, claims: tuple[Claimed, ...] = ()) -> MessageReceived:
    sender = Seen("h1", "webchat", verified=verified)
    return MessageReceived("m1", 5, "m1", "webchat", "site", sender, claims)


def claimed(evidence: Evidence) -> Claimed:
    return Claimed(Seen("h2", "email"), evidence, "webchat")


ROWS = {
    "b/m1": encode(Body(text="hello", subject="Hi")),
    "p/h1": encode(Reached("webchat", "visitor", "Joe")),
    "p/h2": encode(Reached("email", "joe@x.example")),
}


def test_text_subject_name_and_the_addresses_that_are_vouched_for() -> None:
    sure = message(claims=(claimed(Evidence.VERIFIED),))
    assert recall.texts(sure, ROWS) == Texts("hello", "Hi", ("joe@x.example",), "Joe")
    assert recall.rows_for(sure) == ["b/m1", "p/h1", "p/h2"]


def test_what_is_only_said_is_no_address() -> None:
    said = recall.texts(message(claims=(claimed(Evidence.ASSERTED),)), ROWS)
    forged = recall.texts(message(verified=False, claims=(claimed(Evidence.VERIFIED),)), ROWS)
    assert said is not None
    assert forged is not None
    assert (said.emails, forged.emails) == ((), ())


def test_what_is_erased_or_unreadable_is_nothing() -> None:
    assert recall.texts(message(), {}) is None
    assert recall.texts(message(), {"b/m1": b"{"}) is None
    gone = recall.texts(message(), {"b/m1": ROWS["b/m1"]})
    assert gone == Texts("hello", "Hi")


def another() -> RuleSet:
    """Rules that number their conditions otherwise."""
    return parse_rules(
        {
            "rules.yaml": b"version: 1\nqueues: {general: {}}\ndefaults: {queue: general}\nroute:\n"
            b"  - {id: a, when: {message.text: {any_of: [nowhere]}}, to: {queue: general}}\n"
            b"  - {id: b, when: {message.text: {regex: '.'}}, to: {queue: general}}\n"
        }
    )


def test_waiting_threads_are_seen_anew_from_what_was_written() -> None:
    found = past()
    reader = found.store.reader()
    waiting = recall.waiting(reader)
    assert waiting
    entries = list(enumerate(map(decode, found.records()), 1))
    routed = {
        thread.id: [
            seq for seq, entry in reversed(entries) if recall.facts_of(entry, thread.id) is not None
        ]
        for thread in waiting
    }
    seen = list(recall.reseen(reader, another(), routed))
    assert [one.thread for one in seen] == [thread.id for thread in waiting]
    (wrote,) = {one.observed for one in seen}
    assert len(wrote) == 1  # everybody has written something, nobody “nowhere”
    assert all(one.facts["channel"] in ("email", "webchat") for one in seen)
    assert desk().rules.version != another().version
