"""Records are read with tolerance: what a newer version wrote does not stop an older one."""

import logging

import msgspec
import pytest

from omniroute.application.projections.journal import read
from omniroute.core.events import CustomerWrote, NoteAdded
from omniroute.stores.api import GENESIS, Record, chained


def record(*events: dict[str, object], **more: object) -> Record:
    body = msgspec.json.encode({"v": 1, "at": 5, "in": {"in": "X"}, "ev": events, **more})
    return chained(GENESIS, [body])[0]


NOTE = {"ev": "NoteAdded", "thread": 7, "message": "n1", "agent": "ana"}


def test_a_record_is_read_as_it_was_written() -> None:
    why = {"about": "route", "rule": "refunds"}

    entry = read(record(NOTE, why=[why], rules="r1"))

    assert (entry.seq, entry.at, entry.rules) == (1, 5, "r1")
    assert entry.events == (NoteAdded(7, "n1", "ana"),)
    assert entry.why == (why,)


def test_who_acted_is_known_if_an_agent_did() -> None:
    by_ana = {"in": "NoteWritten", "agent": "ana"}
    assert read(record(NOTE, **{"in": by_ana})).agent == "ana"
    assert read(record(NOTE)).agent == ""


def test_an_event_of_a_newer_version_is_left_out() -> None:
    entry = read(record({"ev": "MoonRose", "thread": 7}, NOTE))
    assert entry.events == (NoteAdded(7, "n1", "ana"),)


def test_fields_of_a_newer_version_are_left_out() -> None:
    wrote = {
        "ev": "CustomerWrote", "thread": 7, "message": "m", "handle": "h", "channel": "email",
        "account": "main", "mood": "cross",
    }  # fmt: skip
    entry = read(record(wrote))
    assert entry.events == (CustomerWrote(7, "m", "h", "email", "main"),)


def test_a_known_event_of_another_shape_is_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        entry = read(record({"ev": "NoteAdded", "thread": "seven"}, NOTE))
    assert entry.events == (NoteAdded(7, "n1", "ana"),)
    assert "record 1: NoteAdded is left out of the views" in caplog.text


def test_what_is_no_record_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        read(Record(1, bytes(16), b"\x00\x01"))
