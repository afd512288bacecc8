"""Which telephone numbers are one line, as data (routing.md 3, "phones").

Numbers are kept as E.164: a plus sign and at most 15 digits, the country first.  Some countries
write one line in two ways; where and when that is so stands in `RULES`, and nowhere else.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final


class Alike(enum.StrEnum):
    """How two addresses stand to each other."""

    SAME = "same"  # one handle
    AMBIGUOUS = "ambiguous"  # may be one: a suggestion for a person
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Rule:
    """Two ways to write one line of a country.

    *short* and *long* describe all the digits; both name the same groups, `a` and where needed
    `b`, and what is between or before them is what the two differ in.  *canonical* is the form by
    which such a line is known.  Between numbers that need not be mobile ones the answer is
    *elsewhere*.
    """

    country: str
    short: re.Pattern[str]
    long: re.Pattern[str]
    shortened: str  # what `long` is in the short form
    lengthened: str  # what `short` is in the long form
    canonical: str  # "short" | "long"
    elsewhere: Alike


def _digits(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


RULES: Final = (
    # Mobile lines got a ninth digit, 2012 to 2016; 8 digits that begin with 2 to 5 are land-lines.
    Rule(
        "BR",
        _digits(r"55(?P<a>[1-9]\d)(?P<b>[6-9]\d{7})"),
        _digits(r"55(?P<a>[1-9]\d)9(?P<b>[6-9]\d{7})"),
        r"55\g<a>\g<b>",
        r"55\g<a>9\g<b>",
        "long",
        Alike.SAME,
    ),
    # A mobile line is called with a 9 from abroad; without it the number may be a land-line.
    Rule(
        "AR",
        _digits(r"54(?P<a>[1-8]\d{9})"),
        _digits(r"549(?P<a>[1-8]\d{9})"),
        r"54\g<a>",
        r"549\g<a>",
        "long",
        Alike.AMBIGUOUS,
    ),
    # The 1 before mobile lines was given up in 2019.
    Rule(
        "MX",
        _digits(r"52(?P<a>[2-9]\d{9})"),
        _digits(r"521(?P<a>[2-9]\d{9})"),
        r"52\g<a>",
        r"521\g<a>",
        "short",
        Alike.SAME,
    ),
)

_WRITTEN = re.compile(r"[\d\s().\-/]+", re.ASCII)
_NO_DIGIT = re.compile(r"\D", re.ASCII)
SHORTEST, LONGEST = 7, 15  # digits


def canonical(value: str, *, mobile: bool = False) -> str:
    """The E.164 form by which a number is known; *value* itself if it is no whole number.

    *mobile*: only mobile lines are reached where it comes from.

    >>> canonical("+55 11 8765-4321")
    '+5511987654321'
    >>> canonical("+55 11 3765-4321")
    '+551137654321'
    """
    number = e164(value)
    if not number:
        return value
    for rule in RULES:
        if not (mobile or rule.elsewhere is Alike.SAME):
            continue
        other = _other(rule, number, to=rule.canonical)
        if other:
            return other
    return number


def e164(value: str) -> str:
    """A number in international form as it is sent over the wire; empty for anything else.

    Platforms leave out the plus sign; a number that begins with 0 is a national one.
    """
    written = value.strip()
    written = written[1:] if written.startswith("+") else written
    if not _WRITTEN.fullmatch(written):
        return ""
    digits = _NO_DIGIT.sub("", written)
    if not SHORTEST <= len(digits) <= LONGEST or digits.startswith("0"):
        return ""
    return "+" + digits


def compare(one: str, other: str, *, mobile: bool = False) -> Alike:
    """How two numbers stand to each other.

    >>> str(compare("+5215512345678", "+525512345678"))
    'same'
    >>> str(compare("+5491123456789", "+541123456789"))
    'ambiguous'
    """
    if canonical(one, mobile=mobile) == canonical(other, mobile=mobile):
        return Alike.SAME
    return Alike.AMBIGUOUS if e164(other) in perhaps(one, mobile=mobile) else Alike.DIFFERENT


def perhaps(value: str, *, mobile: bool = False) -> tuple[str, ...]:
    """Other numbers that may be the same line, though nobody can tell."""
    number = e164(value)
    if mobile or not number:
        return ()
    doubtful = [rule for rule in RULES if rule.elsewhere is Alike.AMBIGUOUS]
    found = [_other(rule, number, to=form) for rule in doubtful for form in ("short", "long")]
    return tuple(other for other in found if other)


def _other(rule: Rule, number: str, *, to: str) -> str:
    """*number* in the named form of *rule*, if it is in the other."""
    pattern, made = (rule.short, rule.lengthened) if to == "long" else (rule.long, rule.shortened)
    match = pattern.fullmatch(number[1:])
    return "+" + match.expand(made) if match else ""
