"""Overflow, and what is stranded, as transcripts.  Names in front are those of routing.md 2.9."""

from __future__ import annotations

import pytest

from omniroute.core.events import Overflowed, StrandedReminded, ThreadStranded
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

QUEUES = """
version: 1
calendars: {office: {tz: UTC, open: {mon-fri: "08:00-18:00"}}}
defaults: {queue: tech}
route:
  - {id: money, when: {message.text: money}, to: {queue: billing}}
  - {id: all, to: {queue: tech}}
queues:
  tech:
    teams: [tech]
    offer: {timeout: 1h}
    overflow: [{%s, add: billing}]
    stranded: {remind: 30m, reply: later}
  billing: {teams: [billing], answer_within: 60s}
replies: {later: {en: "We are back {calendar.office.next_open}."}}
"""


def desk(when: str, capacity: int = 1) -> tuple[Rig, Agent, Agent]:
    """Ana serves tech, Bo serves billing."""
    rig = Rig(QUEUES % when)
    return (
        rig,
        rig.agent("ana", teams=("tech",), capacity=capacity),
        rig.agent("bo", teams=("billing",)),
    )


def writes(rig: Rig, name: str, text: str = "hello") -> Customer:
    customer = rig.customer(name, webchat=name)
    customer.on("webchat").says(text)
    return customer


# --- overflow ---


def test_f1_all_are_full_and_none_away_so_nobody_helps_until_the_last_one_goes() -> None:
    rig, ana, bo = desk("nobody_present: true")
    writes(rig, "kim")
    ana.accepts()
    joe = writes(rig, "joe")
    rig.wait(seconds=40)
    bo.is_not_asked()
    since = joe.thread.routing_since
    ana.goes("away")
    bo.is_offered(joe)
    assert joe.thread.routing_since == since


def test_f2_a_lender_who_is_behind_is_spared_and_the_why_says_so() -> None:
    guard = "nobody_present: true, unless: {queue: billing, service_level_below: 0.8}"
    rig, ana, bo = desk(guard)
    ana.goes("offline")
    for name in ("a", "b", "c"):
        writes(rig, name, "money")
        bo.accepts()
        bo.resolves()
    bo.goes("away")
    writes(rig, "d", "money")
    rig.wait(minutes=2)
    bo.goes("online")
    bo.accepts()
    assert rig.state.paces["billing"].in_time == pytest.approx(0.75)
    joe = writes(rig, "joe")
    joe.is_stranded(because="nobody_present")
    told = rig.why(joe, "overflow")[-1]
    assert (told["spared"], told["in_time"], told["below"]) == ("billing", 0.75, 0.8)
    for name in ("e", "f"):
        bo.resolves()
        writes(rig, name, "money")
        bo.accepts()
    kim = writes(rig, "kim")
    bo.is_offered(kim)


def test_who_has_waited_long_enough_gets_help_and_keeps_whom_they_had() -> None:
    rig, ana, bo = desk("waited: 5m")
    writes(rig, "kim")
    ana.accepts()
    joe = writes(rig, "joe")
    rig.restart()
    rig.wait(minutes=4, seconds=59)
    bo.is_not_asked()
    rig.wait(seconds=1)
    bo.is_offered(joe)
    bo.passes()
    ana.resolves()
    ana.is_offered(joe)
    assert len(rig.happened(Overflowed)) == 1
    rig.fold()


def test_a_line_that_is_too_long_gets_help() -> None:
    rig, ana, bo = desk("queue_length: 1")
    writes(rig, "kim")
    ana.accepts()
    writes(rig, "joe")
    bo.is_not_asked()
    eve = writes(rig, "eve")
    bo.is_offered(eve)


def test_who_would_wait_too_long_gets_help() -> None:
    rig, ana, bo = desk("expected_wait: 5m")
    for number in range(5):
        customer = writes(rig, f"c{number}")
        ana.accepts()
        rig.wait(minutes=10)
        ana.resolves(customer)
    writes(rig, "kim")
    ana.accepts()
    joe = writes(rig, "joe")
    bo.is_offered(joe)


# --- stranded ---


