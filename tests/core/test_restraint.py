"""What machines of ours say is bounded, as transcripts (reliability.md I7, I9, I10)."""

from __future__ import annotations

import pytest

from omniroute.core.events import AutomaticRepliesPaused, ReplyFailed
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

DESK = """
version: 1
defaults:
  queue: general
  automatic: {per_hour: 5, returned: 3, returned_all: 6, pause: 2h, answers: 4}
route: [{id: all, when: always, reply: heard, to: {queue: general}}]
queues: {general: {offer: {timeout: 24h}}}
replies: {heard: {en: "We have it."}}
"""


def writes(rig: Rig, address: str, on: str = "email") -> Customer:
    customer = rig.customer(address, email=address, telegram=address)
    customer.on(on).says("hello")
    return customer


def unsaid(rig: Rig, whom: Customer) -> list[str]:
    return [str(why["because"]) for why in rig.why(whom, "unsaid")]


def told(rig: Rig, whom: Agent) -> list[str]:
    """What they were told of pauses."""
    cards = [card for card in rig.cards if (card.agent, card.kind) == (whom.name, "told")]
    return [card.reason for card in cards if card.reason.startswith("quiet")]


def comes_back(rig: Rig, *, last: int = 1) -> None:
    """The last messages that went out are returned."""
    for delivery in rig.deliveries[-last:]:
        rig.fails(delivery, "bounced")


# --- so many an hour (I7) ---


def test_incident_7_ten_thousand_true_senders_get_a_few_acknowledgements_an_hour() -> None:
    """Each proves their address, so no forgery shows; and still we are nobody's relay."""
    rig = Rig(DESK)
    lea = rig.lead("lea")
    everybody = [writes(rig, f"v{number}@x{number % 7}.example") for number in range(40)]
    assert len(rig.deliveries) == 5
    assert unsaid(rig, everybody[4]) == []
    assert unsaid(rig, everybody[39]) == ["paused_sent"]
    assert told(rig, lea) == ["quiet:sent:5"]
    assert len(rig.happened(AutomaticRepliesPaused)) == 1
    assert len(rig.threads) == 40  # each is heard, if not told so
    rig.fold()


def test_after_the_hour_they_go_out_again() -> None:
    rig = Rig(DESK)
    for number in range(6):
        writes(rig, f"v{number}@x.example")
    rig.wait(minutes=66)
    writes(rig, "late@x.example")
    assert len(rig.deliveries) == 6
    rig.restart()
    writes(rig, "later@x.example")
    assert len(rig.deliveries) == 7


def test_an_admin_may_end_the_pause() -> None:
    rig = Rig(DESK)
    rig.resumes(refused="not_paused")
    for number in range(6):
        writes(rig, f"v{number}@x.example")
    rig.restart()
    rig.resumes()
    writes(rig, "now@x.example")
    assert len(rig.deliveries) == 6
    rig.fold()


def test_where_somebody_waits_on_the_other_side_all_are_told() -> None:
    rig = Rig(DESK)
    for number in range(20):
        writes(rig, f"visitor{number}", on="telegram")
    assert len(rig.deliveries) == 20


# --- what comes back (I9) ---


def test_incident_9_a_storm_of_returned_mail_ends_with_no_more_mail_to_that_domain() -> None:
    rig = Rig(DESK)
    lea = rig.lead("lea")
    for number in range(3):
        writes(rig, f"v{number}@gone.example")
        comes_back(rig)
    assert told(rig, lea) == ["quiet:came_back:3"]
    quiet = writes(rig, "v3@gone.example")
    assert unsaid(rig, quiet) == ["paused_came_back"]
    writes(rig, "kim@well.example")
    assert len(rig.deliveries) == 4  # the others go on
    assert len(rig.happened(ReplyFailed)) == 3
    rig.restart()
    rig.wait(hours=2)
    writes(rig, "v4@gone.example")
    assert len(rig.deliveries) == 5
    rig.fold()


def test_incident_9_from_everywhere_it_ends_with_none_at_all() -> None:
    rig = Rig(DESK.replace("per_hour: 5", "per_hour: 100"))
    for number in range(6):
        writes(rig, f"v@gone{number}.example")
        comes_back(rig)
    assert unsaid(rig, writes(rig, "kim@well.example")) == ["paused_came_back"]
    ana, kim = rig.agent("ana"), rig.customer("kim", email="kim@well.example")
    kim.on("email").says("are you there?")
    ana.takes(kim)
    ana.replies("What a person writes goes out", kim)
    assert len(rig.deliveries) == 7
    rig.resumes()
    writes(rig, "jo@well.example")
    assert len(rig.deliveries) == 8
    rig.fold()


def test_a_pause_is_ended_for_one_domain_alone() -> None:
    rig = Rig(DESK.replace("per_hour: 5, returned: 3, returned_all: 6", "returned: 3"))
    for number in range(3):
        for domain in ("gone.example", "off.example"):
            writes(rig, f"v{number}@{domain}")
            comes_back(rig)
    rig.resumes("gone.example")
    for domain in ("gone.example", "off.example"):
        writes(rig, f"v3@{domain}")
    assert [d.handle for d in rig.deliveries][6:] == ["email:v3@gone.example"]


# --- bots in chats (I10) ---


def chat() -> tuple[Rig, Customer, Agent]:
    rig = Rig(DESK)
    robby = rig.bot("robby")
    joe = writes(rig, "v1", on="telegram")
    robby.accepts()
    return rig, joe, robby


def test_incident_10_a_bot_and_an_unmarked_one_that_answers_at_once_stop_after_three() -> None:
    rig, joe, robby = chat()
    for number in range(3):
        robby.replies("How can I help?", joe)
        rig.wait(seconds=0.4)
        joe.on("telegram").says(f"Thank you for message {number}")
    robby.replies("How can I help?", joe, refused="mechanical")
    assert len([d for d in rig.deliveries if d.bot]) == 3
    lea = rig.lead("lea")
    lea.takes(joe)
    lea.replies("Is anybody there?", joe)
    rig.fold()


def test_incident_10_one_that_says_the_same_again_and_again_is_a_machine() -> None:
    rig, joe, robby = chat()
    for _ in range(4):
        robby.replies("How can I help?", joe)
        rig.wait(seconds=40)
        joe.on("telegram").says("I am away from my desk.")
    robby.replies("How can I help?", joe, refused="mechanical")


def test_incident_10_nobody_is_answered_oftener_in_a_minute_than_they_can_write() -> None:
    rig, joe, robby = chat()
    for number in range(4):
        robby.replies("How can I help?", joe)
        rig.wait(seconds=3)
        joe.on("telegram").says(f"And then {number}")
    robby.replies("How can I help?", joe, refused="too_often")
    rig.wait(minutes=1)
    robby.replies("How can I help?", joe)
    rig.fold()


@pytest.mark.parametrize("seconds", [16, 60])
def test_people_may_be_quick_once_and_repeat_themselves(seconds: float) -> None:
    rig, joe, robby = chat()
    for number in range(8):
        robby.replies("How can I help?", joe)
        rig.wait(seconds=seconds)
        joe.on("telegram").says("hello?" if number % 3 else f"I ask {number}")
    robby.replies("How can I help?", joe)
