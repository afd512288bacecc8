"""Rules are found by what they cannot do without, and none is overlooked for that."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.conditions import (
    All,
    Always,
    AnyOf,
    Condition,
    Facts,
    Is,
    Known,
    Leaf,
    Not,
    View,
    Words,
    compile_condition,
    pinned,
)
from omniroute.core.rules import RouteRule
from omniroute.core.sieve import Sieve

FACTS = ("topic", "channel", "tags")
VALUES = ("refund", "tech", "chat", None, 1, True)

one_value = st.sampled_from(VALUES)
values = st.lists(one_value, min_size=1, max_size=3).map(lambda found: Is(tuple(found)))
public = st.builds(
    Leaf, st.just(0), st.sampled_from(FACTS), values | st.builds(Known, st.booleans())
)
private = st.builds(Leaf, st.integers(1, 4), st.just("message.text"), st.just(Words(("x",))))
conditions = st.recursive(
    public | private | st.just(Always()),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=5,
)
facts = st.dictionaries(
    st.sampled_from(FACTS), one_value | st.lists(st.sampled_from(VALUES[:3])).map(tuple)
)


def found(rules: list[RouteRule], facts: Facts, observed: frozenset[int] = frozenset()) -> set[str]:
    view = View(facts, observed, 0)
    return {rule.id for rule, _ in Sieve(rules, {}, {}).sift(view, every=False)}


@settings(deadline=None, max_examples=150)
@given(st.lists(conditions, max_size=6), facts, st.frozensets(st.integers(1, 4)))
def test_whatever_matches_is_found(
    whens: list[Condition], facts: Facts, observed: frozenset[int]
) -> None:
    rules = [RouteRule(f"rule-{number}", when) for number, when in enumerate(whens)]
    view = View(facts, observed, 0)
    matching = {rule.id for rule in rules if compile_condition(rule.when, {}, {})(view)}
    assert found(rules, facts, observed) == matching


def test_a_rule_is_found_by_the_fact_that_tells_most_apart() -> None:
    rules = [
        RouteRule(
            f"rule-{topic}",
            All((Leaf(0, "channel", Is(("chat",))), Leaf(1, "topic", Is((f"topic-{topic}",))))),
        )
        for topic in range(3)
    ]
    likely = Sieve(rules, {}, {}).likely(
        View({"channel": "chat", "topic": "topic-1"}, frozenset(), 0)
    )
    assert list(likely) == [1]
    assert found(rules, {"channel": "chat", "topic": ("topic-1", "topic-2")}) == {
        "rule-1",
        "rule-2",
    }


def test_a_rule_that_asks_for_tags_is_always_looked_at_since_others_add_them() -> None:
    rules = [RouteRule("vip", Leaf(0, "tags", Is(("vip",))))]
    assert list(Sieve(rules, {}, {}).likely(View({}, frozenset(), 0))) == [0]


def test_only_words_that_must_be_so_pin_a_fact() -> None:
    topic = Leaf(0, "topic", Is(("refund",)))
    assert list(pinned(All((topic, Always())))) == [("topic", ("refund",))]
    for open_ended in (
        Not(topic),
        AnyOf((topic, Always())),
        Leaf(0, "topic", Is(("refund", None))),
    ):
        assert list(pinned(open_ended)) == []
