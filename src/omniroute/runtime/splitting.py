"""A long text in parts that a platform takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

MARKS: Final = ("\n\n", "\n", " ")  # a paragraph, a line, a word: the best place for a cut first


def _one(character: str) -> int:
    return 1


def _utf16(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _bytes(character: str) -> int:
    return len(character.encode("utf-8", "replace"))


UNITS: Final[Mapping[str, Callable[[str], int]]] = {
    "characters": _one,
    "utf16": _utf16,
    "bytes": _bytes,
}
"""How platforms count a text; how much one character is."""


def unit_of(channel: object) -> str:
    """How the platform of a channel counts a text."""
    return str(getattr(channel, "counts", "characters"))


def size(text: str, unit: str) -> int:
    """How long a text is, as its platform counts.

    >>> size("ä👍", "characters"), size("ä👍", "utf16"), size("ä👍", "bytes")
    (2, 3, 6)
    """
    return len(text) if unit == "characters" else sum(map(UNITS[unit], text))


def split(text: str, limit: int, unit: str = "characters") -> list[str]:
    """*text* in parts of at most *limit*, none of them empty unless *text* is.

    It is cut between paragraphs if one ends in the latter half of a part, else between lines, else
    between words, else anywhere.  Nothing but the white space at a cut is lost.
    """
    parts = []
    rest = text
    while (room := _room(rest, limit, unit)) < len(rest):
        cut = _cut(rest, room)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in (*parts, rest) if part] or [text[:limit].strip()]


def _room(text: str, limit: int, unit: str) -> int:
    """How many characters of *text* fit; one at least, or nothing would ever fit."""
    if unit == "characters":
        return min(limit, len(text))
    weigh, taken = UNITS[unit], 0
    for number, character in enumerate(text):
        taken += weigh(character)
        if taken > limit:
            return max(number, 1)
    return len(text)


def _cut(text: str, limit: int) -> int:
    for mark in MARKS:
        cut = text.rfind(mark, 0, limit + len(mark))
        if cut > limit // 2:
            return cut
    return limit
