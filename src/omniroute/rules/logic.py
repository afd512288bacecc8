"""What can be told about conditions without any message: what follows from what, what never holds.

Told from their form alone, so what is claimed is true, and much that is true is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omniroute.core.conditions import (
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
from omniroute.core.model import Fact

ONE_VALUE = frozenset({Kind.WORD, Kind.FLAG, Kind.NUMBER, Kind.SPAN})
"""Kinds of facts that have one value at a time."""


def implies(one: Condition, other: Condition) -> bool:
    """Whether *other* holds wherever *one* does."""
    if isinstance(other, Always):
        return True
    if isinstance(one, AnyOf):
        return all(implies(part, other) for part in one.parts)
    if isinstance(other, All):
        return all(implies(one, part) for part in other.parts)
    if isinstance(one, All) and any(implies(part, other) for part in one.parts):
        return True
    if isinstance(other, AnyOf):
        return any(implies(one, part) for part in other.parts)
    if isinstance(one, Not) and isinstance(other, Not):
        return implies(other.part, one.part)
    if isinstance(one, Leaf) and isinstance(other, Leaf):
        return one.fact == other.fact and _tighter(one.test, other.test)
    return False


def _tighter(one: Test, other: Test) -> bool:
    match one, other:
        case Is(a), Is(b):
            return _typed(a) <= _typed(b)
        case Words(), Words():
            return _fewer(one, other)
        case Domain(a), Domain(b):
            return _folded(a) <= _folded(b)
        case Order(), Order():
            return _within(one, other)
        case ((Is() | Words() | Forms() | Pattern() | Domain() | Order()), Known(True)):
            return None not in getattr(one, "values", ())
        case (Forms(), Forms()) | (Known(), Known()) | (Clock(), Clock()) | (Pattern(), Pattern()):
            return one == other
    return False


def _typed(values: Sequence[Fact]) -> frozenset[tuple[bool, Fact]]:
    return frozenset((isinstance(value, bool), value) for value in values)


def _folded(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def _fewer(one: Test, other: Test) -> bool:
    """Whether in every language the words of one are among those of the other."""
    assert isinstance(one, Words)
    assert isinstance(other, Words)
    languages = {"", *(language for language, _ in (*one.by, *other.by))}
    return all(_folded(one.of(lang)) <= _folded(other.of(lang)) for lang in languages)


def _within(one: Order, other: Order) -> bool:
    if one.op[0] != other.op[0]:
        return False
    if one.bound == other.bound:
        return one.op == other.op or other.op.endswith("e")
    return one.bound < other.bound if one.op[0] == "l" else one.bound > other.bound


def impossible(condition: Condition) -> Iterator[str]:
    """Facts of which a condition asks two things that never hold together."""
    match condition:
        case All(parts):
            leaves = [part for part in parts if isinstance(part, Leaf)]
            told: set[str] = set()
            for number, leaf in enumerate(leaves):
                for other in leaves[number + 1 :]:
                    if leaf.fact == other.fact and leaf.fact not in told and _apart(leaf, other):
                        told.add(leaf.fact)
                        yield leaf.fact
            for part in parts:
                yield from impossible(part)
            yield from _denied(parts)
        case AnyOf(parts):
            every = [list(impossible(part)) for part in parts]
            if all(every):
                yield from every[0]


def _denied(parts: Sequence[Condition]) -> Iterator[str]:
    """What is asked for and excluded at once."""
    for part in parts:
        if isinstance(part, Not) and isinstance(part.part, Leaf):
            others = [other for other in parts if other is not part]
            if any(isinstance(o, Leaf) and implies(o, part.part) for o in others):
                yield part.part.fact


def _apart(one: Leaf, other: Leaf) -> bool:
    if isinstance(one.test, Clock) and isinstance(other.test, Clock):
        same = one.test.calendar == other.test.calendar
        return same and one.test.inside is not other.test.inside
    if FACTS.get(one.fact, Kind.ANY) not in ONE_VALUE:
        return False
    match one.test, other.test:
        case Is(a), Is(b):
            return not _typed(a) & _typed(b)
        case Order(), Order():
            return _crossed(one.test, other.test)
        case (Known(known), (Is() | Order())) | ((Is() | Order()), Known(known)):
            return not known
        case Known(a), Known(b):
            return a is not b
    return False


def _crossed(one: Test, other: Test) -> bool:
    assert isinstance(one, Order)
    assert isinstance(other, Order)
    if one.op[0] == other.op[0]:
        return False
    low, high = (one, other) if one.op[0] == "g" else (other, one)
    open_ends = not (low.op.endswith("e") and high.op.endswith("e"))
    return low.bound > high.bound or (low.bound == high.bound and open_ends)
