from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute import Address, Inbound
from omniroute_webchat import parse

EVENTS = Path(__file__).parent / "events"
VISITOR = "s:5f0c9a1b2d3e4f5061728394a5b6c7d8"
MESSAGE = "0b8e6a52-3d7c-4e0a-9d0b-1c2d3e4f5a6b"


def event(name: str) -> bytes:
    return (EVENTS / f"{name}.json").read_bytes()


def test_a_guest_is_known_by_the_session() -> None:
    assert parse.read(event("guest"), "main") == Inbound(
        external_id=f"{VISITOR}/{MESSAGE}",
        conversation=VISITOR,
        sender=Address("webchat-visitor", VISITOR, verified=True, display="Visitor"),
        text="Where is my parcel?",
        sent_at=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    )


def test_a_user_is_known_by_the_id_at_the_site_and_by_mail() -> None:
    joe = parse.read(event("user"), "main")
    assert joe.sender == Address("webchat:main", "17", True, "Joe Miller", unique=True)
    assert joe.also_known_as == (Address("email", "joe@shop.example", True, "Joe Miller"),)
    assert joe.conversation == "u:4523540f1504cd17100c4835e85b7eef"


def test_a_user_who_began_as_a_guest_is_both() -> None:
    joe = parse.read(event("user-once-guest"), "main")
    assert joe.sender.value == "17"
    assert joe.also_known_as == (Address("webchat-visitor", VISITOR, True, "Visitor"),)


def test_users_of_two_accounts_are_not_confused() -> None:
    here, there = (parse.read(event("user"), account) for account in ("shop", "club"))
    assert here.sender != there.sender


def test_unknown_fields_of_a_later_version_do_no_harm() -> None:
    raw = event("guest").replace(b'"v": 1', b'"v": 1, "mood": "cheerful"')
    assert parse.read(raw, "main").text == "Where is my parcel?"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "truncated"),
        (b"null", "Expected `object`"),
        (b"{}", "missing required field `id`"),
        (event("guest").replace(b'"v": 1', b'"v": 2'), "version 2"),
    ],
)
def test_what_is_not_ours_says_so(raw: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse.read(raw, "main")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a line \n", "a line"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("bell\x07 escape\x1b[31m nul\x00", "bell escape[31m nul"),
        ("c1\x85\x9b bom\ufeff", "c1 bom"),
        ("\ttab inside\tstays", "tab inside\tstays"),
        ("half a \ud83d pair", "half a  pair"),
        ("שלום 👩\u200d👩\u200d👧 e\u0301", "שלום 👩\u200d👩\u200d👧 e\u0301"),
        (" \x00\r\n ", ""),
    ],
)
def test_text_is_cleaned_of_what_is_not_text(text: str, cleaned: str) -> None:
    assert parse.clean(text) == cleaned


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = parse.clean(text)
    assert parse.clean(once) == once
    once.encode()  # can be stored


@given(st.binary())
def test_bytes_that_are_no_message_raise_nothing_but_value_errors(raw: bytes) -> None:
    with pytest.raises(ValueError):
        parse.read(raw, "main")


@given(
    st.builds(
        parse.Said,
        id=st.uuids().map(str),
        session=st.just(VISITOR),
        conversation=st.just(VISITOR),
        text=st.text(st.characters(codec="utf-8")),
        at=st.integers(0, 4_000_000_000_000),
        sub=st.text(st.characters(codec="utf-8"), max_size=20),
        joined=st.booleans(),
    )
)
def test_what_was_accepted_can_be_read(said: parse.Said) -> None:
    raw = msgspec.json.encode(said)
    read = parse.read(raw, "main")
    assert read == parse.read(raw, "main")
    assert read.text == parse.clean(said.text)
    assert read.sent_at.timestamp() == said.at / 1000


@given(st.text())
def test_a_plain_line_is_cleaned_as_any_other_text(text: str) -> None:
    assert parse.clean(text) == parse.clean("\n" + text)
