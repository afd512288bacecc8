from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.calendar import summary

EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
DTSTART:19700101T000000
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY;LANGUAGE=en:Call about\\, well\\, order
  1182
DTSTART;TZID="Europe/Berlin":20260301T130000
LOCATION:Room 2
END:VEVENT
BEGIN:VEVENT
SUMMARY:Another
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_invitation(newline: str) -> None:
    told = "Invitation: Call about, well, order 1182, 2026-03-01 13:00 (Europe/Berlin), Room 2"
    assert summary(EVENT.replace("\n", newline)) == told


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("DTSTART:20260301T120000Z", "2026-03-01 12:00 (UTC)"),
        ("DTSTART;VALUE=DATE:20260301", "2026-03-01"),
        ("DTSTART:20260301T120000", "2026-03-01 12:00"),
        ("DTSTART:soon", ""),
    ],
)
def test_when(start: str, told: str) -> None:
    content = f"METHOD:CANCEL\nBEGIN:VEVENT\n{start}\nEND:VEVENT"
    assert summary(content) == f"Cancelled: {told}".removesuffix(": ")


def test_no_event() -> None:
    assert summary("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nEND:VTODO") == ""


@given(st.text(st.sampled_from('BEGIN:VT;="\n\r SUMARYDTSLOCION\\,n0123Z') | st.characters()))
def test_any_content_is_read(content: str) -> None:
    assert "\n" not in summary(f"BEGIN:VEVENT\n{content}")
