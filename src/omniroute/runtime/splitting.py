"""A long text in parts that a platform takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

MARKS: Final = ("\n\n", "\n", " ")  # a paragraph, a line, a word: the best place for a cut first

Measure: TypeAlias = Callable[[str], int]
"""How long a text is; a longer text is never shorter."""

GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The letters of an SMS (3GPP TS 23.038, 6.2.1): seven bits each."""
GSM_TWICE: Final = frozenset("\f^{}\\[~]|€")
"""Those that take two of them."""
SMS_PART, SMS_WIDE_PART = 153, 67
"""How many letters a part of a long SMS has; how many units of UTF-16, if one is no such letter."""


def _utf16(text: str) -> int:
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _gsm(text: str) -> int:
    """As an SMS counts: one sign that is no letter of its own makes the whole text wide."""
    if GSM.issuperset(text):
        return len(text)
    if all(character in GSM or character in GSM_TWICE for character in text):
        return len(text) + sum(1 for character in text if character in GSM_TWICE)
    return -(-_utf16(text) * SMS_PART // SMS_WIDE_PART)


UNITS: Final[Mapping[str, Measure]] = {
    "characters": len,
    "utf16": _utf16,
    "bytes": _bytes,
    "gsm": _gsm,
}
"""How platforms count a text."""


def unit_of(channel: object) -> str:
    """How the platform of a channel counts a text."""
    return str(getattr(channel, "counts", "characters"))


def size(text: str, unit: str) -> int:
    """How long a text is, as its platform counts.

    >>> size("ä👍", "characters"), size("ä👍", "utf16"), size("ä👍", "bytes")
    (2, 3, 6)
    >>> size("Grüße", "gsm"), size("5 €", "gsm"), size("привет", "gsm")
    (5, 4, 14)
    """
    return UNITS[unit](text)


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
    measure = UNITS[unit]
    fit, beyond = 0, min(limit, len(text)) + 1  # no character counts for less than one
    while beyond - fit > 1:
        middle = (fit + beyond) // 2
        if measure(text[:middle]) <= limit:
            fit = middle
        else:
            beyond = middle
    return max(fit, 1)


def _cut(text: str, limit: int) -> int:
    for mark in MARKS:
        cut = text.rfind(mark, 0, limit + len(mark))
        if cut > limit // 2:
            return cut
    return limit
