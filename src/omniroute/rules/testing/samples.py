"""Texts that are made up so that conditions hold of them: what stands for a customer's own words.

A sample is the shortest that comes to mind, not what anybody wrote.  Expressions are walked with
Python's own parser of regular expressions, whose trees RE2's are like; whether a sample does what
it should is for the caller to try.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from omniroute.core.conditions import Domain, Forms, Is, Known, Pattern, Test, Words
from omniroute.core.words import OPEN

_CLASSES = {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}
_OTHERS = {"CATEGORY_NOT_DIGIT": "a", "CATEGORY_NOT_WORD": " ", "CATEGORY_NOT_SPACE": "a"}


def sample(test: Test) -> str | None:
    """A text of which a test holds, or None where none can be made up."""
    match test:
        case Words(words) if words:
            return words[0].strip(OPEN)
        case Forms(((_, (word, *_)), *_)):
            return word
        case Pattern(pattern):
            return _of_pattern(pattern)
        case Is(values) if values:
            return str(values[0])
        case Domain(domains) if domains:
            return f"customer@{domains[0].replace('*.', 'mail.')}"
        case Known(True):
            return "Hello"
    return None


def _of_pattern(pattern: str) -> str | None:
    try:
        tree = parser.parse(re.sub(r"\\[pP]\{\w+\}|\\[pP]\w", "a", pattern))
    except (re.error, OverflowError, RecursionError):
        return None
    return _text(tree)


def _text(tree: Iterable[tuple[Any, Any]]) -> str:
    return "".join(_piece(code, value) for code, value in tree)


def _piece(code: Any, value: Any) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return _of_set(value)
    if code is codes.BRANCH:
        return _text(value[1][0])
    if code is codes.SUBPATTERN:
        return _text(value[-1])
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _text(value[2]) * int(value[0])
    return ""  # an anchor


def _of_set(items: Iterable[tuple[Any, Any]]) -> str:
    for code, value in items:
        if code is codes.NEGATE:
            return "-"
        if code is codes.LITERAL:
            return chr(value)
        if code is codes.RANGE:
            return chr(value[0])
        if code is codes.CATEGORY:
            return {**_CLASSES, **_OTHERS}.get(str(value), "a")
    return "a"
