"""Words in any of their forms: “refund” is met by “refunds” and by “refunded”.

Two words are forms of one where they have the same stem.  What takes a word to its stem is handed
in, for each language; the core knows none itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from omniroute.core.words import MARK, marked, readable

Stem: TypeAlias = Callable[[str], str]
Stems: TypeAlias = Mapping[str, Stem]  # by language, without region

MOST: Final = 500
"""So many words of a text are taken to their stems, of those that begin as a listed one does: a
stem is dear where a word is met for the first time, and anybody may write a long text."""


class FormList:
    """Single words, any of which may stand in a marked text in any of its forms."""

    __slots__ = ("_initials", "_listed", "_stem")

    def __init__(self, words: Sequence[str], stem: Stem) -> None:
        self._stem = stem
        self._listed = {stem(_word(word)): word for word in reversed(words)}
        self._initials = frozenset(map(_initial, self._listed))

    def found(self, prepared: str) -> str | None:
        """The listed word that stands in the text in whatever form, or None."""
        looked = 0
        for word in prepared.split(MARK)[1::2]:
            if _initial(word) in self._initials:  # a stem begins as its word does
                looked += 1
                if looked > MOST:
                    break
                if (listed := self._listed.get(self._stem(word))) is not None:
                    return listed
        return None


def single(word: str) -> bool:
    """Whether this is one word, as words are found in texts."""
    before, *found = marked(readable(word.strip())).split(MARK)
    return not before and len(found) == 2 and not found[1]


def _word(word: str) -> str:
    return marked(readable(word.strip())).strip(MARK)


def _initial(word: str) -> str:
    """The first letter, whatever sits on it."""
    return unicodedata.normalize("NFD", word[:1])[:1]
