"""Events as they lie in the spool, and what is read out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Inbound, Undelivered
from omniroute_twilio.envelope import unpack
from omniroute_twilio.parse import read

EVENTS = Path(__file__).parent / "events"
JOE = "+14155550101"


def read_event(name: str) -> Any:
    """The one thing that an event says."""
    (one,) = read(unpack((EVENTS / f"{name}.json").read_bytes()))
    return one


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", "I was charged twice"),
        ("stop", "STOP"),
        ("short_code", "Your code is 1182"),
        ("whatsapp", "And here I am"),
        ("whatsapp_location", "Location: 52.5200, 13.4050 (Café Mitte, Torstr. 1, Berlin)"),
        ("whatsapp_button", "Yes, please"),
        ("call_back", f"☎ Asks to be called back: tel:{JOE}."),
        ("call_back_over", f"☎ Asks to be called back: tel:{JOE}. The call ended after 0:15."),
        (
            "missed",
            f"☎ Missed call: heard the greeting, hung up after 0:07; call back: tel:{JOE}.",
        ),
        ("hidden", "☎ Missed call: heard the greeting, hung up after 0:03."),
        ("voicemail", f"☎ Voicemail, 1:23; call back: tel:{JOE}."),
        ("transcript", f"☎ Voicemail, 1:23; call back: tel:{JOE}.\n\nWhere is my pigeon?"),
    ],
)
def test_what_is_read(name: str, text: str) -> None:
    assert read_event(name).text == text


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("text", Address("phone", JOE, verified=True)),
        ("short_code", Address("phone", "24273")),
        ("whatsapp", Address("whatsapp", JOE, verified=True, display="Joe Miller")),
        ("call_back", Address("phone", JOE, display="MILLER JOE")),
        ("missed", Address("phone", JOE, verified=True)),
        ("voicemail", Address("phone", JOE)),
    ],
)
def test_who_it_is_and_whether_anybody_vouches_for_that(name: str, sender: Address) -> None:
    assert read_event(name).sender == sender


def test_one_call_has_one_line_and_a_transcript_belongs_to_its_voicemail() -> None:
    asked, over = read_event("call_back"), read_event("call_back_over")
    assert (over.kind, over.external_id) == ("edit", asked.external_id)
    voicemail, transcript = read_event("voicemail"), read_event("transcript")
    assert (transcript.kind, transcript.external_id) == ("edit", voicemail.external_id)


def test_files_that_came_and_what_is_said_of_those_that_did_not() -> None:
    mms = read_event("mms")
    assert [(file.name, file.data) for file in mms.files] == [("file-1.jpg", b"jpg")]
    assert mms.unread == "“file-2.pdf”: Twilio does not give it out: 404"


def test_machines_and_a_stop_get_no_automatic_answer() -> None:
    automatic = [name for name in ("text", "stop", "short_code") if read_event(name).automatic]
    assert automatic == ["stop", "short_code"]


def test_what_became_of_ours() -> None:
    came = read_event("delivered")
    assert isinstance(came, Inbound)
    assert (came.kind, came.external_id) == ("delivered", "SM" + "9" * 32)
    reason = "this is a landline, or its network takes no texts; call them instead"
    assert read_event("landline") == Undelivered("e-17.1", reason)
    assert read(unpack((EVENTS / "sent.json").read_bytes())) == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"what": "message", "at": 0, "params": {"From": "+14155550101"}}',
        b'{"what": "ended", "at": 0, "params": {"From": "+14155550101"}}',
        b'{"what": "voicemail", "at": 0, "params": {"CallSid": "CA1", "From": "+14155550101"}}',
        b'{"what": "message", "at": 0, "params": {}, "v": 2}',
        b'{"what": "telegram", "at": 0, "params": {}}',
    ],
)
def test_what_cannot_be_meant_is_a_dead_letter(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read(unpack(raw))
