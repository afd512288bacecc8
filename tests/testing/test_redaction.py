"""Recorded events tell nothing of anybody, and are read as before."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omniroute_example.parse import read

from omniroute import Address, File, Inbound
from omniroute.testing.redaction import StillTold, masked, redact

EVENT = {
    "type": "message",
    "id": "e1",
    "chat": "chat-7731",
    "from": {"id": "u-5001", "name": "Joé Miller", "email": "joe@mail.example"},
    "text": "Hello, I am Joé: call +49 30 123456, “now”",
    "at": 1772449200,
    "token": "xoxb-12345678-abcdef",
}


def raw_of(event: object, *, ascii: bool) -> bytes:
    return json.dumps(event, ensure_ascii=ascii).encode()


@pytest.mark.parametrize("ascii", [True, False])
def test_nothing_of_anybody_is_left_and_all_is_read_as_before(ascii: bool) -> None:
    raw = raw_of(EVENT, ascii=ascii)
    made = redact(raw, read, ["of-no-value"], b"k")
    said = json.dumps(json.loads(made), ensure_ascii=False)
    for told in ("Jo", "Miller", "joe@", "5001", "7731", "123456", "Hello", "now", "12345678-abc"):
        assert told not in said
    (before,), (after,) = read(raw), read(made)
    assert len(after.text) == len(before.text)
    assert (after.kind, after.sent_at) == (before.kind, before.sent_at)
    assert json.loads(made)["type"] == "message"


def test_the_same_person_stays_the_same_over_several_events() -> None:
    again = {**EVENT, "id": "e2", "text": "Hello again"}
    one, two = (read(redact(raw_of(e, ascii=True), read, (), b"k"))[0] for e in (EVENT, again))
    assert one.sender == two.sender
    assert one.sender.value != "u-5001"
    other = read(redact(raw_of(EVENT, ascii=True), read, (), b"another"))[0]
    assert other.sender.value != one.sender.value


def test_whoever_is_named_in_what_is_not_read_is_put_out_as_well() -> None:
    event = {"type": "poll", "sender": {"id": "24000000000001"}, "to": {"wa_id": "4915550100"}}
    raw = raw_of(event, ascii=True)
    assert read(raw) == []
    made = redact(raw, read).decode()
    assert "24000000000001" not in made
    assert "4915550100" not in made


def test_what_is_in_a_file_goes_and_its_size_stays() -> None:
    def with_file(raw: bytes) -> list[Inbound]:
        (one,) = read(raw)
        data = base64.b64decode(json.loads(raw)["file"])
        return [replace(one, files=(File("a.txt", "text/plain", data),))]

    file = base64.b64encode(b"I am Joe Miller").decode()
    made = redact(raw_of({**EVENT, "file": file}, ascii=True), with_file)
    assert base64.b64decode(json.loads(made)["file"]) == bytes(15)


def test_an_id_that_is_too_short_to_tell_stays() -> None:
    raw = raw_of({**EVENT, "from": {"id": "17", "name": "Joe Miller"}}, ascii=True)
    (after,) = read(redact(raw, read))
    assert (after.sender.value, "Miller" in after.sender.display) == ("17", False)


def test_secrets_of_the_settings_go_the_same_way() -> None:
    made = redact(b'{"type": "poll", "seen": "hunter2-and-more"}', read, ["hunter2-and-more"])
    assert b"hunter2" not in made


def test_what_is_encoded_in_the_bytes_is_not_handed_out() -> None:
    def decoding(raw: bytes) -> list[Inbound]:
        text = base64.b64decode(raw).decode()
        joe = Address("mail", "joe")
        return [Inbound("1", "c", joe, text, datetime(2026, 1, 1, tzinfo=UTC))]

    with pytest.raises(StillTold, match="text is still what was said"):
        redact(base64.b64encode(b"I was charged twice"), decoding)


@given(st.text(min_size=1, max_size=40))
def test_a_stand_in_is_of_the_same_length_and_form(value: str) -> None:
    stand_in = masked(value, b"k")
    assert len(stand_in) == len(value)
    assert all(
        a.isdigit() == b.isdigit() for a, b in zip(value, stand_in, strict=True) if a.isascii()
    )
