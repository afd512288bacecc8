"""Rules in order, sifted for those that may match.

Most rules ask for something in the text, or for one value of a fact.  Such a rule cannot match
unless the one was observed or the other is so; it is found by that, and not looked at otherwise:
ten thousand of them cost what the few cost that may match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from omniroute.core.conditions import (
    Check,
    Condition,
    Expressions,
    View,
    compile_condition,
    pinned,
    required,
)
from omniroute.core.urgency import Calendar

TAGS = "tags"
"""Rules add to them on the way, so nothing is found by them beforehand."""


class Conditional(Protocol):
    """A rule, as far as it matters here."""

    @property
    def when(self) -> Condition:
        """When it matches."""


R = TypeVar("R", bound=Conditional)


class Sieve(Generic[R]):
    """Rules with their conditions compiled, by what they cannot do without."""

    __slots__ = ("_by_fact", "_by_leaf", "_checked", "_others")

    def __init__(
        self, rules: Sequence[R], calendars: Mapping[str, Calendar], expressions: Expressions
    ) -> None:
        self._checked: list[tuple[R, Check]] = [
            (rule, compile_condition(rule.when, calendars, expressions)) for rule in rules
        ]
        self._others: list[int] = []
        self._by_leaf: dict[int, list[int]] = {}
        self._by_fact: dict[str, dict[object, list[int]]] = {}
        telling = _telling(rules)
        for index, rule in enumerate(rules):
            if (asked := required(rule.when)) is not None:
                for leaf in asked:
                    self._by_leaf.setdefault(leaf, []).append(index)
            elif wanted := [one for one in pinned(rule.when) if one[0] != TAGS]:
                fact, values = max(wanted, key=lambda one: telling[one[0]])
                for value in values:
                    self._by_fact.setdefault(fact, {}).setdefault(value, []).append(index)
            else:
                self._others.append(index)

    def sift(self, view: View, every: bool) -> Iterator[tuple[R, bool]]:
        """The rules that match, or *every* one, and whether it does."""
        for index in range(len(self._checked)) if every else self.likely(view):
            rule, check = self._checked[index]
            matched = check(view)
            if matched or every:
                yield rule, matched

    def likely(self, view: View) -> Iterable[int]:
        """The rules that may match, in order."""
        found = self._others.copy()
        for leaf in view.observed:
            found += self._by_leaf.get(leaf, ())
        for fact, by_value in self._by_fact.items():
            value = view.facts.get(fact)
            for one in value if isinstance(value, tuple) else (value,):
                found += by_value.get(one, ())
        return sorted(set(found))


def _telling(rules: Iterable[Conditional]) -> Counter[str]:
    """How many values rules ask for of each fact: of the one with the most, each finds the least
    rules."""
    asked = {(fact, one) for rule in rules for fact, all in pinned(rule.when) for one in all}
    return Counter(fact for fact, _ in asked)
