"""``when:``: conditions, and those that mean nothing."""

from collections.abc import Callable

import pytest

from omniroute.core.conditions import (
    All,
    Always,
    AnyOf,
    Clock,
    Domain,
    Is,
    Known,
    Leaf,
    Not,
    Order,
    Pattern,
    Words,
)
from omniroute.core.rules import EnrichRule, RuleSet, observe, route
from omniroute.core.urgency import DAY, HOUR


@pytest.fixture(scope="session")
def enriched(rules: Callable[..., RuleSet]) -> Callable[..., EnrichRule]:
    """The enriching rule with this condition."""

    def made(when: str) -> EnrichRule:
        return rules(f"enrich: [{{id: x, when: {when}, set: {{priority: high}}}}]").enrich[0]

    return made


def test_conditions(enriched: Callable[..., EnrichRule]) -> None:
    assert enriched("always").when == Always()
    assert enriched("{channel: email}").when == Leaf(0, "channel", Is(("email",)))
    assert enriched("{message.language: [no, de]}").when == Leaf(
        0, "message.language", Is(("no", "de"))
    )
    assert enriched("{tags: vip, not: {channel: [a, b]}}").when == All(
        (Leaf(0, "tags", Is(("vip",))), Not(Leaf(1, "channel", Is(("a", "b")))))
    )
    assert enriched("{any: [{customer.tier: vip}, {all: [{channel: a}, {tags: b}]}]}").when == (
        AnyOf(
            (
                Leaf(0, "customer.tier", Is(("vip",))),
                All((Leaf(1, "channel", Is(("a",))), Leaf(2, "tags", Is(("b",))))),
            )
        )
    )


def test_questions_to_facts(enriched: Callable[..., EnrichRule]) -> None:
    def test_of(when: str) -> object:
        leaf = enriched(when).when
        return leaf.test if isinstance(leaf, Leaf) else leaf

    assert test_of("{message.text: {any_of: [API, HTTP 500]}}") == Words(("API", "HTTP 500"))
    assert test_of("{message.text: {any_of: API}}") == Words(("API",))
    assert test_of(r"{message.text: {regex: '\bx'}}") == Pattern(r"\bx")
    assert test_of("{message.text: {regex: [a, b|c]}}") == Pattern("(?:a)|(?:b|c)")
    assert test_of("{customer.email: {domain: [a.example, '*.b.example']}}") == Domain(
        ("a.example", "*.b.example")
    )
    assert test_of("{customer.email: joe@x.example}") == Is(("joe@x.example",))
    assert test_of("{thread.idle: {lt: 7d}}") == Order("lt", 7 * DAY)
    assert test_of("{thread.history: {gte: 3}}") == Order("gte", 3)
    assert test_of("{thread.reopened: true}") == Is((True,))
    assert test_of("{thread.last_agent: {known: false}}") == Known(False)
    assert test_of("{clock: {outside: office}}") == Clock("office", inside=False)
    assert test_of("{topic: refund}") == Is(("refund",))
    assert test_of("{order.total: {gt: 99.5}}") == Order("gt", 99.5)
    assert test_of("{order.total: 5}") == Is((5,))


def test_two_questions_to_one_fact_must_both_hold(enriched: Callable[..., EnrichRule]) -> None:
    assert enriched("{thread.idle: {gt: 1h, lt: 7d}}").when == All(
        (Leaf(0, "thread.idle", Order("gt", HOUR)), Leaf(1, "thread.idle", Order("lt", 7 * DAY)))
    )


def test_leaves_are_numbered_through_all_files(rules: Callable[..., RuleSet]) -> None:
    found = rules(
        "enrich: [{id: a, when: {channel: a}, set: {priority: low}}]",
        more="version: 1\nroute: [{id: b, when: {channel: b}, to: {queue: general}}]",
    )
    assert found.enrich[0].when == Leaf(0, "channel", Is(("a",)))
    assert found.route[0].when == Leaf(1, "channel", Is(("b",)))


