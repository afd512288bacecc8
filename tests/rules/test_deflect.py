"""``deflect:`` in files: the article, the question, and what cannot be said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from omniroute.core.rules import RuleSet
from omniroute.core.urgency import MINUTE
from omniroute.rules import reply_text

Rules = Callable[..., RuleSet]
Faults = Callable[..., str]

REST = "\n  - {id: rest, to: {queue: general}}\n"


def deflecting(deflect: str, more: str = "") -> str:
    return f"route:\n  - {{id: a, when: {{channel: webchat}}, deflect: {{{deflect}}}{more}}}" + REST


def test_an_article_by_its_link(rules: Rules) -> None:
    found = rules(deflecting("article: 'https://help.example/1', ask: Solved?"))
    rule = found.route[0]
    assert rule.deflect is not None
    assert (rule.falls_through, rule.stages[0].span) == (True, 10 * MINUTE)
    assert reply_text(found, rule.deflect.reply, "de", 0)[0] == "https://help.example/1\n\nSolved?"


def test_an_article_by_its_path_and_a_question_by_language(rules: Rules, ground: str) -> None:
    linked = ground.replace("{queue: general}", "{queue: general, articles: https://kb.example/}")
    ask = "article: reset, ask: {en: Solved?, de: Geholfen?}, for: 3m"
    found = rules(deflecting(ask), linked)
    text, language = reply_text(found, "deflect/a", "de-AT", 0)
    assert (text, language) == ("https://kb.example/reset\n\nGeholfen?", "de")
    assert found.route[0].stages[0].span == 3 * MINUTE


def test_an_article_that_is_a_reply(rules: Rules) -> None:
    found = rules(deflecting("article: later, ask: {en: Solved?, de: Geholfen?}"))
    text, _ = reply_text(found, "deflect/a", "de", 1_767_600_000_000)
    assert text == "We are back am Montag um 09:00 Uhr.\n\nGeholfen?"


@pytest.mark.parametrize(
    ("deflect", "more", "said"),
    [
        ("article: later", "", "“ask” is missing"),
        ("article: later, ask: {}", "", "nothing is asked"),
        ("article: later, ask: a, if_no: stop", "", "one of fall_through is due"),
        ("article: later, ask: a", ", to: {queue: general}", "“to” in a rule that deflects"),
        ("article: later, ask: a", ", then: fall_through", "“then” in a rule that deflects"),
        ("article: later, ask: a, for: 5", "", "a number needs its unit"),
    ],
)
def test_what_cannot_be_said(faults: Faults, deflect: str, more: str, said: str) -> None:
    assert said in faults(deflecting(deflect, more))
