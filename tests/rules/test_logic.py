"""What is claimed of conditions is true of every message."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.conditions import (
    All,
    Always,
    AnyOf,
    Condition,
    Is,
    Known,
    Leaf,
    Not,
    Order,
    Test,
    View,
    Words,
    compile_condition,
)
from omniroute.core.model import Fact
from omniroute.core.observations import Observer, Texts
from omniroute.rules.logic import implies, impossible

CHANNELS = (None, "a", "b")
HISTORY = (None, 0, 1, 2, 3)
TAGS = ((), ("x",), ("x", "y"))
TEXTS = ("", "refund", "Invoice", "refund invoice")
LANGUAGES = ("", "en", "de")


def numbered(condition: Condition, numbers: Iterator[int]) -> Condition:
    """The same with a number of its own for each leaf, as in a rule set."""
    match condition:
        case Leaf(_, fact, test):
            return Leaf(next(numbers), fact, test)
        case All(parts):
            return All(tuple(numbered(part, numbers) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(numbered(part, numbers) for part in parts))
        case Not(part):
            return Not(numbered(part, numbers))
    return condition


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2).map(tuple)


words = st.one_of(
    some(("refund", "invoice")).map(Words),
    st.tuples(some(("refund", "invoice")), some(("refund", "invoice"))).map(
        lambda both: Words((*both[0], *both[1]), (("en", both[0]), ("de", both[1])))
    ),
)
orders = st.builds(Order, st.sampled_from(["lt", "lte", "gt", "gte"]), st.sampled_from([0, 1, 2]))
known = st.builds(Known, st.booleans())
tests: st.SearchStrategy[tuple[str, Test]] = st.one_of(
    st.tuples(st.just("channel"), st.one_of(some(("a", "b")).map(Is), known)),
    st.tuples(st.just("thread.history"), st.one_of(orders, known)),
    st.tuples(st.just("tags"), st.one_of(some(("x", "y")).map(Is), known)),
    st.tuples(st.just("message.text"), st.one_of(words, known)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(tests.map(lambda asked: Leaf(0, *asked)), st.just(Always())),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=4,
)


def of(condition: Condition) -> Iterator[Leaf]:
    match condition:
        case Leaf():
            yield condition
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from of(part)
        case Not(part):
            yield from of(part)


def views(*asked: Condition) -> Iterator[View]:
    """Every message there can be, with what is observed in it."""
    observer = Observer(leaf for condition in asked for leaf in of(condition))
    for channel, history, tags in itertools.product(CHANNELS, HISTORY, TAGS):
        for text, language in itertools.product(TEXTS, LANGUAGES):
            facts: dict[str, Fact | tuple[str, ...]] = {
                "channel": channel,
                "thread.history": history,
                "tags": tags,
                "message.language": language or None,
            }
            observed = observer.observe(Texts(text=text, language=language))
            yield View(facts, frozenset(observed), 0)


@settings(max_examples=60)
@given(conditions, conditions)
def test_what_follows_from_another_holds_wherever_it_does(one: Condition, other: Condition) -> None:
    numbers = itertools.count()
    one, other = numbered(one, numbers), numbered(other, numbers)
    if implies(one, other):
        first, second = compile_condition(one, {}), compile_condition(other, {})
        wrong = [view for view in views(one, other) if first(view) and not second(view)]
        assert not wrong


@settings(max_examples=60)
@given(conditions)
def test_what_is_said_never_to_hold_never_holds(condition: Condition) -> None:
    condition = numbered(condition, itertools.count())
    if list(impossible(condition)):
        holds = compile_condition(condition, {})
        assert not [view for view in views(condition) if holds(view)]


@settings(max_examples=60)
@given(conditions)
def test_everything_follows_from_itself_and_always_from_everything(condition: Condition) -> None:
    assert implies(condition, condition)
    assert implies(condition, Always())


EACH: dict[str, list[Test]] = {
    "channel": [Is(("a",)), Is(("b",)), Is(("a", "b")), Known(True), Known(False)],
    "thread.history": [
        *(Order(op, bound) for op in ("lt", "lte", "gt", "gte") for bound in (1, 2)),
        Known(True),
        Known(False),
    ],
    "tags": [Is(("x",)), Is(("y",)), Is(("x", "y")), Known(True), Known(False)],
    "message.text": [
        Words(("refund",)),
        Words(("Refund", "invoice")),
        Words(("refund", "invoice"), (("en", ("refund",)), ("de", ("invoice",)))),
        Known(True),
        Known(False),
    ],
}


@pytest.mark.parametrize("fact", EACH)
def test_any_two_questions_to_one_fact(fact: str) -> None:
    for first, second in itertools.product(EACH[fact], repeat=2):
        one, other = Leaf(0, fact, first), Leaf(1, fact, second)
        a, b = compile_condition(one, {}), compile_condition(other, {})
        seen = list(views(one, other))
        if implies(one, other):
            assert not [view for view in seen if a(view) and not b(view)], (first, second)
        if list(impossible(All((one, other)))):
            assert not [view for view in seen if a(view) and b(view)], (first, second)
        if list(impossible(All((one, Not(other))))):
            assert not [view for view in seen if a(view) and not b(view)], (first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Is(("a",)), Is(("a", "b"))),
        (Order("lt", 1), Order("lte", 1)),
        (Order("gt", 2), Order("gt", 1)),
        (Is(("a",)), Known(True)),
        (Words(("refund",)), Words(("Refund", "invoice"))),
    ],
)
def test_what_is_seen_to_follow(one: Test, other: Test) -> None:
    fact = "channel"
    assert implies(Leaf(0, fact, one), Leaf(1, fact, other))
    assert not implies(Leaf(0, fact, other), Leaf(1, fact, one))
