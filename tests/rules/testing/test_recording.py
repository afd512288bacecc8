"""A real decision as a test: the same is decided, and nothing of the customer's is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from omniroute.core.conditions import Domain, Is, Known, Pattern, Test, Words
from omniroute.core.model import Fact
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.core.words import Expression
from omniroute.rules import explain, load
from omniroute.rules.testing import Report
from omniroute.rules.testing.recording import Decided, Recorded, appended, record
from omniroute.rules.testing.samples import sample

EXPECTED = (
    "{rule: refunds, queue: billing, priority: high, enriched: [language, vip], tags: [vip],"
    ' need: {lang.de: 3, refunds: 3}, first_reply: "1h"}'
)
AT = 1_772_445_600_123
Ran = Callable[..., Report]


def decided(rules: RuleSet, texts: Texts, **facts: Fact | tuple[str, ...]) -> Decided:
    """What the server would say of such a message: its record holds no texts."""
    named = {name.replace("__", "."): value for name, value in facts.items()}
    asked = {"channel": "email", "message.verified": True, "thread.history": 0, **named}
    told = explain(rules, asked, at=AT, observed=rules.observer.observe(texts))
    return msgspec.convert(msgspec.json.decode(msgspec.json.encode(told)), Decided, strict=False)


def recorded(desk: Path, texts: Texts, **facts: Fact | tuple[str, ...]) -> Recorded:
    rules = load(desk)
    return record(decided(rules, texts, **facts), rules, "recorded")


def changed(desk: Path, before: str, after: str) -> None:
    """The rules say something else from now on."""
    file = desk / "support.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def test_the_same_is_decided_and_no_word_is_the_customers(desk: Path, ran: Ran) -> None:
    said = Texts(
        text="Joe here: where is my Erstattung for 1182?", name="Joe Miller", language="de"
    )
    test = recorded(desk, said, message__language="de", customer__tier="vip")
    assert test.doubts == ()
    for word in ("Joe", "1182", "where", "Miller"):
        assert word not in test.text
    report = ran(appended("", [test.text]), strict=True)
    assert report.failed == 0, str(report)
    assert test.text.splitlines() == [
        "  - name: recorded",
        "    at: 2026-03-02T10:00:00+00:00",
        "    given:",
        "      channel: email",
        "      customer.tier: vip",
        "      message.language: de",
        "      message.text: refund",
        f"    expect: {EXPECTED}",
    ]


def test_a_customer_with_a_past_is_recorded_with_it(desk: Path, ran: Ran) -> None:
    test = recorded(
        desk, Texts("Hello"), thread__last_agent="bo", thread__idle=93_784_005, thread__history=1
    )
    assert "thread.idle: 1d2h3m4s5ms" in test.text.replace('"', "")
    assert ran(appended("", [test.text])).failed == 0


def test_more_tests_at_the_end_of_a_file(desk: Path, ran: Ran) -> None:
    first = recorded(desk, Texts(text="refund")).text
    whole = appended(appended("", [first]), [first.replace("recorded", "another")])
    assert [outcome.name for outcome in ran(whole).outcomes] == ["recorded", "another"]


def test_a_rule_that_has_changed_since_is_told(desk: Path) -> None:
    then = decided(load(desk), Texts(text="refund"))
    file = desk / "support.yaml"
    file.write_text(
        file.read_text().replace(
            "{message.text: {any_of: [refund", "{message.subject: {any_of: [refund"
        )
    )
    test = record(then, load(desk), "recorded")
    assert test.doubts == ("rule refunds asks for something else now",)


def test_words_that_cannot_be_made_up_are_told(desk: Path) -> None:
    listed = "{any_of: [refund, Erstattung]}"
    changed(desk, listed, "{regex: '^Hello.*x{2}$'}")
    assert recorded(desk, Texts(text="Hello xx")).doubts == ()
    changed(desk, "{regex: '^Hello.*x{2}$'}", "Hello")
    assert recorded(desk, Texts(text="something else")).doubts == (
        "no message.text could be made up that is like it: write one",
    )


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i)\b(refund|chargeback)",
        r"(forgot|reset).{0,20}password",
        r"order \d{4}",
        r"[^a]b+c?",
        r"^(?:a|b)\s+x$",
        r"\p{Lu}rgent",
    ],
)
def test_samples_of_expressions(pattern: str) -> None:
    made = sample(Pattern(pattern))
    assert made is not None
    if "\\p" not in pattern:
        assert Expression(pattern).found(made) is not None


@pytest.mark.parametrize(
    ("test", "made"),
    [
        (Words(("lawyer", "court")), "lawyer"),
        (Is(("vip",)), "vip"),
        (Domain(("*.acme.example",)), "customer@mail.acme.example"),
        (Known(True), "Hello"),
        (Known(False), None),
        (Pattern("("), None),
    ],
)
def test_samples_of_other_tests(test: Test, made: str | None) -> None:
    assert sample(test) == made
