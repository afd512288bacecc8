"""A form with files, out of the parts in which a browser sends it (RFC 7578).

It is read as it comes: a file that finds no room is let go by at once and named, so that the text
and the other files outlive one that is too large.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterable
from typing import Final

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MULTIPART: Final = "multipart/form-data"
MOST_PARTS: Final = 40  # that are read, whatever is allowed
MOST_HEADERS: Final = 2000  # bytes of a part's
LONGEST_NAME: Final = 120  # characters
UNKNOWN: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")


class Attached(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as it was sent; its *name* is fit to be shown."""

    name: str
    media_type: str
    data: bytes


class Parts:
    """What has been read of a form: its *fields*, its *files*, and the names that found no *room*.

    *room* is in bytes, for all files together; *text* for all fields together.
    """

    def __init__(self, content_type: str, room: int, text: int) -> None:
        """Raises `ValueError` for a type without a boundary."""
        self.fields: dict[str, list[str]] = {}
        self.files: list[Attached] = []
        self.too_large: list[str] = []
        self._room, self._text = room, text
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not 0 < len(boundary) <= 256:
            raise ValueError("no form: it names no boundary")
        self._begin()
        self._seen = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._named,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    async def read(self, pieces: AsyncIterable[bytes], most: int) -> bool:
        """Read all *pieces*; false where they are more than *most* bytes.  Raises `ValueError`.

        What was read before stays, whatever becomes of the rest.
        """
        size = 0
        try:
            async for piece in pieces:
                self._parser.write(piece)
                size += len(piece)
                if size > most:
                    return False
            self._parser.finalize()
        except FormParserError as error:
            raise ValueError(f"no form: {error}") from None
        if not self._seen:
            raise ValueError("no form: it has no part")
        return True

    # --- a part ---

    def _begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._field, self._file, self._kind = "", "", UNKNOWN
        self._is_file = self._skips = False
        self._bytes = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_headers()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_headers()

    def _check_headers(self) -> None:
        if len(self._name) + len(self._value) > MOST_HEADERS or len(self._headers) > 16:
            raise ValueError("no form: the headers of a part are too long")

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _named(self) -> None:
        self._seen += 1
        if self._seen > MOST_PARTS:
            raise ValueError(f"no form: it has more than {MOST_PARTS} parts")
        _, given = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in given:
            raise ValueError("no form: a part has no name")
        self._field = _text(given[b"name"])
        self._is_file = b"filename" in given
        self._file = _text(given.get(b"filename", b""))
        kind = _text(self._headers.get(b"content-type", b"")).partition(";")[0].strip().lower()
        self._kind = kind if _MEDIA_TYPE.fullmatch(kind) else UNKNOWN

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._skips:
            return
        left = self._room if self._is_file else self._text
        if len(self._bytes) + end - start <= left:
            self._bytes += data[start:end]
        elif self._is_file:
            self._skips = True
            self._bytes = bytearray()
        else:
            raise ValueError("no form: its text is too long")

    def _end(self) -> None:
        if not self._is_file:
            self._text -= len(self._bytes)
            self.fields.setdefault(self._field, []).append(_text(bytes(self._bytes)))
        elif self._skips:
            self.too_large.append(shown_name(self._file))
        elif self._bytes or self._file:  # a browser sends an empty part where none was chosen
            self._room -= len(self._bytes)
            self.files.append(Attached(shown_name(self._file), self._kind, bytes(self._bytes)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def shown_name(name: str) -> str:
    """A file's name without its folders, and without what nobody sees.

    >>> shown_name("../../etc/passwd"), shown_name("me\\u202egpj.exe"), shown_name(". ")
    ('passwd', 'megpj.exe', 'file')
    """
    seen = "".join(each for each in name if unicodedata.category(each)[0] != "C")
    return seen.replace("\\", "/").rpartition("/")[2].strip(" .")[:LONGEST_NAME] or "file"
