from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.transfer import from_base64, transferred


@given(st.binary())
def test_base64_comes_back_however_it_is_broken_into_lines(data: bytes) -> None:
    plain = base64.b64encode(data)
    assert from_base64(plain) == data
    assert from_base64(base64.encodebytes(data).replace(b"\n", b" \r\n!")) == data
    assert from_base64(plain.rstrip(b"=")) == data


def test_pieces_of_base64_may_follow_each_other() -> None:
    assert from_base64(base64.b64encode(b"one!") + base64.b64encode(b"two")) == b"one!two"


@pytest.mark.parametrize("below", [b"ignored", b"\r\n-- \r\nsent by a list", b"ab"])
def test_words_below_base64_are_not_taken_for_it(below: bytes) -> None:
    assert from_base64(b"eW91IGhhdmUgaXQu\r\nb25lIQ==\r\n" + below) == b"you have it.one!"


@pytest.mark.parametrize(
    ("body", "encoding", "data", "remark"),
    [
        (b"Gr=C3=BC=\r\n=C3=9Fe", "Quoted-Printable", "Grüße".encode(), ""),
        (b"100 = %", "quoted-printable", b"100 = %", ""),
        (b"as it is", " 8BIT ", b"as it is", ""),
        (b"as it is", "", b"as it is", ""),
        (b"as it is", "klingon", b"as it is", "unknown transfer encoding"),
        (b"\xff\xfe", "base64", b"", "broken base64"),
        (b" \r\n", "base64", b"", ""),
        (b"I was charged", "base64", b"I was charged", "words that are said to be base64"),
        (
            b"Hello\r\n\r\nI was",
            "base64",
            b"Hello\r\n\r\nI was",
            "words that are said to be base64",
        ),
        (b"b25lIQ==\r\n-- \r\nsent by a list", "base64", b"one!", ""),
        (b"no beginning", "x-uuencode", b"no beginning", "broken uuencode"),
        (
            b"begin 644 ../../etc/passwd\n" + binascii.b2a_uu(b"hello") + b"`\nend\n",
            "uuencode",
            b"hello",
            "",
        ),
        (
            b"begin 644 x\n" + binascii.b2a_uu(b"hello") + b"M\xff\xff\n",
            "uuencode",
            b"hello",
            "broken uuencode",
        ),
    ],
)
def test_encodings(body: bytes, encoding: str, data: bytes, remark: str) -> None:
    assert transferred(body, encoding) == (data, remark)


@given(st.binary(), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "7bit", "x"]))
def test_nothing_raises_or_grows(body: bytes, encoding: str) -> None:
    for text in (body, b"begin 644 x\n" + body):
        assert len(transferred(text, encoding)[0]) <= len(text)
