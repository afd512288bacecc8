"""Stored history under other rules."""

from __future__ import annotations

from omniroute.core.inputs import Member
from omniroute.core.model import Status
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.core.urgency import HOUR, MINUTE
from omniroute.rules.backtest import Case, History, backtest
from omniroute.rules.load import parse_rules
from omniroute.rules.prediction import Presence

MONDAY = 1_767_600_000_000  # 2026-01-05 08:00 UTC
LIVE = """
version: 1
skills: {billing: {}}
queues: {general: {}, billing: {}}
defaults: {queue: general, sla: {first_reply: 5m}}
route:
  - {id: refunds, when: {message.text: {any_of: [refund]}}, to: {queue: billing}}
  - {id: everything-else, to: {queue: general}}
"""
NEW = LIVE.replace(
    "route:\n",
    "enrich:\n"
    "  - {id: lawyer, when: {message.text: {any_of: [lawyer]}}, set: {priority: urgent}}\n"
    "route:\n"
    "  - id: invoices\n"
    "    when: {message.text: {any_of: [invoice]}}\n"
    "    to: {queue: billing, need: {billing: 3}}\n",
)
ANA = Member("ana", skills={"billing": 4}, capacity=1)
BO = Member("bo", capacity=1)


def rules(text: str) -> RuleSet:
    return parse_rules({"rules.yaml": text.encode()})


def case(thread: int, text: str | None, minute: int = 0, handling: int | None = None) -> Case:
    """Somebody wrote; None: what they wrote has been erased."""
    return Case(
        thread,
        f"c{thread}",
        MONDAY + minute * MINUTE,
        "email",
        False,
        {"channel": "email", "tags": (), "message.verified": True},
        None if text is None else Texts(text=text),
        handling,
    )


def history(*cases: Case, team: tuple[Member, ...] = (ANA, BO)) -> History:
    """The past of a desk whose agents were all there from the beginning."""
    there = tuple((MONDAY - HOUR, member.id, Status.ONLINE) for member in team)
    return History(tuple(cases), Presence(team, there))


def test_what_goes_elsewhere_by_which_rule_with_an_example() -> None:
    past = history(
        case(1, "hello"),
        case(2, "invoice 42 is wrong"),
        case(3, "my lawyer wants a refund"),
        case(4, "another invoice"),
    )
    found = backtest(past, rules(LIVE), rules(NEW), forecast=False)
    assert str(found).splitlines() == [
        (
            "queue changes 2 of 4 (50.0%)  general → billing 2 by rule invoices"
            "  e.g. #2 “invoice 42 is wrong”"
        ),
        (
            "priority changes 1 of 4 (25.0%)  normal → urgent 1 by rule lawyer"
            "  e.g. #3 “my lawyer wants a refund”"
        ),
        (
            "needs changes 2 of 4 (50.0%)  nothing → billing ≥ 3 2 by rule invoices"
            "  e.g. #2 “invoice 42 is wrong”"
        ),
    ]
    assert found.changed == {"queue": 2, "needs": 2, "priority": 1}


def test_the_same_rules_change_nothing() -> None:
    past = history(case(1, "hello"), case(2, "a refund"))
    found = backtest(past, rules(LIVE), rules(LIVE), forecast=False)
    assert str(found) == "nothing changes for 2 threads"


def test_what_is_erased_is_unknown_and_counted() -> None:
    past = history(case(1, "an invoice"), case(2, None))
    found = backtest(past, rules(LIVE), rules(NEW), forecast=False)
    assert (found.threads, found.unknown, found.changed["queue"]) == (2, 1, 1)
    assert "unknown 1 of 2: what was written is erased" in str(found)
    assert "queue changes 1 of 1 (100.0%)" in str(found)


def test_a_past_without_a_word_left_has_no_forecast() -> None:
    found = backtest(history(case(1, None)), rules(LIVE), rules(NEW))
    assert found.predicted is None
    assert str(found).startswith("nothing changes for 0 threads")


# --- the forecast ---


