"""An article is proposed once; a plain yes solves the thread, and anything else is heard."""

from __future__ import annotations

import pytest

from omniroute.core.answers import SOLVED
from omniroute.core.conditions import Pattern
from omniroute.core.events import ArticleProposed, AutomaticReplyReleased, ThreadSolved
from omniroute.core.model import Phase
from omniroute.core.words import Expression
from omniroute.testing.rig import Rig

RULES = """
version: 1
queues: {general: {}, tech: {}}
defaults: {queue: general, articles: "https://help.example/"}
route:
  - id: reset-password
    when: {message.text: {any_of: [password, reset]}}
    deflect: {article: kb/reset, ask: "Did that solve it?", if_no: fall_through, for: 5m}
  - {id: tech, when: {message.text: {any_of: [password, reset]}}, to: {queue: tech}}
  - {id: rest, to: {queue: general}}
"""
PROPOSED = "deflect/reset-password"


@pytest.fixture
def rig() -> Rig:
    return Rig(RULES)


def test_a_yes_solves_it_and_no_agent_is_asked(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    joe.on("webchat").receives(PROPOSED)
    ana.is_not_asked()
    rig.wait(minutes=1)
    joe.on("webchat").says("Yes, thanks!")
    assert joe.thread.phase is Phase.RESOLVED
    ana.is_not_asked()
    (solved,) = rig.happened(ThreadSolved)
    assert (solved.how, solved.agent) == ("deflected", "")
    (proposed,) = rig.happened(ArticleProposed)
    assert (proposed.rule, proposed.article) == ("reset-password", "kb/reset")
    rig.fold()


@pytest.mark.parametrize("answer", ["no", "Yes, but it asks for a code", "help", "nein"])
def test_anything_else_falls_through_to_the_agents_at_the_old_age(rig: Rig, answer: str) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    began = rig.now
    rig.wait(minutes=1)
    joe.on("webchat").says(answer)
    ana.is_offered(joe)
    assert (joe.thread.queue, joe.thread.rule) == ("tech", "tech")
    assert joe.thread.routing_since == began
    rig.fold()


def test_silence_falls_through_when_the_time_is_over(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    rig.wait(minutes=4, seconds=59)
    ana.is_not_asked()
    joe.waits()
    rig.wait(seconds=1)
    ana.is_offered(joe)


def test_it_is_proposed_once_in_a_thread(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    joe.on("webchat").says("yes")
    rig.wait(hours=1)
    joe.on("webchat").says("Now the reset fails")
    ana.is_offered(joe)
    assert len(rig.happened(AutomaticReplyReleased)) == 1
    rig.fold()


def test_whoever_was_served_before_keeps_the_person_they_know(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("Hello")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=8 * 24)
    joe.on("webchat").says("I forgot my password")
    joe.on("webchat").says("yes")
    assert joe.row.last_agent == "ana"
    rig.fold()


def test_an_agent_may_take_the_thread_while_the_customer_reads(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    ana.takes(joe)
    joe.on("webchat").says("yes")
    joe.is_with(ana)


def test_neither_a_machine_nor_a_stranger_in_disguise_is_sent_an_article(rig: Rig) -> None:
    ana = rig.agent("ana")
    forged = rig.customer("joe", email="joe@x.example", forged=True)
    forged.on("email").says("I forgot my password")
    forged.on("email").receives_nothing()
    ana.is_offered(forged)
    away = rig.customer("eve", email="eve@x.example")
    away.on("email").says("I am away; to reset …", automatic=True)
    away.on("email").receives_nothing()
    ana.is_offered(forged, away)


def test_a_machine_of_theirs_is_no_answer(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("I forgot my password")
    joe.on("email").says("yes", automatic=True)
    joe.waits()
    ana.is_not_asked()


def test_a_restart_changes_nothing(rig: Rig) -> None:
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    rig.restart()
    ana.is_not_asked()
    rig.wait(minutes=5)
    ana.is_offered(joe)


def test_other_rules_do_not_have_it_proposed_again(rig: Rig) -> None:
    ana = rig.agent("ana", status="offline")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    joe.on("webchat").says("no")
    rig.adopt(RULES.replace("general: {}", "general: {pick: round_robin}"))
    ana.goes("online")
    ana.is_offered(joe)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes!",
        "YES 👍",
        "ja, danke",
        "Thanks, yes",
        "oui merci",
        "Sí, gracias",
        "はい",
        "Да!",
    ],
)
def test_a_plain_yes(text: str) -> None:
    assert isinstance(SOLVED.test, Pattern)
    assert Expression(SOLVED.test.pattern).found(text)


@pytest.mark.parametrize(
    "text",
    ["no", "thanks", "Ja, aber es geht nicht", "yesterday it did", "yes no", "is that all?", ""],
)
def test_no_plain_yes(text: str) -> None:
    assert isinstance(SOLVED.test, Pattern)
    assert not Expression(SOLVED.test.pattern).found(text)


CLOSED = RULES.replace(
    "queues: {general: {}, tech: {}}",
    'calendars: {office: {tz: UTC, open: {mon-fri: "08:00-18:00"}}}\n'
    "queues: {general: {}, tech: {hours: office}}",
)


def test_at_night_an_article_helps_though_nobody_is_there() -> None:
    rig = Rig(CLOSED)
    rig.wait(hours=12)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    joe.is_held()
    joe.on("webchat").receives(PROPOSED)
    joe.on("webchat").says("yes")
    assert joe.thread.phase is Phase.RESOLVED
    rig.fold()


def test_who_says_no_at_night_is_held_and_served_in_the_morning() -> None:
    rig = Rig(CLOSED)
    ana = rig.agent("ana")
    rig.wait(hours=12)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I forgot my password")
    joe.on("webchat").says("no")
    joe.is_held()
    rig.wait(hours=12, minutes=5)
    ana.is_offered(joe)
    rig.fold()
