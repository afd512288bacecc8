"""A long text in parts that a platform takes."""

from __future__ import annotations

from typing import Final

MARKS: Final = ("\n\n", "\n", " ")  # a paragraph, a line, a word: the best place for a cut first


def split(text: str, limit: int) -> list[str]:
    """*text* in parts of at most *limit* characters, none of them empty unless *text* is.

    It is cut between paragraphs if one ends in the latter half of a part, else between lines, else
    between words, else anywhere.  Nothing but the white space at a cut is lost.
    """
    parts = []
    rest = text
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in (*parts, rest) if part] or [text[:limit].strip()]


def _cut(text: str, limit: int) -> int:
    for mark in MARKS:
        cut = text.rfind(mark, 0, limit + len(mark))
        if cut > limit // 2:
            return cut
    return limit