def test_expressions_that_are_too_large_together_are_refused(faults: Callable[..., str]) -> None:
    many = ", ".join(f"'\\pL+{n}'" for n in range(50))
    said = faults(
        f"enrich: [{{id: x, when: {{message.text: {{regex: [{many}]}}}}, set: {{weight: 2}}}}]"
    )
    assert said.startswith("support.yaml:10: x: a regular expression that cannot be used: pattern")


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("{}", "x: an empty condition — write `when: always` if that is meant"),
        ("", "x: nothing stands where a condition or the word always is due"),
        ("never", "x: “never” stands where a condition or the word always is due"),
        ("{any: []}", "x: an empty “any” — leave it out, or name its conditions"),
        ("{not: {}}", "x: an empty condition — write `when: always` if that is meant"),
        ("{chanel: a}", "x: unknown fact “chanel” — did you mean “channel”?"),
        ("{channel: []}", "x: an empty list for channel — name at least one value"),
        ("{channel: {}}", "x: an empty test of channel — it can be asked: any_of, regex, known"),
        ("{channel: true}", 'x: “true” stands where text is due — as text, write "true"'),
        ("{channel: null}", 'x: nothing stands where text is due — as text, write "null"'),
        ("{channel: {lt: 3}}", "x: channel cannot be asked “lt” — it can be asked: any_of, regex,"),
        ("{channel: {is: 3}}", "x: unknown key “is” — known are: any_form_of, any_of,"),
        ("{channel: {known: yes}}", "x: “yes” stands where true or false is due"),
        ("{message.text: {any_of: []}}", "x: an empty list stands where a list with a word or a"),
        ("{message.text: {any_of: [' ']}}", "x: “” stands where a word or a phrase is due"),
        ("{message.text: {regex: '('}}", "x: a regular expression that cannot be used: missing )"),
        (r"{message.text: {regex: '(a)\1'}}", "x: a regular expression that cannot be used: inv"),
        (r"{message.text: {regex: '\pL{900}'}}", "x: a regular expression that cannot be used: p"),
        ("{customer.email: {domain: a@b.c}}", "x: “a@b.c” is no domain — such as acme.example"),
        ("{customer.email: {domain: localhost}}", "x: “localhost” is no domain"),
        ("{thread.idle: 7d}", "x: “7d” stands where a comparison is due — such as {lt: 7d}"),
        ("{thread.idle: {lt: 7}}", "x: “7” stands where a span such as 45s, 2m, 4h or 7d, up to"),
        ("{thread.history: {lt: 7d}}", "x: “7d” stands where a number is due"),
        ("{thread.history: {lt: .nan}}", "x: “.nan” stands where a number is due"),
        ("{thread.reopened: 1}", "x: “1” stands where true or false is due"),
        ("{clock: office}", "x: “office” stands where inside or outside with a calendar is due"),
        ("{clock: {inside: ofice}}", "x: unknown calendar “ofice” — did you mean “office”?"),
    ],
)
def test_conditions_that_mean_nothing(faults: Callable[..., str], when: str, fault: str) -> None:
    said = faults(f"enrich: [{{id: x, when: {when}, set: {{priority: high}}}}]")
    assert said.startswith(f"support.yaml:10: {fault}")


def test_words_by_language(rules: Callable[..., RuleSet], faults: Callable[..., str]) -> None:
    when = "{any_of: {en: [refund, chargeback], de: Erstattung}}"
    ruled = "  - {id: x, when: {%s: %s}, to: {queue: billing}}\n  - {id: r, to: {queue: general}}"
    found = rules("route:\n" + ruled % ("message.text", when))
    for language, text, rule in [
        ("en", "my refund", "x"),
        ("en", "Erstattung", "r"),
        ("de", "Erstattung", "x"),
        ("", "Erstattung", "x"),
    ]:
        held = observe(found, text=text, subject="", emails=(), name="", language=language)
        assert route(found, {"message.language": language}, held, 0).rule == rule
    public = rules("route:\n" + ruled % ("topic", when))
    assert route(public, {"topic": "refund", "message.language": "en"}, (), 0).rule == "x"
    assert route(public, {"topic": "refund", "message.language": "de"}, (), 0).rule == "r"
    assert "“english” is no language — such as en or de" in faults(
        "route:\n" + ruled % ("message.text", "{any_of: {english: [a]}}")
    )


def test_words_left_open_where_that_says_nothing(faults: Callable[..., str]) -> None:
    said = faults("enrich: [{id: x, when: {message.text: {any_of: [re*]}}, set: {tags: [a]}}]")
    assert "“re*” would find nearly everything — write at least 3 letters of it" in said
    said = faults("enrich: [{id: x, when: {message.text: {any_of: [a*b]}}, set: {tags: [a]}}]")
    assert "“a*b” has a * in the middle" in said
