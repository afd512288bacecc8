"""What a condition says about a view: facts, observed leaves, the time."""

from collections.abc import Mapping
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.conditions import (
    PRIVATE,
    All,
    Always,
    AnyOf,
    Clock,
    Condition,
    Domain,
    Is,
    Known,
    Leaf,
    Not,
    Order,
    Pattern,
    Test,
    View,
    Words,
    compile_condition,
    leaves,
    required,
)
from omniroute.core.model import Fact
from omniroute.core.urgency import DAY, HOUR, Calendar

MONDAY_NOON = (4 * 24 + 12) * HOUR  # 1970-01-05
OFFICE = {"office": Calendar(UTC, {0: [(9 * HOUR, 17 * HOUR)]})}


def holds(
    condition: Condition,
    facts: Mapping[str, Fact | tuple[str, ...]] | None = None,
    observed: tuple[int, ...] = (),
    at: int = MONDAY_NOON,
) -> bool:
    return compile_condition(condition, OFFICE)(View(facts or {}, frozenset(observed), at))


def asks(fact: str, test: Test, value: Fact | tuple[str, ...]) -> bool:
    return holds(Leaf(0, fact, test), {fact: value})


def test_equal_to_one_of_several() -> None:
    assert asks("channel", Is(("webchat", "email")), "email")
    assert not asks("channel", Is(("webchat",)), "email")
    assert not asks("channel", Is(("webchat",)), None)


def test_a_fact_with_several_values_equals_if_one_does() -> None:
    assert asks("tags", Is(("vip",)), ("at-risk", "vip"))
    assert not asks("tags", Is(("vip",)), ())


def test_true_is_not_1() -> None:
    assert asks("order.paid", Is((True,)), True)
    assert not asks("order.paid", Is((True,)), 1)
    assert not asks("order.count", Is((1,)), True)
    assert asks("order.count", Is((1,)), 1.0)


@pytest.mark.parametrize(
    ("op", "below", "equal", "above"),
    [
        ("lt", True, False, False),
        ("lte", True, True, False),
        ("gt", False, False, True),
        ("gte", False, True, True),
    ],
)
def test_order(op: str, below: bool, equal: bool, above: bool) -> None:
    week = Order(op, 7 * DAY)
    answers = [asks("thread.idle", week, days * DAY) for days in (6, 7, 8)]
    assert answers == [below, equal, above]


@pytest.mark.parametrize("value", [None, "6", True, ()])
def test_what_is_no_number_is_in_no_order(value: Fact | tuple[str, ...]) -> None:
    assert not asks("thread.idle", Order("lt", 7 * DAY), value)
    assert not asks("thread.idle", Order("gte", 0), value)


def test_known() -> None:
    values: list[Fact | tuple[str, ...]] = ["ana", 0, False, ("x",), None, ()]
    for value, known in zip(values, [True, True, True, True, False, False], strict=True):
        assert asks("thread.last_agent", Known(True), value) is known
        assert asks("thread.last_agent", Known(False), value) is not known


def test_words_and_patterns_in_public_facts() -> None:
    assert asks("topic", Words(("refund",)), "Refund request")
    assert not asks("topic", Words(("refund",)), "refunds")
    assert asks("topic", Pattern("^re"), "refunds")
    assert not asks("topic", Pattern("^re"), 7)


def test_the_clock() -> None:
    inside, outside = (Leaf(0, "clock", Clock("office", where)) for where in (True, False))
    assert holds(inside)
    assert not holds(outside)
    assert holds(outside, at=MONDAY_NOON + 6 * HOUR)


def test_a_private_leaf_holds_if_it_was_observed() -> None:
    leaf = Leaf(7, "message.text", Words(("refund",)))
    assert holds(leaf, observed=(7,))
    assert not holds(leaf, {"message.text": "refund"}, observed=(6,))


def test_only_an_address_has_a_domain() -> None:
    with pytest.raises(ValueError, match="only an e-mail address"):
        compile_condition(Leaf(0, "channel", Domain(("acme.example",))), {})


def test_leaves_come_in_order_with_their_sign() -> None:
    a, b, c = (Leaf(n, "channel", Known(True)) for n in range(3))
    condition = All((a, Not(AnyOf((b, Not(c))))))
    assert list(leaves(condition)) == [(a, False), (b, True), (c, False)]


private = st.builds(lambda n: Leaf(n, "message.text", Known(True)), st.integers(0, 3))
public = st.builds(lambda value: Leaf(9, "channel", Is((value,))), st.sampled_from("ab"))
conditions: st.SearchStrategy[Condition] = st.recursive(
    private | public | st.just(Always()),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=8,
)
observations = st.frozensets(st.integers(0, 3))


def meaning(condition: Condition, channel: str, observed: frozenset[int]) -> bool:
    """What a condition means, told as plainly as can be."""
    match condition:
        case Leaf(number, fact, test):
            if fact in PRIVATE:
                return number in observed
            return isinstance(test, Is) and channel in test.values
        case All(parts):
            return all(meaning(part, channel, observed) for part in parts)
        case AnyOf(parts):
            return any(meaning(part, channel, observed) for part in parts)
        case Not(part):
            return not meaning(part, channel, observed)
        case Always():
            return True


@given(conditions, st.sampled_from("abc"), observations)
def test_a_compiled_condition_means_what_it_says(
    condition: Condition, channel: str, observed: frozenset[int]
) -> None:
    answer = holds(condition, {"channel": channel}, tuple(observed))
    assert answer is meaning(condition, channel, observed)


@given(conditions, st.sampled_from("abc"), observations)
def test_nothing_holds_without_what_it_requires(
    condition: Condition, channel: str, observed: frozenset[int]
) -> None:
    asked = required(condition)
    if asked is not None and meaning(condition, channel, observed):
        assert asked & observed
