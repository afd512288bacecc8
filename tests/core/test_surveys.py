"""Customers are asked how it was: seldom, once, and never in the way of what they want."""

from __future__ import annotations

import pytest

from omniroute.core.events import (
    SurveyAnswered,
    SurveyAsked,
    SurveyEnded,
    SurveyPlanned,
    SurveyRemarked,
    TagsSet,
    ThreadReopened,
)
from omniroute.core.inputs import SurveyRemarked as Remarked
from omniroute.core.inputs import SurveyScored as Scored
from omniroute.core.model import Phase
from omniroute.testing.histories import WITH_SURVEYS, History, acts
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

RULES = """
version: 1
queues: {general: {}, vip: {}}
defaults: {queue: general}
surveys:
  - id: after-help
    when: {queue: general, channel: [webchat, email]}
    low: {at_most: 2, tags: unhappy, notify: owner}
route:
  - {id: rest, to: {queue: general}}
"""


@pytest.fixture
def rig() -> Rig:
    return Rig(RULES)


@pytest.fixture
def ana(rig: Rig) -> Agent:
    return rig.agent("ana")


@pytest.fixture
def joe(rig: Rig) -> Customer:
    return rig.customer("joe", webchat="v1", email="joe@x.example", verified=True)


def served(rig: Rig, ana: Agent, joe: Customer, channel: str = "webchat") -> None:
    joe.on(channel).says("Where is my parcel?")
    ana.accepts()
    ana.replies("On its way.")
    rig.wait(minutes=1)
    ana.resolves()


def press(rig: Rig, joe: Customer, score: int) -> str:
    survey = joe.thread.survey
    assert survey is not None
    given = rig.machine.put(Scored, question=survey.message, handle=survey.handle, score=score)
    return given.answer.code


def ends(rig: Rig) -> list[str]:
    return [ended.how for ended in rig.happened(SurveyEnded)]


def test_they_are_asked_a_while_after_it_was_solved_where_they_wrote(
    rig: Rig, ana: Agent, joe: Customer
) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=9, seconds=59)
    assert rig.happened(SurveyAsked) == []
    rig.wait(seconds=1)
    joe.on("webchat").receives("On its way.", "survey/after-help/ask")
    (asked,) = rig.happened(SurveyAsked)
    assert (asked.survey, asked.measure, asked.agent, asked.queue, asked.channel) == (
        "after-help", "csat", "ana", "general", "webchat",
    )  # fmt: skip
    assert asked.until == rig.now + 7 * 86_400_000
    rig.fold()


def test_one_press_answers_and_they_are_thanked_once(rig: Rig, ana: Agent, joe: Customer) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=10)
    assert press(rig, joe, 4) == "scored"
    assert joe.on("webchat").got()[1:] == ["survey/after-help/ask", "survey/after-help/thanks"]
    assert press(rig, joe, 4) == "scored"  # pressed twice
    assert press(rig, joe, 5) == "scored"  # and thought better of it
    assert [a.score for a in rig.happened(SurveyAnswered)] == [4, 5]
    rated = rig.machine.state.customers[joe.thread.customer].rated
    assert [(r.measure, r.score) for r in rated] == [("csat", 5)]
    rig.wait(hours=24)
    assert ends(rig) == ["done"]
    assert press(rig, joe, 1) == "survey_over"
    rig.fold()


@pytest.mark.parametrize("said", ["5", " 5! ", "5/5", "5 ⭐", "5."])
def test_a_message_that_is_a_number_answers_and_opens_nothing(
    rig: Rig, ana: Agent, joe: Customer, said: str
) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=10)
    joe.on("webchat").says(said)
    (answer,) = rig.happened(SurveyAnswered)
    assert (answer.score, answer.how) == (5, "number")
    assert joe.thread.phase is Phase.RESOLVED
    rig.fold()


@pytest.mark.parametrize("said", ["6", "0", "5?", "5 more things", "no 5", "-5", "It still fails"])
def test_anything_else_is_a_message_like_all_and_ends_the_question(
    rig: Rig, ana: Agent, joe: Customer, said: str
) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=10)
    joe.on("webchat").says(said)
    assert rig.happened(SurveyAnswered) == []
    assert [r.how for r in rig.happened(ThreadReopened)] == ["customer"]
    assert ends(rig) == ["cancelled"]
    rig.fold()


def test_who_writes_before_is_not_asked_and_is_once_it_is_solved_again(
    rig: Rig, ana: Agent, joe: Customer
) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=5)
    joe.on("webchat").says("And the other one?")
    assert ends(rig) == ["cancelled"]
    ana.accepts()
    ana.replies("That one, too.")
    ana.resolves()
    rig.wait(minutes=10)
    assert len(rig.happened(SurveyAsked)) == 1


def test_nobody_is_asked_twice_in_a_month_answered_or_not(
    rig: Rig, ana: Agent, joe: Customer
) -> None:
    served(rig, ana, joe)
    rig.wait(hours=24 * 8)
    assert ends(rig) == ["expired"]
    served(rig, ana, joe)
    rig.wait(hours=24 * 8)
    assert len(rig.happened(SurveyPlanned)) == 1
    rig.wait(hours=24 * 20)
    served(rig, ana, joe)
    rig.wait(minutes=10)
    assert len(rig.happened(SurveyAsked)) == 2
    rig.fold()


