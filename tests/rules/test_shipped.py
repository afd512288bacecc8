"""The desk that ships: no finding, and it does what it says."""

from pathlib import Path

import pytest

from omniroute.core.rules import RuleSet, observe, route
from omniroute.rules import Member, check, load, load_team

FOLDER = Path(__file__).parents[2] / "routing_rules"
MONDAY_10_15 = 1_772_442_900_000  # 2026-03-02T10:15+01:00
HOUR = 3_600_000


@pytest.fixture(scope="module")
def desk() -> RuleSet:
    return load(FOLDER)


@pytest.fixture(scope="module")
def team(desk: RuleSet) -> tuple[Member, ...]:
    return load_team(FOLDER / "team.yaml", desk.skills)


def test_nothing_is_found() -> None:
    report = check(FOLDER, now=MONDAY_10_15)
    assert str(report) == "4 enrich + 7 route rules, 4 queues, 6 skills: 0 errors, 0 warnings"


def test_six_people_of_every_role(team: tuple[Member, ...]) -> None:
    assert len(team) == 6
    assert {member.role for member in team} == {"agent", "lead", "admin"}
    assert all(member.email.endswith(".example") for member in team)


@pytest.mark.parametrize(
    ("text", "rule", "queue"),
    [
        ("I was charged twice for order 1182", "refunds", "billing"),
        ("Wo bleibt meine Erstattung?", "refunds", "billing"),
        ("Please send the invoice again", "invoices", "billing"),
        ("Ihre Rechnung ist falsch", "invoices", "billing"),
        ("Your API answers HTTP 500", "api", "tech"),
        ("I forgot my password", "login", "tech"),
        ("Where are you located?", "everything-else", "general"),
    ],
)
def test_where_messages_go(desk: RuleSet, text: str, rule: str, queue: str) -> None:
    observed = observe(desk, text=text, subject="", emails=(), name="")
    routing = route(desk, {"channel": "email"}, observed, MONDAY_10_15)
    assert (routing.rule, routing.queue) == (rule, queue)


def test_urgency(desk: RuleSet) -> None:
    vip = observe(desk, text="my lawyer", subject="", emails=["ceo@acme.example"], name="")
    routing = route(desk, {"channel": "email"}, vip, MONDAY_10_15)
    assert routing.priority == 40
    assert routing.tags == ("vip", "at-risk")
    assert routing.deadline == MONDAY_10_15 + 600_000


def test_a_chat_at_night_is_answered_at_once_and_waits_for_the_morning(desk: RuleSet) -> None:
    night = MONDAY_10_15 + 12 * HOUR
    routing = route(desk, {"channel": "webchat"}, (), night)
    assert routing.reply == "after_hours"
    assert routing.deadline > night + 10 * HOUR


def test_somebody_of_the_team_can_serve_every_queue(
    desk: RuleSet, team: tuple[Member, ...]
) -> None:
    for queue in desk.queues.values():
        assert any(not queue.teams or set(queue.teams) & set(member.teams) for member in team)
