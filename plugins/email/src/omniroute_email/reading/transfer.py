"""Content transfer encodings, read as far as they can be."""

from __future__ import annotations

import binascii
import re
import string
from io import BytesIO
from itertools import islice

MAX_LINES = 1_000_000  # of uuencoded data; of full lines that is 45 MB

_BASE64 = (string.ascii_letters + string.digits + "+/=").encode()
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_PADDING = re.compile(rb"=+")
_GAP = re.compile(rb"\S[ \t]+\S")
_UUENCODED = re.compile(rb"^begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)


def transferred(body: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes that *body* stands for, and a remark if that is not certain.  Never raises."""
    match encoding.strip().strip("\"';").lower():
        case "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "none":
            return body, ""
        case "quoted-printable":
            return binascii.a2b_qp(body), ""
        case "base64":
            if _is_words(body):
                return body, "words that are said to be base64"
            data = from_base64(body)
            return data, "" if data or not body.strip() else "broken base64"
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _from_uuencode(body)
    return body, "unknown transfer encoding"


def from_base64(data: bytes) -> bytes:
    """Decode leniently: foreign characters are skipped, padding may be missing or amid the data.

    Padding ends the data (RFC 2045, 6.8).  Some programs go on with more of it; words that somebody
    has added below are no whole base64, and are not taken for it.
    """
    pieces = _PADDING.split(data.translate(None, _NOT_BASE64), maxsplit=1000)
    if len(pieces) > 1 and len(pieces[-1]) % 4:
        pieces.pop()
    return b"".join(_from_piece(piece) for piece in pieces)


def _from_piece(piece: bytes) -> bytes:
    usable = piece[:-1] if len(piece) % 4 == 1 else piece  # six bits are no byte
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def _is_words(body: bytes) -> bool:
    """Whether *body* is what base64 has been decoded to already, with its label left behind.

    A line of base64 has no space in it, and four characters for each three bytes.
    """
    lines = [line for line in map(bytes.strip, body[:2048].split(b"\n")) if line][:2]
    spaced = [_GAP.search(line) is not None for line in lines]
    return any(spaced) and (spaced[0] or len(lines[0]) % 4 != 0)


def _from_uuencode(body: bytes) -> tuple[bytes, str]:
    begin = _UUENCODED.search(body)
    if begin is None:
        return body, "broken uuencode"
    lines: list[bytes] = []
    for line in islice(BytesIO(body[begin.end() :]), MAX_LINES):
        line = line.rstrip(b"\r\n")
        if not line or line == b"end":
            break
        try:
            # A short line that claims to be long is filled with zeros; they are not kept.
            lines.append(binascii.a2b_uu(line)[: len(line) * 3 // 4])
        except binascii.Error:
            return b"".join(lines), "broken uuencode"
    return b"".join(lines), ""
