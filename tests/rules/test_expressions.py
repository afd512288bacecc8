"""``cel:``: one more form of condition, checked when it is read and bounded when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from omniroute.core.model import Fact
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet, route
from omniroute.rules import explain, tell

Rules = Callable[..., RuleSet]
Faults = Callable[..., str]

AT = 1_772_445_600_000  # Monday, 2 March 2026, 10:00 UTC
DAY = 86_400_000


def when(text: str, more: str = "") -> str:
    return (
        f"{more}route:\n  - {{id: x, when: {{cel: {text!r}}}, to: {{queue: billing}}}}\n"
        "  - {id: rest, to: {queue: general}}"
    )


def holds(rules: RuleSet, **facts: Fact | tuple[str, ...]) -> bool:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return route(rules, {"channel": "email", **named}, (), AT).rule == "x"


def test_numbers_words_and_tags(rules: Rules) -> None:
    x = rules(when("order.total > 500 && channel in ['email', 'webchat']"))
    assert holds(x, order__total=501)
    assert holds(x, order__total=500.5)
    assert not holds(x, order__total=500)
    tagged = rules(when("'vip' in tags && size(tags) > 1"))
    assert holds(tagged, tags=("vip", "odd"))
    assert not holds(tagged, tags=("vip",))


def test_spans_and_the_hour(rules: Rules) -> None:
    idle = rules(when("thread.idle < duration('48h') && thread.history >= 2"))
    assert holds(idle, thread__idle=DAY, thread__history=2)
    assert not holds(idle, thread__idle=3 * DAY, thread__history=2)
    assert holds(rules(when("now.getHours('Europe/Berlin') == 11")))
    assert not holds(rules(when("now.getDayOfWeek() == 0")))


def test_what_fails_at_run_time_does_not_hold(rules: Rules) -> None:
    x = rules(when("order.total / 0 > 1 || topic == 'a'"))
    assert not holds(x, order__total=5)
    assert holds(x, order__total=5, topic="a")
    assert not holds(rules(when("customer.tier == 'vip'")))
    assert not holds(rules(when("order.total == 'many'")), order__total=5)


def test_tags_that_rules_above_have_set_are_seen_whatever_was_judged_before(rules: Rules) -> None:
    tagging = "enrich: [{id: t, when: {topic: a}, set: {tags: [big]}}]\n"
    x = rules(when("'big' in tags && order.total > 10", tagging))
    assert not holds(x, topic="a", order__total=5)
    assert holds(x, topic="a", order__total=50)
    assert not holds(x, topic="b", order__total=50)


def test_it_stands_beside_other_conditions(rules: Rules) -> None:
    x = rules(
        "route:\n  - {id: x, when: {channel: email, not: {cel: 'order.total < 5'}},"
        " to: {queue: billing}}\n  - {id: rest, to: {queue: general}}"
    )
    assert holds(x, order__total=6)
    assert not holds(x, order__total=4)


def test_it_ends_however_often_it_is_told_to_go_round(rules: Rules) -> None:
    text = "true"
    for name in "abcdefg":
        text = f"[1,2,3,4,5,6,7,8,9].all({name}, {text})"
    assert not holds(rules(when(text)))


def test_it_is_explained_as_one_condition(rules: Rules) -> None:
    x = rules(when("order.total > 500 && channel == 'email'"))
    facts: dict[str, Fact | tuple[str, ...]] = {"channel": "email", "order.total": 612}
    told = tell(explain(x, facts, at=AT, texts=Texts()), x)
    assert (
        "✔ cel = order.total > 500 && channel == 'email' (channel = email, order.total = 612)"
    ) in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "order.totl > 5",
            "cel: at character 6: unknown fact “order.totl” — did you mean “order.total”?",
        ),
        ("order.total >", "cel: at character 14: Syntax error"),
        ("thread.history", "cel: is no condition: it gives int — compare it with something"),
        ("thread.history == 'a'", "cel: at character 16: found no matching overload"),
        (
            "message.text.contains('a')",
            "message.text is not to be seen by expressions — text, names",
        ),
        ("true || " * 300 + "true", "cel: more than 2000 characters"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(faults: Faults, text: str, said: str) -> None:
    found = faults(when(text))
    assert found.startswith("support.yaml:11: x: ")
    assert said in found


def test_without_the_library(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    assert "needs a library that is not installed — install it with: pip install" in faults(
        when("true")
    )
