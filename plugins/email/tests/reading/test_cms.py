from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.cms import SIGNED_DATA, signed_content
from omniroute_email.reading.mail import examine
from omniroute_email.reading.sealed import Seal

TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nI was charged twice.\r\n"
DATA = bytes.fromhex("06092a864886f70d010701")
VERSION, DIGESTS, SIGNERS = b"\x02\x01\x01", b"\x31\x00", b"\x31\x00"


def der(tag: int, content: bytes) -> bytes:
    """An element that says how long it is."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    return bytes([tag, 0x82]) + size.to_bytes(2, "big") + content


def ber(tag: int, content: bytes) -> bytes:
    """One whose end is marked, as programs write that do not know yet how much will come."""
    return bytes([tag, 0x80]) + content + b"\0\0"


WHOLE = der(
    0x30,
    der(6, SIGNED_DATA)
    + der(0xA0, der(0x30, VERSION + DIGESTS + der(0x30, DATA + der(0xA0, der(4, TEXT))) + SIGNERS)),
)
PIECES = b"".join(der(4, TEXT[at : at + 20]) for at in range(0, len(TEXT), 20))
STREAMED = ber(
    0x30,
    der(6, SIGNED_DATA)
    + ber(
        0xA0,
        ber(0x30, VERSION + DIGESTS + ber(0x30, DATA + ber(0xA0, ber(0x24, PIECES))) + SIGNERS),
    ),
)
DETACHED = der(
    0x30, der(6, SIGNED_DATA) + der(0xA0, der(0x30, VERSION + DIGESTS + der(0x30, DATA) + SIGNERS))
)


@pytest.mark.parametrize("data", [WHOLE, STREAMED])
def test_a_text_within_its_signature_is_read(data: bytes) -> None:
    assert signed_content(data) == TEXT
    head = b"From: joe@x.example\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data;"
    head += b" name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = examine(head + base64.encodebytes(data))
    assert (mail.text, mail.sealed, mail.files) == ("I was charged twice.", Seal.SIGNED, ())
    assert str(mail.remarks) == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"MIIB", DETACHED, WHOLE[:-60], WHOLE.replace(SIGNED_DATA, SIGNED_DATA[:-1] + b"\3")],
)
def test_where_there_is_none_there_is_none(data: bytes) -> None:
    assert signed_content(data) is None


@given(st.integers(0, len(STREAMED)), st.binary(max_size=10), st.integers(0, 10))
def test_nothing_raises(at: int, noise: bytes, out: int) -> None:
    signed_content(STREAMED[:at] + noise + STREAMED[at + out :])
    signed_content(WHOLE[:at] + noise + WHOLE[at + out :])
