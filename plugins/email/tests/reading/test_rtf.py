from __future__ import annotations

import struct

import pytest
from compressed_rtf import compress
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.mail import examine
from omniroute_email.reading.rtf import MAX_COMPRESSED, rtf_text

BODY = rb"{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe,\par I was charged {\b twice}: 12 \u8364?.}"
DISGUISED = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Please look "
    rb"{\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 into it{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 "
    rb"\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}}"
)


def winmail(compressed: bytes) -> bytes:
    """A mail from Outlook whose only body is packed, in RTF."""
    padded = compressed + b"\0" * (-len(compressed) % 4)
    properties = struct.pack("<IIII", 1, 0x10090102, 1, len(compressed)) + padded
    packed = struct.pack("<IH", 0x223E9F78, 1)
    packed += struct.pack("<BII", 1, 0x00069003, len(properties)) + properties + b"\0\0"
    head = b"From: joe@x.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    return head.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: binary\r\n\r\n") + packed


@pytest.mark.parametrize(
    ("source", "text"),
    [(BODY, "Grüße,\nI was charged twice: 12 €."), (DISGUISED, "Please look into it\n")],
)
def test_a_body_in_rtf_is_read(source: bytes, text: str) -> None:
    assert rtf_text(compress(source)) == rtf_text(compress(source, False)) == text
    mail = examine(winmail(compress(source)))
    assert mail.text == text.strip()
    assert str(mail.remarks) == ""


@pytest.mark.parametrize("compressed", [b"", b"x" * 100, compress(BODY)[:-9], compress(b"no RTF")])
def test_what_is_no_rtf_is_named(compressed: bytes) -> None:
    assert rtf_text(compressed) == ""
    assert "RTF" in str(examine(winmail(compressed or b"-")).remarks)


def test_of_very_much_the_beginning_is_read_or_nothing() -> None:
    much = b"{\\rtf1 " + b"hello\\par " * 100_000 + b"}"
    assert rtf_text(compress(much, False)).startswith("hello\nhello\n")
    assert (
        rtf_text(struct.pack("<II4sI", MAX_COMPRESSED, 0, b"LZFu", 0) + b"x" * MAX_COMPRESSED) == ""
    )


@given(st.binary(max_size=200), st.integers(0, len(compress(BODY))))
def test_nothing_raises(noise: bytes, at: int) -> None:
    whole = compress(BODY)
    rtf_text(whole[:at] + noise + whole[at:])
    rtf_text(compress(b"{\\rtf1 " + noise, False))
