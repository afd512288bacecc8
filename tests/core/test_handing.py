"""Handing on, as transcripts.  Names in front are those of routing.md 2.11."""

from __future__ import annotations

import pytest

from omniroute.core.effects import Recall
from omniroute.core.events import HandedBack, HandedOff, OfferEnded, ReplyWithdrawn, ThreadAssigned
from omniroute.core.model import Phase
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

TWO_QUEUES = """
version: 1
defaults: {queue: general}
queues: {general: {offer: {timeout: 20s}}, other: {}}
"""


def desk() -> tuple[Rig, Customer, Agent]:
    """Ana has Joe, who wrote in the chat."""
    rig = Rig(TWO_QUEUES)
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    return rig, joe, ana


# --- warm ---


def test_h1_who_gives_it_warmly_has_it_until_the_other_accepts() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo", capacity=0)
    assert ana.transfers(joe, to=bo, warm=True).code == "asked"
    ana.has(joe)
    bo.is_offered(joe)
    assert (ana.load, bo.load) == (1, 1)
    bo.accepts(joe)
    bo.has(joe)
    ana.has()
    ana.is_told("transferred")
    assert (ana.load, bo.load) == (0, 1)
    assert rig.happened(ThreadAssigned)[-1].over


def test_h1_when_the_other_declines_the_giver_still_has_it_and_is_told() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo")
    ana.transfers(joe, to=bo, warm=True)
    bo.passes(joe)
    ana.has(joe)
    ana.is_told("declined:bo")
    assert joe.thread.excluded == ()


def test_so_they_do_when_the_other_does_not_answer_or_cannot_be_reached() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo")
    ana.transfers(joe, to=bo, warm=True)
    rig.wait(seconds=20)
    ana.is_told("expired:bo")
    ana.transfers(joe, to=bo, warm=True)
    rig.fails(rig.cards[-1])
    ana.is_told("failed:bo")
    ana.has(joe)
    rig.fold()


def test_the_giver_may_go_on_and_finish_meanwhile() -> None:
    rig, joe, ana = desk()
    bo = rig.agent("bo")
    ana.transfers(joe, to=bo, warm=True)
    ana.replies("I have asked Bo", joe)
    ana.resolves(joe)
    bo.is_told("resolved", kind="withdrawn")
    bo.accepts(joe, refused="withdrawn")


@pytest.mark.parametrize("act", ["snooze", "leave", "drain"])
def test_a_warm_offer_ends_with_what_it_stands_on(act: str) -> None:
    rig, joe, ana = desk()
    bo, cy = rig.agent("bo"), rig.agent("cy", status="transfers")
    ana.transfers(joe, to=cy, warm=True)
    match act:
        case "snooze":
            ana.snoozes(joe)
            joe.is_snoozed()
        case "leave":
            rig.without("ana")
            bo.is_offered(joe)
        case "drain":
            cy.goes("draining")
            ana.has(joe)
    cy.is_not_asked()


# --- to a queue ---


def test_who_gave_it_to_a_queue_is_asked_again_after_a_while() -> None:
    rig, joe, ana = desk()
    ana.transfers(joe, to="other")
    joe.is_stranded(because="all_excluded")
    rig.wait(minutes=9, seconds=59)
    ana.is_not_asked()
    rig.wait(seconds=1)
    ana.is_offered(joe)


def test_a_queue_may_let_it_wait_anew() -> None:
    rig, joe, ana = desk()
    rig.wait(minutes=5)
    ana.transfers(joe, to="other", restart=True)
    assert joe.thread.routing_since == rig.now


def test_what_is_handed_on_and_on_is_a_lead_s_business() -> None:
    rig, joe, ana = desk()
    lea, bo = rig.lead("lea"), rig.agent("bo")
    ana.transfers(joe, to=bo)
    bo.transfers(joe, to=ana)
    assert [card for card in rig.cards if card.agent == lea.name] == []
    ana.transfers(joe, to=bo)
    lea.is_told("handed_on")


def test_moves_of_long_ago_do_not_count() -> None:
    rig, joe, ana = desk()
    lea, bo = rig.lead("lea"), rig.agent("bo")
    ana.transfers(joe, to=bo)
    bo.transfers(joe, to=ana)
    rig.wait(minutes=30)
    ana.transfers(joe, to=bo)
    assert [card for card in rig.cards if card.agent == lea.name] == []


# --- leads ---


def test_a_lead_may_take_over_and_whose_it_was_is_told() -> None:
    rig, joe, ana = desk()
    lea = rig.lead("lea")
    lea.takes(joe)
    lea.has(joe)
    ana.has()
    ana.is_told("claim")


def test_who_decided_over_an_assignment_is_recorded() -> None:
    rig, joe, ana = desk()
    lea, bo = rig.lead("lea"), rig.agent("bo", capacity=0)
    lea.transfers(joe, to=bo)
    assigned = rig.happened(ThreadAssigned)[-1]
    assert (assigned.agent, assigned.by, assigned.over) == ("bo", "lea", True)
    ana.has()


# --- bots ---


def with_bot() -> tuple[Rig, Customer, Agent]:
    """Robby has Joe, who wrote in the chat; no human is there."""
    rig = Rig(TWO_QUEUES)
    robby = rig.bot("robby")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    robby.accepts()
    return rig, joe, robby


