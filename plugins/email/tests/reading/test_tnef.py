"""winmail.dat, packed here as Outlook packs it."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.tnef import Packed, unpacked

SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)


def attribute(name: int, value: bytes) -> bytes:
    return struct.pack("<BII", 1, name, len(value)) + value + struct.pack("<H", sum(value) % 65536)


def properties(*found: bytes) -> bytes:
    return struct.pack("<I", len(found)) + b"".join(found)


def text_property(number: int, text: str) -> bytes:
    value = text.encode("utf-16-le") + b"\0\0"
    padded = value + b"\0" * (-len(value) % 4)
    return struct.pack("<III", number << 16 | 0x1F, 1, len(value)) + padded


PACKED = b"".join(
    [
        SIGNATURE,
        attribute(0x00069007, struct.pack("<II", 1252, 0)),
        attribute(
            0x00069003,
            properties(
                struct.pack("<II", 0x0E070003, 7),
                struct.pack("<I", 0x80010003) + b"\0" * 16 + struct.pack("<III", 0, 5, 6),
                text_property(0x1000, "I was charged twice – look"),
            ),
        ),
        attribute(0x00069002, b"\0" * 14),
        attribute(0x00018010, b"INVOIC~1.PDF\0"),
        attribute(0x0006800F, b"%PDF-1.4"),
        attribute(
            0x00069005,
            properties(
                text_property(0x3707, "Invoice März.pdf"),
                text_property(0x370E, "application/pdf"),
            ),
        ),
        attribute(0x00069002, b"\0" * 14),
        attribute(0x00018010, b"b\xfccher.txt\0"),
        attribute(0x0006800F, b"text"),
    ]
)


def test_what_outlook_has_packed() -> None:
    found = unpacked(PACKED)
    assert found is not None
    assert found.whole
    assert found.text == "I was charged twice – look"
    assert found.files == [
        Packed("Invoice März.pdf", "application/pdf", "", b"%PDF-1.4"),
        Packed("bücher.txt", "", "", b"text"),
    ]


def test_other_bytes_are_not_unpacked() -> None:
    assert unpacked(b"") is None
    assert unpacked(b"%PDF-1.4 and more") is None


def test_what_ends_early_is_read_as_far_as_it_goes() -> None:
    for end in range(len(SIGNATURE), len(PACKED)):
        found = unpacked(PACKED[:end])
        assert found is not None
        assert len(found.files) <= 2
        assert (
            not found.whole or end == len(SIGNATURE) or PACKED[:end].endswith(PACKED[end - 2 : end])
        )


@given(st.binary(max_size=300), st.integers(0, len(PACKED)), st.integers(0, len(PACKED)))
def test_any_bytes_are_read(junk: bytes, start: int, end: int) -> None:
    for data in (SIGNATURE + junk, PACKED[:start] + junk + PACKED[end:]):
        found = unpacked(data)
        assert found is None or sum(len(file.data) for file in found.files) <= len(data)


def test_numbers_that_promise_too_much_are_not_believed() -> None:
    endless = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<II", 0x10001003, 0xFFFFFFFF) * 1000
    found = unpacked(SIGNATURE + attribute(0x00069003, endless) * 50)
    assert found is not None
    assert found.text == ""