def test_what_is_stranded_alerts_once_and_again_each_time_that_is_said() -> None:
    rig, ana, _ = desk("waited: 30d")
    lea = rig.lead("lea")
    ana.goes("offline")
    joe = writes(rig, "joe")
    joe.is_stranded(because="nobody_present")
    lea.is_told("stranded:nobody_present")
    rig.wait(minutes=29, seconds=59)
    assert len([card for card in rig.cards if card.agent == "lea"]) == 1
    rig.wait(seconds=1)
    lea.is_told("stranded:still")
    ana.goes("online")
    ana.accepts(joe)
    rig.wait(hours=5)
    assert len(rig.happened(StrandedReminded)) == 1
    assert len(rig.happened(ThreadStranded)) == 1


def test_the_customer_is_told_once_when_to_expect_an_answer() -> None:
    rig, ana, _ = desk("waited: 30d")
    ana.goes("offline")
    joe = writes(rig, "joe")
    joe.on("webchat").receives("later")
    ana.goes("online")
    ana.passes(joe)
    joe.is_stranded(because="all_excluded")
    joe.on("webchat").receives("later")


def test_who_cannot_be_vouched_for_is_told_nothing() -> None:
    rig, ana, _ = desk("waited: 30d")
    ana.goes("offline")
    eve = rig.customer("eve", forged=True, webchat="joe")
    eve.on("webchat").says("hello")
    eve.on("webchat").receives_nothing()


def test_f3_rules_that_send_it_round_and_round_are_stopped() -> None:
    steps = ", ".join(f"{{queue: {'ab'[n % 2]}, for: 1s}}" for n in range(1, 20))
    rig = Rig(
        "version: 1\ndefaults: {queue: a}\n"
        f"route: [{{id: all, to: {{queue: a, for: 1s}}, relax: [{steps}]}}]\n"
        "queues: {a: {}, b: {}}"
    )
    lea = rig.lead("lea")
    joe = writes(rig, "joe")
    rig.wait(minutes=1)
    joe.is_stranded(because="loop")
    assert joe.thread.acts == 10
    lea.is_told("stranded:loop")
    ana = rig.agent("ana")
    ana.is_offered(joe)  # it hears what can help


# --- a queue that is no more ---

PLAIN = """
version: 1
defaults: {queue: tech}
queues: {tech: {teams: [tech], offer: {timeout: 1h}}, billing: {}}
"""


def test_what_waits_in_a_queue_that_the_rules_have_no_more_is_stranded_openly() -> None:
    rig = Rig(PLAIN)
    ana, bo = rig.agent("ana", teams=("tech",), capacity=1), rig.agent("bo", teams=("billing",))
    lea = rig.lead("lea")
    writes(rig, "kim")
    ana.accepts()
    joe = writes(rig, "joe")
    rig.adopt(PLAIN.replace("tech", "support"))
    joe.is_stranded("no_queue")
    lea.is_told("stranded:no_queue")
    bo.is_not_asked()
    ana.resolves()
    ana.is_not_asked()
    rig.restart()
    rig.adopt(PLAIN)
    ana.is_offered(joe)


def test_what_was_stranded_for_another_reason_is_told_anew_when_its_queue_goes_and_comes() -> None:
    rig = Rig(PLAIN)
    lea = rig.lead("lea")
    rig.agent("ana", teams=("tech",), status="offline")
    joe = writes(rig, "joe")
    joe.is_stranded("nobody_present")
    rig.adopt(PLAIN.replace("tech", "support"))
    joe.is_stranded("no_queue")
    lea.is_told("stranded:no_queue")
    rig.adopt(PLAIN.replace("tech", "support") + "# the same\n")
    assert len(rig.happened(ThreadStranded)) == 2  # nothing is new
    rig.adopt(PLAIN + "# once more\n")
    joe.is_stranded("nobody_present")
    rig.agent("bo", teams=("tech",)).is_offered(joe)
    rig.fold()


def test_from_there_it_can_be_transferred() -> None:
    rig = Rig(PLAIN)
    bo, lea = rig.agent("bo", teams=("billing",)), rig.lead("lea")
    rig.agent("ana", teams=("tech",), capacity=0)
    joe = writes(rig, "joe")
    rig.adopt(PLAIN.replace("tech", "support"))
    joe.is_stranded("no_queue")
    lea.transfers(joe, to="billing")
    bo.is_offered(joe)