def test_who_was_not_answered_by_anybody_is_not_asked(rig: Rig, ana: Agent, joe: Customer) -> None:
    joe.on("webchat").says("Buy our lamps!")
    ana.accepts()
    ana.resolves()
    rig.wait(minutes=10)
    assert rig.happened(SurveyPlanned) == []


def test_another_queue_or_channel_asks_nothing(rig: Rig, ana: Agent) -> None:
    tim = rig.customer("tim", telegram="7")
    served(rig, ana, tim, "telegram")
    rig.wait(minutes=10)
    assert rig.happened(SurveyPlanned) == []


def test_an_automatic_reply_never_counts_as_an_answer(rig: Rig, ana: Agent, joe: Customer) -> None:
    served(rig, ana, joe, "email")
    rig.wait(minutes=10)
    joe.on("email").says("5", automatic=True)
    assert rig.happened(SurveyAnswered) == []
    assert joe.thread.phase is Phase.RESOLVED
    joe.on("email").says("5")
    assert [a.score for a in rig.happened(SurveyAnswered)] == [5]
    replies = [delivery.reply for delivery in rig.deliveries]
    assert "survey/after-help/thanks" not in replies, "nobody gets a mail for a number"


def test_it_goes_to_no_address_at_which_our_last_message_failed(
    rig: Rig, ana: Agent, joe: Customer
) -> None:
    joe.on("webchat").says("Where is my parcel?")
    ana.accepts()
    joe.on("email").says("I am by mail now")
    ana.replies("On its way.")
    rig.fails(rig.deliveries[-1], "bounced")
    ana.resolves()
    rig.wait(minutes=10)
    (asked,) = rig.happened(SurveyAsked)
    assert asked.channel == "webchat"


def test_a_question_that_does_not_arrive_was_not_asked(rig: Rig, ana: Agent, joe: Customer) -> None:
    served(rig, ana, joe, "email")
    rig.wait(minutes=10)
    rig.fails(rig.deliveries[-1], "bounced")
    assert ends(rig) == ["undelivered"]
    rig.fold()


def test_a_bad_answer_tags_the_thread_and_tells_its_owner_once(
    rig: Rig, ana: Agent, joe: Customer
) -> None:
    served(rig, ana, joe)
    rig.wait(minutes=10)
    press(rig, joe, 2)
    press(rig, joe, 1)
    assert [t.tags for t in rig.happened(TagsSet)] == [("unhappy",)]
    assert joe.thread.phase is Phase.RESOLVED
    rig.fold()


def test_a_bad_answer_may_take_the_thread_up_again_and_words_still_come_in() -> None:
    low = "low: {at_most: 2, reopen: true, priority: high}"
    rig = Rig(RULES.replace("low: {at_most: 2, tags: unhappy, notify: owner}", low))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    served(rig, ana, joe)
    rig.wait(minutes=10)
    press(rig, joe, 1)
    assert [r.how for r in rig.happened(ThreadReopened)] == ["survey"]
    assert joe.thread.priority == 30
    ana.is_offered(joe)
    survey = joe.thread.survey
    assert survey is not None
    said = {"question": survey.message, "handle": survey.handle, "message": "words-1"}
    assert rig.machine.put(Remarked, **said).answer.code == "scored"
    assert rig.machine.put(Remarked, **said).answer.code == "survey_over"
    (remark,) = rig.happened(SurveyRemarked)
    assert remark.message == "words-1"
    rig.fold()


def test_what_they_answered_is_a_fact_for_the_next_time() -> None:
    rig = Rig(
        RULES.replace(
            "route:",
            "route:\n  - {id: care, when: {customer.last_csat: {lte: 2}}, to: {queue: vip}}",
        )
    )
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    served(rig, ana, joe)
    rig.wait(minutes=10)
    press(rig, joe, 1)
    rig.wait(hours=24 * 9)
    joe.on("webchat").says("Me again")
    assert (joe.thread.rule, joe.thread.queue) == ("care", "vip")


def test_what_only_the_question_keeps_open_is_not_taken_up_again() -> None:
    rig = Rig(RULES.replace("general: {}", "general: {reopen_window: 1m}"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    served(rig, ana, joe)
    first = joe.thread.id
    rig.wait(minutes=30)
    assert joe.thread.phase is Phase.RESOLVED
    joe.on("webchat").says("Something else")
    assert joe.thread.id != first
    assert ends(rig) == ["cancelled"]
    rig.fold()


def test_two_people_after_all_and_the_question_stays_with_whom_it_went_to(
    rig: Rig, ana: Agent
) -> None:
    one = rig.customer("one", webchat="v1")
    two = rig.customer("two", email="two@x.example")
    one.on("webchat").says("hello")
    ana.accepts()
    two.on("email").says("hello")
    ana.merges(one.known_as("webchat"), two.known_as("email"))
    ana.replies("Hello")
    ana.resolves()
    rig.wait(minutes=10)
    (asked,) = rig.happened(SurveyAsked)
    ana.parts(one.known_as("webchat"))
    rig.fold()
    whose = one if asked.channel == "webchat" else two
    other = two if whose is one else one
    assert whose.thread.survey is not None
    assert other.thread.survey is None


@pytest.mark.parametrize("seed", [7, 186])
def test_whatever_else_happens_the_journal_gives_the_same_rows(seed: int) -> None:
    machine = History().play(acts(seed, 220, WITH_SURVEYS))
    happened = [event for done in machine.journal for event in done.decision.events]
    assert any(isinstance(event, SurveyAsked) for event in happened)
    assert machine.fold() == machine.rows
