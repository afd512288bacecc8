"""``winmail.dat``: files and text that Outlook has packed into TNEF ([MS-OXTNEF]).

A stream of attributes: level, name, length, data, sum.  Those of an attachment follow the one that
announces it; its long name and a text body are properties inside such data.  Everything is read by
offsets that are checked, and whatever does not fit ends the reading with what there is so far.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from omniroute_email.reading.charset import decoded

SIGNATURE: Final = 0x223E9F78
MAX_ATTRIBUTES: Final = 10_000
MAX_PROPERTIES: Final = 2_000
MAX_FILES: Final = 500

_BODY = 0x0002800C
_CODE_PAGE = 0x00069007
_MESSAGE_PROPERTIES = 0x00069003
_NEW_ATTACHMENT = 0x00069002
_TITLE = 0x00018010
_DATA = 0x0006800F
_ATTACHMENT_PROPERTIES = 0x00069005

_TEXT, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8}
_GUID, _OBJECT, _NARROW, _WIDE, _BINARY = 0x48, 0x0D, 0x1E, 0x1F, 0x102


@dataclass(slots=True)
class Packed:
    """A file inside."""

    name: str = ""
    media_type: str = ""
    content_id: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Winmail:
    """What was packed."""

    text: str = ""
    html: str = ""
    rtf: bytes = field(default=b"", repr=False)  # compressed
    files: list[Packed] = field(default_factory=list)
    whole: bool = False  # it was read to its end


def unpacked(data: bytes) -> Winmail | None:
    """What is in *data*, or none if it is not TNEF.  Never raises."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return None
    found = Winmail()
    code_page = ""
    for name, value in _attributes(data, found):
        current = found.files[-1] if found.files else None
        if name == _CODE_PAGE and len(value) >= 4:
            code_page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _BODY:
            found.text = found.text or _narrow(value, code_page)
        elif name == _MESSAGE_PROPERTIES:
            _read_message(value, found, code_page)
        elif name == _NEW_ATTACHMENT and len(found.files) < MAX_FILES:
            found.files.append(Packed())
        elif current is not None:
            _read_attachment(name, value, current, code_page)
    return found


def _attributes(data: bytes, found: Winmail) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(MAX_ATTRIBUTES):
        if at + 9 > len(data):
            found.whole = at >= len(data)
            return
        name, size = struct.unpack_from("<II", data, at + 1)
        at += 9
        if at + size > len(data):
            return
        yield name, data[at : at + size]
        at += size + 2


def _read_message(value: bytes, found: Winmail, code_page: str) -> None:
    for tag, content in _properties(value):
        if tag >> 16 == _TEXT:
            found.text = _text(tag, content, code_page) or found.text
        elif tag >> 16 == _HTML:
            found.html = _text(tag, content, code_page)
        elif tag >> 16 == _RTF:
            found.rtf = found.rtf or content


def _read_attachment(name: int, value: bytes, file: Packed, code_page: str) -> None:
    if name == _TITLE:
        file.name = file.name or _narrow(value, code_page)
    elif name == _DATA:
        file.data = value
    elif name == _ATTACHMENT_PROPERTIES:
        for tag, content in _properties(value):
            match tag >> 16:
                case 0x3707:  # the long name
                    file.name = _text(tag, content, code_page) or file.name
                case 0x3704:  # the short one
                    file.name = file.name or _text(tag, content, code_page)
                case 0x370E:  # media type
                    file.media_type = _text(tag, content, code_page)
                case 0x3712:  # Content-ID
                    file.content_id = _text(tag, content, code_page)


def _properties(value: bytes) -> Iterator[tuple[int, bytes]]:
    """Properties and their first values; ends where something is not understood."""
    if len(value) < 4:
        return
    at = 4
    for _ in range(min(struct.unpack_from("<I", value)[0], MAX_PROPERTIES)):
        if at + 4 > len(value):
            return
        tag = struct.unpack_from("<I", value, at)[0]
        at += 4
        if tag >> 16 >= 0x8000:
            at = _after_name(value, at)
        content, at = _first_value(value, at, tag & 0xFFFF)
        if at < 0:
            return
        yield tag, content


def _after_name(value: bytes, at: int) -> int:
    """Where the name of a named property ends; beyond the end if it does not fit."""
    if at + 24 > len(value):
        return len(value) + 1
    kind, number = struct.unpack_from("<II", value, at + 16)
    at += 24
    return at if kind == 0 else at + number + -number % 4


def _first_value(value: bytes, at: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property and where the next one begins; -1 if that is not known."""
    many = kind & 0x1000
    kind &= 0x0FFF
    count = 1
    if many or kind in (_NARROW, _WIDE, _BINARY, _OBJECT):
        if at + 4 > len(value):
            return b"", -1
        count = struct.unpack_from("<I", value, at)[0]
        at += 4
    first = b""
    for number in range(min(count, MAX_PROPERTIES)):
        if kind in (_NARROW, _WIDE, _BINARY, _OBJECT):
            if at + 4 > len(value):
                return first, -1
            size = struct.unpack_from("<I", value, at)[0]
            at += 4
        else:
            size = 16 if kind == _GUID else _SIZES.get(kind, -1)
        if size < 0 or at + size > len(value):
            return first, -1
        if number == 0:
            first = value[at : at + size]
        at += size + -size % 4
    return first, at if count <= MAX_PROPERTIES else -1


def _text(tag: int, content: bytes, code_page: str) -> str:
    if tag & 0xFFFF == _WIDE:
        return decoded(content[: len(content) & ~1], "utf-16-le")[0].strip("\0")
    return _narrow(content, code_page)


def _narrow(content: bytes, code_page: str) -> str:
    return decoded(content.rstrip(b"\0"), code_page)[0]
