"""ISO-2022-JP as mail programs write it, with the characters that vendors have added.

Python's codecs know the standards; mail from Windows holds circled digits and the like in rows
that no standard fills.  Each escape sequence switches the meaning of the bytes after it; here each
stretch is turned into the same characters of another encoding, which has them all.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([@BD]|\([A-J])")
_DOUBLE = (b"$@", b"$B", b"$(@", b"$(B")


def from_iso2022_jp(data: bytes) -> str:
    """The text of *data*; what has no meaning is shown as the sign for that."""
    pieces = _ESCAPE.split(data)
    shown = [_single(pieces[0])]
    for escape, stretch in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape in _DOUBLE:
            shown.append(_double(stretch))
        elif escape == b"$(D":
            shown.append(_supplement(stretch))
        elif escape == b"(I":
            shown.append(_half_width(stretch))
        else:
            shown.append(_single(stretch))
    return "".join(shown)


def _single(stretch: bytes) -> str:
    return stretch.decode("ascii", "replace")


def _half_width(stretch: bytes) -> str:
    """Half-width katakana of JIS X 0201."""
    return bytes(b | 0x80 if 0x21 <= b < 0x60 else b for b in stretch).decode("cp932", "replace")


def _double(stretch: bytes) -> str:
    """Two bytes each, by the rows and cells of JIS X 0208, as Shift JIS arranges them."""
    out = bytearray()
    at = 0
    while at < len(stretch):
        row = stretch[at]
        if row < 0x21 or at + 1 == len(stretch):
            out.append(row if row < 0x80 else 0x3F)
            at += 1
            continue
        cell = stretch[at + 1]
        at += 2
        if not (row <= 0x7E and 0x21 <= cell <= 0x7E):
            out += b"?"
            continue
        lead = (row - 0x21) // 2 + 0x81
        out.append(lead + 0x40 if lead > 0x9F else lead)
        out.append(cell + 0x1F + (cell >= 0x60) if row % 2 else cell + 0x7E)
    return out.decode("cp932", "replace")


def _supplement(stretch: bytes) -> str:
    """Two bytes each, of JIS X 0212."""
    out = bytearray()
    for at in range(0, len(stretch) - 1, 2):
        out += bytes((0x8F, stretch[at] | 0x80, stretch[at + 1] | 0x80))
    return out.decode("euc_jp", "replace")
