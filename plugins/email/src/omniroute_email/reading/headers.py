"""Header fields: where they end, what they say, and their parameters.

Every step is linear in the length of its input and has a limit; nothing here raises.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from omniroute_email.reading.charset import decoded, encoded, one_line, undeclared
from omniroute_email.reading.transfer import from_base64

MAX_BLOCK = 256 * 1024  # bytes of header fields of one part; what follows is not read
MAX_VALUE = 64 * 1024  # characters of one field
NEAR = 8 * 1024  # bytes below a header in which a charset may be named
MAX_WORDS = 16 * 1024  # characters looked at for encoded words or parameters

_FIELD = re.compile(rb"([!-9;-~]{1,256})[ \t]*:(.*)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?(.{0,1000}?)\?=", re.DOTALL)
_PARAMETER = re.compile(
    r'[;\s]\s*+([^\s=;"]{1,80}+)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+)',
    re.DOTALL,
)
_LONG_SPACE = re.compile(r"\s{40,}+")
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,4}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one part in their order: lower-case name, unfolded and otherwise raw value."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def first(self, name: str) -> str:
        return next((value for field, value in self.fields if field == name), "")


def split(message: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header fields at *start* and where the body begins.

    A line that is no field ends the header, as it does for mail servers: a field below it is not
    one that any of them has looked at.
    """
    stop = _blank_line(message, start, end)
    fields: list[tuple[str, list[bytes]]] = []
    position = start
    for line in message[start : min(stop, start + MAX_BLOCK)].split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].append(line.rstrip(b"\r"))
        elif match := _FIELD.match(line):
            fields.append((match[1].decode("ascii").lower(), [match[2].rstrip(b"\r")]))
        elif line.strip() and not (position == start and line.startswith((b"From ", b">From "))):
            return _headers(fields, message, position), position
        position += len(line) + 1
    newline = message.find(b"\n", stop, end)
    body = end if newline < 0 else newline + 1
    return _headers(fields, message, body), body


def words(value: str, limit: int) -> str:
    """A field for people: encoded words decoded, on one line, at most *limit* characters."""
    return one_line("".join(_pieces(value[:MAX_WORDS])), limit)


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The first word of a field, in lower case, and the parameters by name."""
    value = _LONG_SPACE.sub(" ", value[:MAX_WORDS])
    main = re.split(r"[;\s]", value.strip(), maxsplit=1)[0].lower()
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(value):
        section = _SECTION.fullmatch(match[1])
        if section is None:
            continue
        name, text = section[1].lower(), _unquoted(match[2])
        if section[2] is None and section[3] is None:
            plain.setdefault(name, words(text, 1000) if "=?" in text else text)
        else:
            sections.setdefault(name, []).append((int(section[2] or 0), bool(section[3]), text))
    return main, plain | {name: _joined(found) for name, found in sections.items()}


def _blank_line(message: bytes, start: int, end: int) -> int:
    """Where the empty line begins that ends the header, or *end*."""
    if message.startswith((b"\n", b"\r\n"), start, end):
        return start
    found = [message.find(mark, start, end) + 1 for mark in (b"\n\n", b"\n\r\n")]
    return min((at for at in found if at > 0), default=end)


def _headers(fields: list[tuple[str, list[bytes]]], message: bytes, body: int) -> Headers:
    """Names and values; raw bytes beyond ASCII are taken for what they most likely are.

    Old programs write a header in the charset of the text below it (Thunderbird reads it so, too).
    """
    values = [(name, b"".join(lines)[:MAX_VALUE]) for name, lines in fields]
    charset = ""
    if not all(value.isascii() for _, value in values):
        near = b"\n".join(value for name, value in values if name == "content-type")
        found = _CHARSET.search(near) or _CHARSET.search(message, body, body + NEAR)
        charset = found[1].decode("ascii") if found else ""
    return Headers(
        tuple((name, undeclared(value, charset).replace("\n", " ")) for name, value in values)
    )


def _pieces(value: str) -> Iterator[str]:
    """Plain text and decoded words; neighbours in one charset are joined before decoding."""
    pending, charset, position = b"", "", 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        label = match[1].partition("*")[0]
        if pending and (between.strip() or label.lower() != charset.lower()):
            yield decoded(pending, charset)[0]
            pending = b""
        if between.strip() or position == 0:
            yield between
        data = _word(match[2], encoded(match[3], label))
        pending, charset, position = pending + data, label, match.end()
    if pending:
        yield decoded(pending, charset)[0]
    yield value[position:]


def _word(encoding: str, payload: bytes) -> bytes:
    if encoding in "bB":
        return from_base64(payload)
    return binascii.a2b_qp(payload.replace(b" ", b"_"), header=True)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text.strip('"')


def _joined(sections: list[tuple[int, bool, str]]) -> str:
    """A parameter in pieces (RFC 2231); only the first piece names the charset."""
    sections.sort(key=lambda section: section[0])
    charset, data = "", b""
    for place, (_, escaped, text) in enumerate(sections):
        if escaped and place == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if escaped else text.encode("utf-8", "replace")
    return decoded(data, charset)[0]
