"""Conditions of rules: a small tree with numbered leaves.

A leaf asks one fact one question.  Facts about text, names and addresses are *private*: their
leaves are answered before the decision by `observations`, and what the decision sees of them is
the number of each leaf that holds.  All other facts come as a plain mapping, absent ones as
``None``.  A condition is compiled once to nested functions, each a few instructions long.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from omniroute.core.model import Fact
from omniroute.core.urgency import Calendar
from omniroute.core.words import Expression, WordList, marked, readable

Facts: TypeAlias = Mapping[str, Fact | tuple[str, ...]]


class Kind(enum.StrEnum):
    """What the values of a fact are."""

    TEXT = "text"
    WORD = "word"  # a short name, compared as it is
    ADDRESS = "address"
    NUMBER = "number"
    SPAN = "span"  # ms
    FLAG = "flag"
    SEVERAL = "several"  # words, any number of them
    CLOCK = "clock"  # the present time
    ANY = "any"  # a plugin's


FACTS: Mapping[str, Kind] = {
    "channel": Kind.WORD,
    "account": Kind.WORD,
    "message.language": Kind.WORD,
    "message.automatic": Kind.FLAG,
    "message.verified": Kind.FLAG,
    "message.text": Kind.TEXT,
    "message.subject": Kind.TEXT,
    "customer.email": Kind.ADDRESS,
    "customer.name": Kind.TEXT,
    "customer.tier": Kind.WORD,
    "customer.account_manager": Kind.WORD,
    "customer.last_csat": Kind.NUMBER,
    "customer.last_nps": Kind.NUMBER,
    "customer.last_ces": Kind.NUMBER,
    "thread.last_agent": Kind.WORD,
    "thread.idle": Kind.SPAN,
    "thread.history": Kind.NUMBER,
    "thread.deflected": Kind.FLAG,
    "thread.reopened": Kind.FLAG,
    "tags": Kind.SEVERAL,
    "clock": Kind.CLOCK,
}
LANGUAGE = "message.language"
PRIVATE = frozenset({"message.text", "message.subject", "customer.email", "customer.name"})


def base(language: str) -> str:
    """The language without region or script.

    >>> base("de-AT")
    'de'
    """
    return language.partition("-")[0].lower()


class Is(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Equal to one of the values; for a fact of several values, one of them is."""

    values: tuple[Fact, ...]


