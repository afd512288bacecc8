"""The parts of a message, found by offsets: no part is copied before somebody asks for its bytes.

What a hostile sender can make us do is bounded three ways: how deep parts nest, how many there
are, and how often a byte is looked at in all (`_Budget`).  Beyond a bound a part is left unread
and a remark says so.  The standard library's parser is not used because its time grows with lines
times depth: a few hundred nested parts around many short lines keep it busy for minutes.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field

from omniroute_email.reading.charset import one_line
from omniroute_email.reading.headers import Headers, parameters, split, words
from omniroute_email.reading.transfer import transferred

MAX_DEPTH = 100
MAX_PARTS = 1000
MAX_BOUNDARY = 2048
MAX_PASSES = 10  # over each byte of the message, by all parts that contain it
LEAST_SIZE = 1024 * 1024  # bytes; a smaller message costs nothing, however nested
MAX_FALSE_BOUNDARIES = 10_000
NEAR = 8 * 1024  # bytes in which a boundary is looked for that no header names

_DELIMITER = re.compile(
    rb"\n--([^\r\n]{1,200}?)[ \t]{0,9}\r?\nContent-[A-Za-z-]{1,40}:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part; either it has *children* or its content lies between *start* and *end*."""

    headers: Headers
    media_type: str
    parameters: dict[str, str]
    disposition: str  # "inline", "attachment" or ""
    name: str  # of a file, as the sender wrote it
    message: bytes = field(repr=False)
    start: int
    end: int
    children: tuple[Part, ...] = ()

    @property
    def main_type(self) -> str:
        return self.media_type.partition("/")[0]

    @property
    def content_id(self) -> str:
        return one_line(self.headers.first("content-id"), 250).strip("<>")

    def content(self) -> tuple[bytes, str]:
        """The bytes of a part without children, and a remark if they may not be right."""
        encoding = self.headers.first("content-transfer-encoding")
        return transferred(self.message[self.start : self.end], encoding)