def test_a_bot_says_no_more_once_people_have_it() -> None:
    rig, joe, robby = with_bot()
    rig.bot("marvin")
    robby.replies("How can I help?", joe)
    robby.transfers(joe, to="other", because="wants a person")
    joe.is_stranded()
    for act in (robby.takes, robby.reopens):
        if act is robby.takes:
            act(joe, refused="handed_off")
    robby.replies("And another thing", joe, refused="handed_off")
    ana = rig.agent("ana")
    ana.accepts()
    ana.resolves(joe)
    robby.reopens(joe, refused="handed_off")
    robby.replies("Was it good?", joe, refused="handed_off")
    joe.on("webchat").says("one more thing")
    ana.is_offered(joe)  # neither Robby nor Marvin
    joe.on("webchat").receives("How can I help?")


def test_h2_what_a_bot_has_said_and_has_not_left_is_stopped() -> None:
    rig, joe, robby = with_bot()
    robby.replies("Wait,", joe)
    robby.replies("I will see to it", joe, hold=5)
    sent = rig.deliveries[-1]
    ana = rig.agent("ana")
    robby.transfers(joe, to=ana)
    recalls = [effect for effect in rig.machine.effects if isinstance(effect, Recall)]
    assert [recall.effect for recall in recalls] == [sent.id]
    assert [gone.agent for gone in rig.happened(ReplyWithdrawn)] == ["robby"]
    rig.fails(sent, "withdrawn")
    rig.wait(minutes=1)
    assert len(rig.deliveries) == 1
    assert [card.reason for card in rig.cards if card.reason == "failed"] == []


def test_h2_what_has_left_cannot_be_stopped() -> None:
    rig, joe, robby = with_bot()
    robby.replies("Wait,", joe)
    rig.fails(rig.deliveries[-1], "sent")
    robby.transfers(joe, to="other")
    assert [effect for effect in rig.machine.effects if isinstance(effect, Recall)] == []
    rig.fold()


def test_h3_a_second_hand_off_works_like_the_first() -> None:
    rig, joe, robby = with_bot()
    ana = rig.agent("ana")
    robby.transfers(joe, to=ana)
    ana.transfers(joe, to=robby)
    assert len(rig.happened(HandedBack)) == 1
    robby.replies("Here I am again", joe)
    robby.transfers(joe, to=ana)
    robby.replies("And another thing", joe, refused="not_yours")
    ana.transfers(joe, to="other")
    robby.replies("And another thing", joe, refused="handed_off")
    assert len(rig.happened(HandedOff)) == 2
    joe.on("webchat").receives("Here I am again")


def test_a_lead_who_takes_over_from_a_bot_silences_it() -> None:
    rig, joe, robby = with_bot()
    lea = rig.lead("lea")
    lea.takes(joe)
    lea.transfers(joe, to="other")
    robby.replies("And another thing", joe, refused="handed_off")


def test_a_bot_does_not_answer_a_machine() -> None:
    """Two bots, each at the other's address, stop (RFC 3834); people may answer what they like."""
    rig, joe, robby = with_bot()
    robby.replies("How can I help?", joe)
    joe.on("webchat").says("Thank you for your message", automatic=True)
    robby.replies("How can I help?", joe, refused="machine_wrote")
    assert len(rig.deliveries) == 1
    joe.on("webchat").says("I am Joe in person")
    robby.replies("How can I help?", joe)
    joe.on("webchat").says("Thank you for your message", automatic=True)
    lea = rig.lead("lea")
    lea.takes(joe)
    lea.replies("You are welcome", joe)
    assert [delivery.bot for delivery in rig.deliveries] == [True, True, False]
    rig.fold()


def test_a_bot_and_a_machine_that_does_not_say_so_stop_after_three() -> None:
    """By mail; in a chat people may well be as quick."""
    rig = Rig(TWO_QUEUES)
    robby = rig.bot("robby")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("email").says("Thank you for your message")
    robby.accepts()
    for _ in range(3):
        robby.replies("How can I help?", joe)
        rig.wait(minutes=1)
        joe.on("email").says("Thank you for your message")
    robby.replies("How can I help?", joe, refused="goes_round")
    assert len(rig.deliveries) == 3
    rig.wait(minutes=10)
    robby.replies("How can I help?", joe)
    joe.on("webchat").says("here")
    for number in range(5):
        robby.replies("How can I help?", joe)
        rig.wait(seconds=7)
        joe.on("webchat").says(f"I am here for the {number}th time")
    rig.fold()


def test_h4_who_goes_from_chat_to_mail_keeps_thread_and_agent() -> None:
    rig, joe, ana = desk()
    thread = joe.thread.id
    joe.on("email").says("I had to go")
    ana.has(joe)
    assert (joe.thread.id, joe.thread.phase) == (thread, Phase.ASSIGNED)
    rig.asked_nobody_else()


# --- offers ---


def test_o8_a_queue_may_ask_several_at_a_time_and_asks_again_when_all_have_ended() -> None:
    rig = Rig(TWO_QUEUES.replace("timeout: 20s", "timeout: 20s, parallel: 2"))
    ana, bo, cy, dan = (rig.agent(name) for name in ("ana", "bo", "cy", "dan"))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    bo.is_offered(joe)
    ana.passes()
    cy.is_not_asked()
    rig.wait(seconds=20)
    cy.is_offered(joe)
    dan.is_offered(joe)
    cy.accepts()
    assert rig.happened(OfferEnded)[-1].how == "rescinded"


def test_who_passed_may_be_asked_again_after_a_time() -> None:
    rig = Rig(TWO_QUEUES.replace("timeout: 20s", "timeout: 20s, exclude_for: 5m"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.passes()
    joe.is_stranded(because="all_excluded")
    rig.restart()
    rig.wait(minutes=4, seconds=59)
    ana.is_not_asked()
    rig.wait(seconds=1)
    ana.is_offered(joe)
    rig.fold()
