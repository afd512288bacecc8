"""Tests of rules run on the core: who is asked, now and later, with a past or without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from omniroute.rules.testing import read_suites, run_all

Fault = Callable[..., str]

REFUND = "given: {channel: email, text: My refund?, language: en}"
GERMAN = "given: {channel: email, text: Erstattung?, language: de}"
HELLO = "channel: email, text: Hello"


def test_who_is_asked_at_once_and_who_later(fault: Fault) -> None:
    assert not fault(f"{REFUND}, expect: {{agent: ana, queue: billing, rule: refunds}}")
    later = "expect: {agent: null}, after: {1m59s: {agent: null}, 2m: {agent: bo}}"
    assert not fault(f"{REFUND}, without: [ana], {later}")
    assert fault(f"{REFUND}, without: [ana], after: {{1m: {{agent: bo}}}}") == (
        "after 1m agent: expected 'bo', got nothing"
    )


def test_a_step_that_drops_a_skill_and_tells_the_agent(fault: Fault) -> None:
    dropped = "{agent: bo, need: {lang.de: null, refunds: 2}, tell: writes German}"
    assert not fault(f"{GERMAN}, without: [ana], after: {{5m: {dropped}}}")


def test_an_offer_that_is_not_answered_goes_on_to_the_next(fault: Fault) -> None:
    hello = f"given: {{{HELLO}, language: en}}"
    assert not fault(f"{hello}, expect: {{agent: ana}}, after: {{1m: {{agent: bo}}}}")


def test_agents_as_the_test_has_them(fault: Fault) -> None:
    busy = "agents: {ana: {load: 5/5}, bo: {skills: {refunds: 5, lang.en: 5}, load: 1}}"
    assert not fault(f"{REFUND}, expect: {{agent: bo}}", busy)
    away = "agents: {ana: {status: away}, bo: {status: offline}}"
    assert not fault(f"{REFUND}, expect: {{agent: ana}}", away)
    assert not fault(f"{REFUND}, live: true, expect: {{agent: null}}", away)
    idle = "agents: {ana: {idle: 1h}, bo: {idle: 2h}}"
    assert not fault(f"given: {{{HELLO}, language: en}}, expect: {{agent: bo}}", idle)
    other = "agents: {cleo: {teams: [money], skills: {refunds: 4, lang.en: 3}}}"
    assert not fault(f"{REFUND}, expect: {{agent: cleo}}", other)


def test_everything_that_can_be_expected_and_how_it_is_told(fault: Fault) -> None:
    vip = f"given: {{{HELLO}, tier: vip}}"
    right = "priority: high, tags: [vip], first_reply: 1h, enriched: vip, state: offered"
    assert not fault(f"{vip}, expect: {{{right}, rule: rest, agents: ana}}")
    wrong = "priority: urgent, tags: [vip, odd], first_reply: 2h, enriched: language, state: queued"
    assert fault(f"{vip}, expect: {{{wrong}, rule: null, agents: [ana, bo], reply: later}}") == (
        "rule: expected nothing, got 'rest'; enriched: expected 'language', got 'vip';"
        " priority: expected 'urgent', got 'high'; tags: expected 'odd', got 'vip';"
        " agents: expected 'ana, bo', got 'ana'; reply: expected 'later', got nothing;"
        " first_reply: expected '2h', got '1h'; state: expected 'queued', got 'offered'"
    )
    assert fault(f"{GERMAN}, expect: {{need: {{refunds: 2, lang.en: 1, lang.de: 3}}}}") == (
        "need: expected 'lang.en 1, refunds 2', got 'lang.en not asked, refunds 3'"
    )


def test_the_hour(fault: Fault) -> None:
    chat = "given: {channel: webchat, text: Hello}"
    night = "at: 2026-03-02T22:00+01:00"
    assert not fault(f"{chat}, {night}, expect: {{rule: night, reply: later}}")
    assert not fault(f"{chat}, at: 2026-03-02T12:00+01:00, expect: {{rule: rest, reply: null}}")


def test_a_customer_with_a_past(fault: Fault) -> None:
    known = f"given: {{{HELLO}, thread.last_agent: bo, thread.idle: 2d}}"
    assert not fault(f"{known}, expect: {{agent: bo}}")
    assert not fault(f"{known}, without: [bo], expect: {{agent: ana}}")
    long_ago = f"given: {{{HELLO}, thread.last_agent: bo, thread.idle: 8d}}"
    assert fault(f"{long_ago}, expect: {{need: {{lang.en: 1}}}}") == (
        "need: expected 'lang.en 1', got 'lang.en not asked'"
    )
    assert not fault(f"given: {{{HELLO}, thread.history: 3}}, expect: {{rule: loyal}}")
    assert not fault(f"given: {{{HELLO}, thread.history: 2}}, expect: {{rule: rest}}")
    odd = f"given: {{{HELLO}, thread.reopened: true, tags: odd}}"
    assert not fault(f"{odd}, expect: {{rule: again, tags: odd}}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("thread.history: 0, thread.idle: 1d", "thread.history: 0, yet somebody has served"),
        ("tags: odd", "tags are given, and a new thread has none — say thread.reopened: true"),
    ],
)
def test_a_past_that_cannot_be(fault: Fault, given: str, said: str) -> None:
    assert fault(f"given: {{{HELLO}, {given}}}, expect: {{rule: rest}}").startswith(said)


def test_a_fact_that_is_left_open_is_an_error_where_that_is_asked_for(fault: Fault) -> None:
    test = f"given: {{{HELLO}, language: en}}, expect: {{rule: rest}}"
    assert not fault(test)
    assert fault(test, strict=True) == "customer.tier is not given, and vip asks for it"
    closed = f"given: {{{HELLO}, language: en, tier: null}}, expect: {{rule: rest}}"
    assert not fault(closed, strict=True)


def test_an_article_and_what_the_customer_says_to_it(fault: Fault, desk: Path) -> None:
    rules = (desk / "support.yaml").read_text()
    deflect = "deflect: {article: later, ask: Solved?, for: 5m}"
    rule = f"route:\n  - {{id: reset, when: {{message.text: reset}}, {deflect}}}\n"
    (desk / "support.yaml").write_text(rules.replace("route:\n", rule))
    reset = "given: {channel: webchat, text: reset}, at: 2026-03-02T10:00+01:00"
    asked = "expect: {article: later, agent: null, reply: deflect/reset, state: queued}"
    assert not fault(f"{reset}, {asked}, after: {{1m: {{says: yes, state: resolved}}}}")
    assert not fault(f"{reset}, after: {{1m: {{says: no, agent: ana}}}}")
    assert not fault(f"{reset}, after: {{4m59s: {{agent: null}}, 5m: {{agent: ana}}}}")
    again = "given: {text: reset, thread.deflected: true, thread.reopened: true}"
    assert not fault(f"{again}, expect: {{article: null, agent: ana}}")
    assert fault("given: {text: reset, thread.deflected: true}, expect: {agent: ana}").startswith(
        "thread.deflected is given, and a new thread has had no article"
    )


def test_what_a_need_says_besides_levels(desk: Path, fault: Fault) -> None:
    rules = desk / "support.yaml"
    asked = "{lang.en: 3, any: [{lang.de: 3, billing: 2}, {agents: bo}], not: {agents: [ana]}}"
    rest = "{id: rest, to: {"
    rules.write_text(rules.read_text().replace(rest, f"{rest}need: {asked}, "))
    hello = f"given: {{{HELLO}, language: de}}"
    anyway = "any: [{agents: [bo]}, {billing: 2, lang.de: 3}]"  # in whatever order
    assert not fault(
        f"{hello}, expect: {{need: {{{anyway}, not: {{agents: ana}}, refunds: null}}}}"
    )
    assert not fault(
        f"{hello}, expect: {{need: {{all: [{{lang.en: 3}}, {{not: {{agents: ana}}}}]}}}}"
    )
    told = "'(billing ≥ 2 and lang.de ≥ 3 or bo), not ana'"
    assert fault(f"{hello}, expect: {{need: {{any: [{{agents: bo}}]}}}}") == (
        f"need: expected 'bo', got {told}"
    )
    assert fault(f"{hello}, expect: {{need: {{not: {{agents: bo}}}}}}") == (
        f"need: expected 'not bo', got {told}"
    )
    assert fault(f"{hello}, expect: {{need: {{agents: null, not: null}}}}") == (
        f"need: expected no 'not', got {told}"
    )
    known = f"given: {{{HELLO}, thread.last_agent: bo, thread.idle: 2d}}"
    assert not fault(f"{known}, expect: {{need: {{agents: bo}}}}")
    assert "need: expected 'ana', got 'bo" in fault(f"{known}, expect: {{need: {{agents: ana}}}}")


def test_whether_and_when_somebody_is_asked_how_it_was(desk: Path) -> None:
    (desk / "surveys.yaml").write_text(
        "version: 1\n"
        "surveys:\n"
        "  - {id: after, when: {channel: email}, low: {at_most: 2, tags: unhappy}}\n"
    )
    (desk / "tests" / "surveys.test.yaml").write_text(
        "tests:\n"
        "  - name: whoever was helped by mail is asked\n"
        "    given: {channel: email, text: Hello}\n"
        "    after:\n"
        "      5m: {solved: ana, survey: after, reply: null}\n"
        "      15m: {survey: after, reply: survey/after/ask}\n"
        "      20m: {says: '2', tags: unhappy, state: resolved}\n"
        "  - name: whoever writes again is not\n"
        "    given: {channel: email, text: Hello}\n"
        "    after:\n"
        "      5m: {solved: ana, survey: after}\n"
        "      7m: {says: 'And one more thing', survey: null}\n"
        "      20m: {reply: null}\n"
        "  - name: nobody in a chat is\n"
        "    given: {channel: webchat, text: Hello}\n"
        "    at: 2026-03-02T10:00:00+01:00\n"
        "    after: {5m: {solved: ana, survey: after}}\n"
    )
    report = run_all(read_suites(desk))
    assert [outcome.faults for outcome in report.outcomes] == [
        (), (), ("after 5m survey: expected 'after', got nothing",),
    ]  # fmt: skip
