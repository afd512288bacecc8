"""A small desk in a folder, and what its tests of rules come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from omniroute.errors import ConfigErrors
from omniroute.rules.testing import Report, read_suites, run_all

RULES = """\
version: 1
calendars: {office: {tz: Europe/Berlin, open: {mon-fri: "09:00-18:00"}}}
skills: {lang.de: {}, lang.en: {}, refunds: {}, billing: {covers: {refunds: 1}}}
queues: {general: {}, billing: {teams: [money]}}
defaults: {queue: general}
facts: [topic]
enrich:
  - id: language
    when: {message.language: [de, en]}
    set: {need: {"lang.{message.language}": 3}}
  - id: vip
    when: {customer.tier: vip}
    set: {priority: high, tags: [vip], sla: {first_reply: 1h}}
route:
  - id: known
    when: {thread.last_agent: {known: true}, thread.idle: {lt: 7d}}
    to: {agent: "{thread.last_agent}", for: 3m}
    then: fall_through
  - id: refunds
    when: {message.text: {any_of: [refund, Erstattung]}}
    to: {queue: billing, need: {refunds: 3}, for: 2m}
    relax: [{need: {refunds: 2}, for: 3m}, {drop: [lang.de], tell_agent: writes German}]
  - id: night
    when: {channel: webchat, clock: {outside: office}}
    reply: later
    to: {queue: general}
  - {id: loyal, when: {thread.history: {gte: 3}}, to: {queue: general}}
  - {id: again, when: {thread.reopened: true, tags: odd}, to: {queue: general}}
  - {id: rest, to: {queue: general}}
replies: {later: {en: "We are back {calendar.office.next_open}."}}
"""
TEAM = """\
version: 1
agents:
  ana: {name: Ana, email: a@x.example, teams: [money], role: admin,
        skills: {lang.de: 5, lang.en: 4, billing: 5}}
  bo: {name: Bo, email: b@x.example, teams: [money], skills: {lang.en: 5, refunds: 2}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder of rules with a team."""
    (tmp_path / "support.yaml").write_text(RULES)
    (tmp_path / "team.yaml").write_text(TEAM)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.fixture
def ran(desk: Path) -> Callable[..., Report]:
    """Run a file of tests with this text."""

    def report(text: str, strict: bool = False) -> Report:
        (desk / "tests" / "a.test.yaml").write_text(text)
        return run_all(read_suites(desk), strict=strict)

    return report


@pytest.fixture
def fault(ran: Callable[..., Report]) -> Callable[..., str]:
    """What is wrong with the one test that such a file has; nothing if it passes."""

    def said(test: str, head: str = "", strict: bool = False) -> str:
        (outcome,) = ran(f"{head}\ntests:\n  - {{name: a test, {test}}}", strict).outcomes
        return "; ".join(outcome.faults)

    return said


@pytest.fixture
def refused(desk: Path) -> Callable[[str], str]:
    """What is said of a file of tests that cannot be read, a line each."""

    def said(text: str) -> str:
        (desk / "tests" / "a.test.yaml").write_text(text)
        with pytest.raises(ConfigErrors) as error:
            read_suites(desk)
        return str(error.value)

    return said
