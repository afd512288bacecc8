"""Recorded events, and what is read out of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from omniroute import Inbound

from omniroute_example.parse import read

EVENTS = Path(__file__).parent / "events"


def read_event(name: str) -> list[Inbound]:
    return read((EVENTS / f"{name}.json").read_bytes())


def test_a_message() -> None:
    (message,) = read_event("message")
    assert (message.text, message.sender.display) == ("I was charged twice", "Joe Miller")
    assert message.sent_at.isoformat() == "2026-03-02T11:00:00+00:00"


def test_an_edit_names_what_it_changes() -> None:
    (message,), (edit,) = read_event("message"), read_event("edit")
    assert (edit.kind, edit.external_id) == ("edit", message.external_id)


def test_what_is_not_for_us() -> None:
    assert read_event("poll") == []


def test_what_cannot_be_meant() -> None:
    with pytest.raises(ValueError, match="without id"):
        read(b'{"type": "message"}')