def test_two_at_once_wait_where_only_one_agent_may_have_them() -> None:
    """Ten minutes each: under the new rules Ana has both, one after the other."""
    ten = 10 * MINUTE
    past = history(case(1, "an invoice", 0, ten), case(2, "an invoice", 0, ten))
    found = backtest(past, rules(LIVE), rules(NEW))
    assert found.predicted is not None
    before, after = found.predicted
    assert (before.wait_median, before.wait_p95, before.missed) == (0, 0, 0)
    assert (after.wait_median, after.wait_p95, after.missed) == (0, ten, 1)
    assert after.load["ana"] == 2 * before.load["ana"]
    assert (before.load["bo"] > 0, after.load["bo"]) == (True, 0)
    lines = str(found).splitlines()
    assert any(line.startswith("agent changes 1 of 2") for line in lines)
    assert lines[-1].startswith(
        "predicted  wait median 0s → 0s, 95% 0s → 10m · SLA misses 0 → 1 · load ana "
    )


def test_whom_nobody_can_serve_is_said() -> None:
    past = history(case(1, "an invoice", 0, MINUTE), team=(BO,))
    found = backtest(past, rules(LIVE), rules(NEW))
    assert found.predicted is not None
    assert [forecast.unserved for forecast in found.predicted] == [0, 1]
    assert [forecast.missed for forecast in found.predicted] == [0, 1]
    assert "never served 0 → 1" in str(found)


def test_agents_come_and_go_as_they_did() -> None:
    team = (BO,)
    changes = ((MONDAY, "bo", Status.OFFLINE), (MONDAY + HOUR, "bo", Status.ONLINE))
    past = History((case(1, "hello", 10, MINUTE),), Presence(team, changes))
    found = backtest(past, rules(LIVE), rules(NEW))
    assert found.predicted is not None
    assert found.predicted[0].wait_median == 50 * MINUTE


def test_what_took_an_unknown_time_takes_the_median() -> None:
    past = history(
        case(1, "hello", 0, 4 * MINUTE), case(2, "hello", 30), case(3, "hello", 31), team=(BO,)
    )
    found = backtest(past, rules(LIVE), rules(LIVE))
    assert found.predicted is not None
    assert found.predicted[0].wait_p95 == 3 * MINUTE  # the third, after 4 of the second


def test_an_agent_who_knew_the_customer_is_asked_as_then() -> None:
    sticky = LIVE.replace(
        "route:\n",
        "route:\n  - id: same-agent\n    when: {thread.last_agent: {known: true}}\n"
        '    to: {agent: "{thread.last_agent}", for: 3m}\n    then: fall_through\n',
    )
    known = case(1, "hello", 0, MINUTE)
    facts = {**known.facts, "thread.last_agent": "bo", "thread.idle": HOUR}
    past = history(Case(1, "c1", known.at, "email", False, facts, known.texts, MINUTE))
    found = backtest(past, rules(LIVE), rules(sticky))
    assert found.predicted is not None
    assert found.predicted[1].load["bo"] > 0


def test_a_rule_that_asks_for_the_account_is_met_as_then() -> None:
    shops = LIVE.replace(
        "route:\n",
        "route:\n  - {id: shop, when: {account: shop}, to: {queue: billing, need: {billing: 3}}}\n",
    )
    there = case(1, "hello", 0, MINUTE)
    facts = {**there.facts, "account": "shop"}
    past = history(Case(1, "c1", there.at, "email", False, facts, there.texts, MINUTE))
    found = backtest(past, rules(LIVE), rules(shops))
    assert found.changed["queue"] == 1
    assert found.predicted is not None
    assert found.predicted[1].load == {"ana": found.predicted[1].load["ana"], "bo": 0}


def test_of_a_long_past_only_the_latest_is_played() -> None:
    past = history(case(1, "an invoice", 0, MINUTE), case(2, "an invoice", 60, MINUTE))
    found = backtest(past, rules(LIVE), rules(NEW), most=1)
    assert found.predicted is not None
    assert (found.threads, found.played, found.changed["queue"]) == (2, 1, 2)
    assert "predicted  of the latest 1  wait median" in str(found)


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    past = history(*(case(number, "hello", number) for number in range(1, 41)))
    backtest(past, rules(LIVE), rules(NEW), lambda done, total: told.append((done, total)))
    assert told == [(100, 120), (120, 120)]
