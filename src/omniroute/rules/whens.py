"""``when:``: from nodes to the core's conditions.

A mapping holds if all of its entries do; ``any``, ``all`` and ``not`` combine.  What may be asked
of a fact depends on its kind, so a test that could never hold is a fault and not a surprise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from omniroute.core.conditions import (
    EXPRESSION,
    FACTS,
    All,
    Always,
    AnyOf,
    Clock,
    Condition,
    Domain,
    Forms,
    Is,
    Kind,
    Known,
    Leaf,
    Not,
    Order,
    Pattern,
    Test,
    Words,
)
from omniroute.core.forms import single
from omniroute.core.model import Fact
from omniroute.core.words import OPEN, Expression, PatternError
from omniroute.errors import did_you_mean
from omniroute.rules.expressions import ExpressionError, Expressions
from omniroute.rules.grammar import ALWAYS, LANGUAGE
from omniroute.rules.reading import ENOUGH, Reader
from omniroute.rules.secrets import shown
from omniroute.rules.stems import ALGORITHMS
from omniroute.rules.yaml12 import Fields, Node, Scalar

_LANGUAGE = re.compile(LANGUAGE)
_ORDERS = ("lt", "lte", "gt", "gte")
SHORTEST = 3  # letters of a word that is left open
_TEXTUAL = ("any_of", "regex", "known")
_PRIVATE = ("any_of", "any_form_of", "regex", "known")
_TESTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: _PRIVATE,
    Kind.WORD: _TEXTUAL,
    Kind.ADDRESS: ("domain", "regex", "known"),
    Kind.NUMBER: (*_ORDERS, "known"),
    Kind.SPAN: (*_ORDERS, "known"),
    Kind.FLAG: ("known",),
    Kind.SEVERAL: ("known",),
    Kind.CLOCK: ("inside", "outside"),
    Kind.ANY: (*_TEXTUAL, *_ORDERS),
}
COMBINING = ("any", "all", "not", EXPRESSION)


@dataclass(frozen=True, slots=True)
class Whens:
    """Reads conditions; numbers leaves on, through all rules of a set."""

    calendars: frozenset[str] = frozenset()
    facts: Mapping[str, Kind] = field(default_factory=lambda: dict(FACTS))
    numbers: Iterator[int] = field(default_factory=count)
    expressions: Expressions = field(init=False)
    languages: set[str] = field(default_factory=set)  # whose words have forms here

    def __post_init__(self) -> None:
        object.__setattr__(self, "expressions", Expressions(self.facts))

    def condition(self, reader: Reader, node: Node) -> Condition | None:
        """A condition, or None with the faults noted."""
        if isinstance(node, Scalar) and node.text == ALWAYS:
            return Always()
        if not isinstance(node, Fields):
            reader.wrong(node, "a condition or the word always")
            return None
        if not node.entries:
            reader.fault(node, "an empty condition", "write `when: always` if that is meant")
            return None
        parts: list[Condition] = []
        whole = True
        for key, (key_node, value) in node.entries.items():
            found = self._entry(reader, key, key_node, value)
            whole = whole and found is not None
            parts += found or ()
        if not whole:
            return None
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _entry(
        self, reader: Reader, key: str, key_node: Scalar, value: Node
    ) -> Sequence[Condition] | None:
        if key == "not":
            inner = self.condition(reader, value)
            return None if inner is None else [Not(inner)]
        if key == EXPRESSION:
            return self._expression(reader, value)
        if key in ("any", "all"):
            return self._several(reader, key, value)
        kind = self.facts.get(key)
        if kind is None:
            reader.unknown(key_node, "fact", key, {*self.facts, *COMBINING})
            return None
        tests = self._tests(reader, key, kind, value)
        if tests is None:
            return None
        return [Leaf(next(self.numbers), key, test) for test in tests]

    def _expression(self, reader: Reader, node: Node) -> Sequence[Condition] | None:
        text = reader.text(node, "an expression")
        if text is None:
            return None
        try:
            test = self.expressions.test(text)
        except ExpressionError as error:
            reader.fault(node, f"cel: {error.fault}", error.fix)
            return None
        return [Leaf(next(self.numbers), EXPRESSION, test)]

    def _several(self, reader: Reader, key: str, value: Node) -> Sequence[Condition] | None:
        items = reader.items(value, "conditions")
        parts = [self.condition(reader, item) for item in items]
        if not parts:
            reader.fault(value, f"an empty “{key}”", "leave it out, or name its conditions")
            return None
        found = tuple(part for part in parts if part is not None)
        if len(found) < len(parts):
            return None
        return found if key == "all" else [AnyOf(found)]

    def _tests(self, reader: Reader, fact: str, kind: Kind, node: Node) -> list[Test] | None:
        if not isinstance(node, Fields):
            return self._equal(reader, fact, kind, node)
        can = f"it can be asked: {', '.join(_TESTS[kind])}"
        tests: list[Test] = []
        asked = reader.shape(node, "test")
        faults = len(asked) < len(node.entries) or not asked
        if not node.entries:
            reader.fault(node, f"an empty test of {fact}", can)
        for name, value in asked.items():
            if name in _TESTS[kind]:
                test = self._test(reader, name, kind, value)
            else:
                reader.fault(value, f"{fact} cannot be asked “{name}”", can)
                test = None
            if test is None:
                faults = True
            else:
                tests.append(test)
        return None if faults else tests

    def _test(self, reader: Reader, name: str, kind: Kind, node: Node) -> Test | None:
        match name:
            case "any_of":
                return _words(reader, node)
            case "any_form_of":
                forms = _forms(reader, node)
                self.languages.update(language for language, _ in forms.by)
                return forms if forms.by else None
            case "regex":
                return _pattern(reader, node)
            case "domain":
                return _domains(reader, node)
            case "known":
                known = reader.flag(node)
                return None if known is None else Known(known)
            case "inside" | "outside":
                calendar = reader.reference(node, "calendar", self.calendars)
                return None if calendar is None else Clock(calendar, name == "inside")
        bound = _bound(reader, kind, node)
        return None if bound is None else Order(name, bound)

    def _equal(self, reader: Reader, fact: str, kind: Kind, node: Node) -> list[Test] | None:
        if kind is Kind.CLOCK:
            reader.wrong(node, "inside or outside with a calendar", "{clock: {outside: office}}")
            return None
        values = [_value(reader, kind, item) for item in reader.several(node)]
        if not values:
            reader.fault(node, f"an empty list for {fact}", "name at least one value")
        if not values or None in values:
            return None
        return [Is(tuple(values))]


def _words(reader: Reader, node: Node) -> Test | None:
    """A list of words, or one for each language."""
    if not isinstance(node, Fields):
        words = _read_words(reader, node)
        return Words(words) if words else None
    by: dict[str, tuple[str, ...]] = {}
    for language, (key, value) in node.entries.items():
        if not _LANGUAGE.fullmatch(language):
            reader.fault(key, f"“{shown(language)}” is no language", "such as en or de")
        elif words := _read_words(reader, value):
            by[language] = words
    if not node.entries:
        reader.fault(node, "no words", "name some for each language: {en: [refund]}")
    every = tuple(dict.fromkeys(word for words in by.values() for word in words))
    return Words(every, tuple(by.items())) if len(by) == len(node.entries) and by else None


def _forms(reader: Reader, node: Node) -> Forms:
    """Single words by language, to be met in any of their forms; without any, faults are noted."""
    if not isinstance(node, Fields):
        reader.wrong(node, "words by language", "{en: [refund], de: [Erstattung]}")
        return Forms(())
    by: dict[str, tuple[str, ...]] = {}
    for language, (key, value) in node.entries.items():
        if language not in ALGORITHMS:
            known = did_you_mean(language, ALGORITHMS) or f"there are: {', '.join(ALGORITHMS)}"
            reader.fault(key, f"no forms of words are known for “{shown(language)}”", known)
            continue
        words = reader.texts(value, "a word")
        for word in words:
            if not single(word):
                fix = "a phrase goes into any_of"
                reader.fault(value, f"“{shown(word)}” is not one word", fix)
                return Forms(())
        by[language] = words
    if len(by) < len(node.entries) or not all(by.values()) or not by:
        if not node.entries:
            reader.fault(node, "no words", "name some for each language: {en: [refund]}")
        return Forms(())
    return Forms(tuple(by.items()))


def _read_words(reader: Reader, node: Node) -> tuple[str, ...]:
    words = reader.texts(node, "a word or a phrase")
    for word in words:
        stem = word.removeprefix(OPEN).removesuffix(OPEN)
        if OPEN in stem:
            fix = "leave a word open at an end of the phrase only, or write a regex"
            reader.fault(node, f"“{shown(word)}” has a {OPEN} in the middle", fix)
        elif stem != word and len(stem) < SHORTEST:
            fix = f"write at least {SHORTEST} letters of it"
            reader.fault(node, f"“{shown(word)}” would find nearly everything", fix)
    return words


def _value(reader: Reader, kind: Kind, node: Node) -> Fact:
    match kind:
        case Kind.FLAG:
            return reader.flag(node)
        case Kind.NUMBER:
            return reader.number(node, -1e15, 1e15, "a number")
        case Kind.SPAN:
            reader.wrong(node, "a comparison", "such as {lt: 7d}")
            return None
        case Kind.ANY if isinstance(node, Scalar) and node.value is not None:
            return node.value
    return reader.text(node)


def _bound(reader: Reader, kind: Kind, node: Node) -> float | None:
    if kind is Kind.SPAN:
        return reader.span(node)
    number = isinstance(node, Scalar) and not isinstance(node.value, str | None)
    if kind is Kind.NUMBER or number:
        return reader.number(node, -1e15, 1e15, "a number")
    return reader.span(node)


def _pattern(reader: Reader, node: Node) -> Test | None:
    """One regular expression, or several of which one must match."""
    found = [_expression(reader, item) for item in reader.several(node)]
    texts = [text for text in found if text is not None]
    if not found:
        reader.wrong(node, "a regular expression")
    if not texts or len(texts) < len(found):
        return None
    together = texts[0] if len(texts) == 1 else "|".join(f"(?:{text})" for text in texts)
    return Pattern(together) if _is_usable(reader, node, together) else None


def _expression(reader: Reader, node: Node) -> str | None:
    text = reader.text(node, "a regular expression")
    return text if text is not None and _is_usable(reader, node, text) else None


def _is_usable(reader: Reader, node: Node, pattern: str) -> bool:
    if len(reader.faults) >= ENOUGH:
        return False  # to compile what is too large takes long; there are faults to repair first
    try:
        Expression(pattern)
    except PatternError as error:
        fault = f"a regular expression that cannot be used: {shown(str(error))}"
        reader.fault(node, fault, "RE2 has neither look-around nor back-references")
        return False
    return True


def _domains(reader: Reader, node: Node) -> Test | None:
    domains = reader.texts(node, "a domain")
    for domain in domains:
        bare = domain.removeprefix("*.")
        if "@" in domain or "*" in bare or "." not in bare or " " in bare:
            fix = "such as acme.example, or *.acme.example for all below it"
            reader.fault(node, f"“{shown(domain)}” is no domain", fix)
            return None
    return Domain(domains) if domains else None
