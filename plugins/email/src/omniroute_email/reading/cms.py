"""What an S/MIME message holds that is signed and not encrypted (RFC 5652, 5; RFC 8551, 3.5.2).

Outlook signs so: the text lies within the signature (*opaque*), and whoever does not look there
sees a file and no text.  Only the way to the content is walked, through lengths that are checked;
the signature is not.
"""

from __future__ import annotations

from typing import Final

SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
MAX_CHUNKS: Final = 100_000

_SEQUENCE, _SET, _INTEGER, _OBJECT = 0x30, 0x31, 0x02, 0x06
_OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x04, 0x24, 0xA0


class _NotThere(Exception):
    """The next element is another, or none."""


def signed_content(data: bytes) -> bytes | None:
    """The content of SignedData; none where there is none, as in encrypted mail.  Never raises."""
    try:
        at = _into(data, 0, _SEQUENCE)
        start, at = _whole(data, at, _OBJECT)
        if data[start:at] != SIGNED_DATA:
            return None
        at = _into(data, _into(data, at, _EXPLICIT), _SEQUENCE)
        at = _past(data, _past(data, at, _INTEGER), _SET)  # version, digests
        at = _past(data, _into(data, at, _SEQUENCE), _OBJECT)
        return _octets(data, _into(data, at, _EXPLICIT))
    except _NotThere:
        return None


def _octets(data: bytes, at: int) -> bytes:
    if data[at : at + 1] == bytes([_OCTETS]):
        start, end = _whole(data, at, _OCTETS)
        return data[start:end]
    at = _into(data, at, _OCTETS_IN_PIECES)
    pieces: list[bytes] = []
    while data[at : at + 1] == bytes([_OCTETS]) and len(pieces) < MAX_CHUNKS:
        start, at = _whole(data, at, _OCTETS)
        pieces.append(data[start:at])
    return b"".join(pieces)


def _into(data: bytes, at: int, tag: int) -> int:
    """Where the content of the element at *at* begins."""
    return _header(data, at, tag)[0]


def _past(data: bytes, at: int, tag: int) -> int:
    """Where the element at *at* ends."""
    return _whole(data, at, tag)[1]


def _whole(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at *at* begins and ends, which it must say itself."""
    start, size = _header(data, at, tag)
    if size < 0 or start + size > len(data):
        raise _NotThere
    return start, start + size


def _header(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content begins, and its size; -1 if its end is marked instead (BER)."""
    if at + 2 > len(data) or data[at] != tag:
        raise _NotThere
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    if first == 0x80:
        return at + 2, -1
    start = at + 2 + (first & 0x7F)
    return start, int.from_bytes(data[at + 2 : start][:8], "big")