class Words(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Contains one of these words or phrases, whole, in whatever case.

    With *by* language, of a message in one of these languages only its own words count; of any
    other, and where the language is not known, all of them.
    """

    words: tuple[str, ...]
    by: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def of(self, language: str) -> tuple[str, ...]:
        """The words that count for a message in this language."""
        return dict(self.by).get(base(language), self.words)


class Forms(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Contains one of these words in any of its forms; of private facts alone.

    *by* language, of which each has its own forms; which of them count is as of `Words`.
    """

    by: tuple[tuple[str, tuple[str, ...]], ...]


class Pattern(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Matches a regular expression of RE2, which takes time linear in the text."""

    pattern: str


class Domain(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An address in one of these domains; ``*.example.org`` stands for all below it."""

    domains: tuple[str, ...]


class Order(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Compares as ``lt``, ``lte``, ``gt`` or ``gte`` to a number, or to a span in ms."""

    op: str
    bound: float


class Known(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Whether there is a value at all."""

    known: bool


class Clock(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Inside or outside a calendar's opening hours, now."""

    calendar: str
    inside: bool


class Cel(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An expression over *facts*, and perhaps the present time; compiled outside, by a library."""

    expression: str
    facts: tuple[str, ...] = ()
    now: bool = False


Test: TypeAlias = Is | Words | Forms | Pattern | Domain | Order | Known | Clock | Cel

EXPRESSION = "cel"
"""What stands for a fact in the leaf of an expression."""


class Leaf(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One question to one fact; *number* is unique in its rule set."""

    number: int
    fact: str
    test: Test

    @property
    def private(self) -> bool:
        """Whether it must be answered before the decision."""
        return self.fact in PRIVATE


class All(msgspec.Struct, frozen=True, tag=True, gc=False):
    parts: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True, tag=True, gc=False):
    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag=True, gc=False):
    part: Condition


class Always(msgspec.Struct, frozen=True, tag=True, gc=False):
    pass


Condition: TypeAlias = Leaf | All | AnyOf | Not | Always


@dataclass(slots=True)
class View:
    """What a condition is asked about: public facts, private leaves that hold, the time."""

    facts: Facts
    observed: frozenset[int]
    at: int


Check: TypeAlias = Callable[[View], bool]
Predicate: TypeAlias = Callable[[Facts, int], bool]
Expressions: TypeAlias = Mapping[str, Predicate]
"""By its text, what tells whether an expression holds of public facts at a time."""


def leaves(condition: Condition, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf in order, and whether it stands under an odd number of *not*."""
    match condition:
        case Leaf():
            yield condition, negated
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part, negated)
        case Not(part):
            yield from leaves(part, not negated)
        case Always():
            return


def required(condition: Condition) -> frozenset[int] | None:
    """Private leaves of which at least one must hold for the condition to hold; None if it can
    hold without any."""
    match condition:
        case Leaf(number) if condition.private:
            return frozenset({number})
        case All(parts):
            return next((asked for part in parts if (asked := required(part)) is not None), None)
        case AnyOf(parts):
            every = [required(part) for part in parts]
            known = [asked for asked in every if asked is not None]
            return frozenset().union(*known) if len(known) == len(every) else None
    return None


def pinned(condition: Condition) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Public facts, each with words of which it must have one for the condition to hold."""
    match condition:
        case Leaf(fact=fact, test=Is(values)) if not condition.private:
            words = tuple(value for value in values if isinstance(value, str))
            if len(words) == len(values):
                yield fact, words
        case All(parts):
            for part in parts:
                yield from pinned(part)


_NONE: Expressions = {}


def asked(leaf: Leaf) -> tuple[str, ...]:
    """The facts that a leaf asks for."""
    match leaf.test:
        case Cel(facts=facts):
            return facts
        case Words(by=by) | Forms(by=by) if by:
            return (leaf.fact, LANGUAGE)
    return (leaf.fact,)


def compile_condition(
    condition: Condition, calendars: Mapping[str, Calendar], expressions: Expressions = _NONE
) -> Check:
    """A function that tells whether the condition holds in a view.

    Raises `KeyError` for a calendar or an expression that is not there, `ValueError` for a bad
    regular expression.
    """
    match condition:
        case Leaf():
            return _leaf(condition, calendars, expressions)
        case All(parts):
            return _all([compile_condition(part, calendars, expressions) for part in parts])
        case AnyOf(parts):
            checks = tuple(compile_condition(part, calendars, expressions) for part in parts)
            return lambda view: any(check(view) for check in checks)
        case Not(part):
            inner = compile_condition(part, calendars, expressions)
            return lambda view: not inner(view)
        case Always():
            return lambda view: True


def _all(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:  # the usual case, worth its own line: no generator, no loop
        first, second = checks
        return lambda view: first(view) and second(view)
    every = tuple(checks)

    return lambda view: all(one(view) for one in every)


def _leaf(leaf: Leaf, calendars: Mapping[str, Calendar], expressions: Expressions) -> Check:
    fact, number = leaf.fact, leaf.number
    if leaf.private:
        return lambda view: number in view.observed
    match leaf.test:
        case Is(values):
            return _is(fact, values)
        case Known(known):
            return lambda view: (view.facts.get(fact) not in (None, ())) is known
        case Order(op, bound):
            return _order(fact, op, bound)
        case Clock(calendar, inside):
            clock = calendars[calendar]
            return lambda view: clock.is_open(view.at) is inside
        case Words():
            return _worded(fact, leaf.test)
        case Pattern(pattern):
            expression = Expression(pattern)
            return _textual(fact, lambda text: expression.found(readable(text)))
        case Cel(expression):
            predicate = expressions[expression]
            return lambda view: predicate(view.facts, view.at)
        case Forms():
            raise ValueError(f"forms of words are looked for in private texts, not in {fact}")
        case Domain():
            raise ValueError(f"only an e-mail address has a domain, not {fact}")


def _is(fact: str, values: tuple[Fact, ...]) -> Check:
    # True == 1 in Python, not in a rule: numbers and booleans are told apart by the first member.
    wanted = frozenset((isinstance(value, bool), value) for value in values)
    if all(isinstance(value, str) for value in values):
        texts = frozenset(values)

        def is_text(view: View) -> bool:
            value = view.facts.get(fact)
            return value in texts if type(value) is not tuple else not texts.isdisjoint(value)

        return is_text

    def is_value(view: View) -> bool:
        value = view.facts.get(fact)
        several = value if isinstance(value, tuple) else (value,)
        return any((isinstance(one, bool), one) in wanted for one in several)

    return is_value


def _order(fact: str, op: str, bound: float) -> Check:
    def check(view: View) -> bool:
        value = view.facts.get(fact)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return _COMPARE[op](value, bound)

    return check


_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
}
ORDERS = tuple(_COMPARE)


def _worded(fact: str, test: Words) -> Check:
    every = WordList(test.words)
    by = {language: WordList(words) for language, words in test.by}

    def check(view: View) -> bool:
        listed = every
        if by:
            listed = by.get(base(str(view.facts.get(LANGUAGE) or "")), every)
        found = _textual(fact, lambda text: listed.found(marked(readable(text))))
        return found(view)

    return check


def _textual(fact: str, find: Callable[[str], str | None]) -> Check:
    def check(view: View) -> bool:
        value = view.facts.get(fact)
        several = value if isinstance(value, tuple) else (value,)
        return any(isinstance(one, str) and find(one) is not None for one in several)

    return check
