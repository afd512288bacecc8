"""Lines that mail programs draw: before what is answered, before what is passed on, and others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from omniroute_email.reading import phrases

MAX_LENGTH: Final = 160

_RULE = "-_=—–─━"


def _set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


_ORIGINAL = _set(phrases.ORIGINAL)
_FORWARDED = _set(phrases.FORWARDED)
_BEGIN_FORWARDED = _set(phrases.BEGIN_FORWARDED)
_FORWARD_SUBJECT = re.compile(
    rf"\s*(?:{'|'.join(re.escape(w) for w in phrases.FORWARD_SUBJECTS)})\s?(?:\[\d+\])?\s?[:：]",  # noqa: RUF001
    re.IGNORECASE,
)


def is_original(line: str) -> bool:
    """“-----Original Message-----”"""
    return _between_rules(line) in _ORIGINAL


def is_forwarded(line: str) -> bool:
    """“---------- Forwarded message ----------”, “Begin forwarded message:”"""
    words = _between_rules(line)
    if words and (words in _FORWARDED or words.startswith("forwarded by")):
        return True
    return len(line) < MAX_LENGTH and line.strip(" \t\xa0>:：").casefold() in _BEGIN_FORWARDED  # noqa: RUF001


def is_reply_above(line: str) -> bool:
    """“--- Please reply above this line ---”"""
    if len(line) > MAX_LENGTH:
        return False
    return says_reply_above(line)


def says_reply_above(text: str) -> bool:
    """Whether such a phrase stands anywhere in a text."""
    folded = text.casefold()
    return any(phrase in folded for phrase in phrases.REPLY_ABOVE)


def is_rule(line: str) -> bool:
    """A line of nothing but dashes or the like, at least five."""
    bare = line[: MAX_LENGTH * 3].strip(" \t\xa0*>")
    return len(line) < MAX_LENGTH * 3 and len(bare) >= 5 and not bare.strip(_RULE)


def is_forward_subject(subject: str) -> bool:
    """Whether a subject begins as that of a message passed on: “Fwd: …”, “WG: …”"""
    return _FORWARD_SUBJECT.match(subject[:60]) is not None


def _between_rules(line: str) -> str:
    """The words between two rules of at least two dashes, in lower case; empty if it has none."""
    if len(line) > MAX_LENGTH:
        return ""
    bare = line.strip(" \t\xa0>*")
    if bare[:1] not in _RULE:  # as nearly every line
        return ""
    words = bare.strip(_RULE)
    if len(bare) - len(words) < 4 or bare[:2].strip(_RULE):
        return ""
    return words.strip(" \t\xa0*:").casefold()