class _Budget:
    """What is left of the bounds, and the remarks so far."""

    def __init__(self, size: int) -> None:
        self.parts = MAX_PARTS
        self.bytes = MAX_PASSES * max(size, LEAST_SIZE)
        self.false_boundaries = MAX_FALSE_BOUNDARIES
        self.reached = False
        self.remarks: list[str] = []

    def remark(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    def refuse(self, remark: str) -> None:
        """A bound was reached: what is not yet read stays a file."""
        self.reached = True
        self.remark(remark)


def read_parts(message: bytes) -> tuple[Part, list[str]]:
    """The tree of parts and remarks on what was left unread.  Never raises."""
    if b"\n" not in message:
        message = message.replace(b"\r", b"\n")  # line ends of an old Macintosh
    budget = _Budget(len(message))
    start = len(BOM_UTF8) if message.startswith(BOM_UTF8) else 0  # of a file that was saved
    return _part(message, start, len(message), 0, "text/plain", budget), budget.remarks


def _part(message: bytes, start: int, end: int, depth: int, default: str, budget: _Budget) -> Part:
    budget.parts -= 1
    budget.bytes -= end - start
    headers, body = split(message, start, end)
    media_type, given = parameters(headers.first("content-type"))
    if media_type.count("/") != 1:
        media_type = "text/plain" if media_type in ("text", "plain") else default
    children: tuple[Part, ...] = ()
    if media_type.startswith("multipart/"):
        children = tuple(_children(message, body, end, depth, media_type, given, budget))
        if not children:
            media_type = "application/octet-stream" if budget.reached else "text/plain"
    disposition, about_file = parameters(headers.first("content-disposition"))
    return Part(
        headers=headers,
        media_type=one_line(media_type, 120),
        parameters=given,
        disposition=disposition if disposition in ("inline", "") else "attachment",
        name=words(about_file.get("filename") or given.get("name") or "", 1000),
        message=message,
        start=body,
        end=end,
        children=children,
    )


def _children(
    message: bytes,
    start: int,
    end: int,
    depth: int,
    media_type: str,
    given: dict[str, str],
    budget: _Budget,
) -> Iterator[Part]:
    boundary = given.get("boundary", "").rstrip().encode("utf-8", "replace")
    usable = 0 < len(boundary) <= MAX_BOUNDARY
    if not usable or _delimiter(message, start, end, b"--" + boundary, budget) is None:
        other = _DELIMITER.search(message, start - 1, min(end, start + NEAR))
        if other is not None:
            boundary = other[1]
            budget.remark("parts between other boundaries than the header names")
        elif not usable:
            budget.remark("a multipart without a usable boundary")
            return
    if depth >= MAX_DEPTH:
        budget.refuse(f"parts nested deeper than {MAX_DEPTH}")
        return
    default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    for first, last in _between(message, start, end, b"--" + boundary, budget):
        if budget.parts <= 0:
            budget.refuse(f"more than {MAX_PARTS} parts")
            return
        if budget.bytes <= 0:
            budget.refuse("parts nested around too much content")
            return
        yield _part(message, first, last, depth + 1, default, budget)


def _between(
    message: bytes, start: int, end: int, delimiter: bytes, budget: _Budget
) -> Iterator[tuple[int, int]]:
    """Where the content between delimiter lines begins and ends; an unclosed last one counts.

    A line may be a delimiter of this multipart and of one that stands in it, for programs nest
    one boundary in itself; it is then the inner one's, until that is closed.
    """
    begun, line, namesake = -1, start, _namesakes(delimiter, message, start, end)
    while (found := _delimiter(message, line, end, delimiter, budget)) is not None:
        at, line, closing = found
        if begun >= 0:
            inner = _boundary(message, begun, at) if namesake else b""
            if inner and b"--" + inner in (delimiter, delimiter + b"--"):
                line = _closed(message, at, end, b"--" + inner, budget)
                found = _delimiter(message, line, end, delimiter, budget)
                at, line, closing = found or (end, end, True)
            yield begun, max(begun, _before_newline(message, at) if found else end)
        if closing:
            return
        begun = line
    if begun >= 0:
        yield begun, end


def _namesakes(delimiter: bytes, message: bytes, start: int, end: int) -> bool:
    """Whether some part may name as its boundary what this *delimiter* would match as well."""
    name = rb"boundary\s{0,9}=\s{0,9}\"?%b(?:--)?[\";\s]" % re.escape(delimiter[2:])
    return re.compile(name, re.IGNORECASE).search(message, start, end) is not None


def _boundary(message: bytes, start: int, end: int) -> bytes:
    """The boundary of the multipart at *start*; empty if it is none."""
    media_type, given = parameters(split(message, start, end)[0].first("content-type"))
    if not media_type.startswith("multipart/"):
        return b""
    return given.get("boundary", "").rstrip().encode("utf-8", "replace")


def _closed(message: bytes, line: int, end: int, delimiter: bytes, budget: _Budget) -> int:
    """Where the line after the closing delimiter begins, or *end*."""
    while (found := _delimiter(message, line, end, delimiter, budget)) is not None:
        _, line, closing = found
        if closing:
            return line
    return end


def _delimiter(
    message: bytes, line: int, end: int, delimiter: bytes, budget: _Budget
) -> tuple[int, int, bool] | None:
    """The first delimiter line from the beginning of a *line* on, if there is one.

    Where it begins, where the next line begins, and whether it closes.
    """
    while at := message.find(b"\n" + delimiter, max(line - 1, 0), end) + 1:
        after = at + len(delimiter)
        newline = message.find(b"\n", after, end)
        line = end if newline < 0 else newline + 1
        rest = message[after : min(line, after + 256)].strip()
        if rest in (b"", b"--"):
            return at, line, rest == b"--"
        budget.false_boundaries -= 1
        if budget.false_boundaries < 0:
            budget.refuse("too many lines that look like a boundary")
            break
    return None


def _before_newline(message: bytes, at: int) -> int:
    """The end of what stands before a delimiter at *at*: its line end belongs to the delimiter."""
    at -= message.startswith(b"\n", at - 1)
    return at - message.startswith(b"\r", at - 1)
