"""Words and regular expressions in text that anybody may have written.

All matching is RE2's: its time is linear in the text, whatever the pattern.  Words are found on a
*marked* text: case folded, white space made single, and every word set between two marks, so that
a word's boundaries are plain characters and a thousand words are one automaton of literals.
RE2's own ``\\b`` knows only ASCII letters and would never find “Übergabe”.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Protocol

import re2

LONGEST_TEXT = 64 * 1024  # characters that rules look at; what follows is not tested
MARK = "\x01"
MAX_STEPS = 5_000  # of a compiled expression: its time is at worst steps times characters
_SET_OF = 2_000  # patterns in one automaton
_MEMORY = 4 * 1024 * 1024  # at most, for one expression
_MEMORY_OF_SET = 24 * 1024 * 1024

# Scripts written without spaces have no words to bound: Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Marks that sit on letters and belong to a word: combining, Hebrew, Arabic, the scripts of India.
_ON_LETTERS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff"
_ANY_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_WORD = re.compile(rf"([\w{_ON_LETTERS}]+)")  # one class: three times as fast as the other
_WORD_AMID_UNSPACED = re.compile(rf"((?:(?![{_UNSPACED}])[\w{_ON_LETTERS}])+)")


def readable(text: str) -> str:
    """The part of a text that rules look at, composed (NFC), without lone surrogates."""
    text = unicodedata.normalize("NFC", text[:LONGEST_TEXT])
    return text.encode("utf-8", "replace").decode()


def marked(text: str) -> str:
    """A readable text as words are looked up in it."""
    folded = " ".join(text.casefold().replace("’", "'").replace(MARK, " ").split())
    word = _WORD_AMID_UNSPACED if _ANY_UNSPACED.search(folded) else _WORD
    return MARK.join(word.split(folded))  # every second part is a word, the others are between


class PatternError(ValueError):
    """A regular expression that RE2 does not take; the text says why."""


def steps(pattern: str) -> int:
    """How many steps a regular expression compiles to; each character costs at most so many.

    Raises `PatternError` for one that cannot be used.
    """
    return Expression(pattern).steps


class Finder(Protocol):
    """What can be found in a prepared text."""

    @property
    def pattern(self) -> str:
        """The same as a regular expression."""

    def found(self, prepared: str) -> str | None:
        """What stands in the text, as a person would name it, or None."""


class Expression:
    """A regular expression, for readable text."""

    __slots__ = ("_compiled", "pattern", "steps")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        try:
            re2.compile(pattern, _options(_MEMORY // 8))  # refuses early what is far too large
            self._compiled = re2.compile(pattern, _options(_MEMORY))
        except re2.error as error:
            said = error.args[0]
            raise PatternError(said.decode() if isinstance(said, bytes) else str(said)) from None
        self.steps: int = self._compiled.programsize
        if self.steps > MAX_STEPS:
            raise PatternError("pattern too large - shorten what it repeats")

    def found(self, prepared: str) -> str | None:
        found = self._compiled.search(prepared)
        return None if found is None else str(found[0])


OPEN = "*"
"""At an end of a word or phrase: the word may go on there, as where it is inflected."""


def _form(word: str) -> str:
    """A word or phrase as it is looked up in a marked text."""
    form = marked(readable(word.removeprefix(OPEN).removesuffix(OPEN)))
    if word.startswith(OPEN):
        form = form.removeprefix(MARK)
    return form.removesuffix(MARK) if word.endswith(OPEN) else form


class WordList:
    """Words and phrases, any of which may stand in a marked text."""

    __slots__ = ("_forms", "_words")

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._forms = tuple(_form(word.strip()) for word in words)

    @property
    def pattern(self) -> str:
        return "|".join(re2.escape(form) for form in self._forms)

    def found(self, prepared: str) -> str | None:
        for word, form in zip(self._words, self._forms, strict=True):
            if form in prepared:
                return word
        return None


class Automaton:
    """Many finders, asked at once; each is known by its position."""

    __slots__ = ("_finders", "_sets")

    def __init__(self, finders: Sequence[Finder], memory: int = _MEMORY_OF_SET) -> None:
        self._finders = tuple(finders)
        self._sets = [
            (first, _together(self._finders[first : first + _SET_OF], memory))
            for first in range(0, len(self._finders), _SET_OF)
        ]

    def matching(self, prepared: str) -> Iterator[int]:
        """Positions of the finders that find something, in order."""
        data = prepared.encode()
        for first, together in self._sets:
            hits = together.Match(data) if together is not None else []
            if hits:
                # The last pattern of each set matches every text.
                yield from (first + position for position in sorted(hits)[:-1])
            else:  # no room for the set, or RE2 ran out of memory in it: it tells by silence alone
                for position, finder in enumerate(self._finders[first : first + _SET_OF], first):
                    if finder.found(prepared) is not None:
                        yield position


def _together(finders: Sequence[Finder], memory: int) -> re2.Set | None:
    together = re2.Set.SearchSet(_options(memory))
    for finder in finders:
        together.Add(finder.pattern)
    together.Add("")
    try:
        together.Compile()
    except re2.error:
        return None
    return together


def _options(memory: int) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    return options
