"""Rules on trial: in the shadow without effect, as a canary for some customers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core import inputs as i
from omniroute.core.engine import decide
from omniroute.core.events import RulesActivated, TrialBegan, TrialEnded
from omniroute.core.state import State
from omniroute.core.trials import CANARY, NONE, SHADOW, Trial, place
from omniroute.rules.load import parse_rules
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

LIVE = """
version: 1
skills: {billing: {}}
queues: {general: {}, billing: {}}
defaults: {queue: general}
route:
  - {id: refunds, when: {message.text: {any_of: [refund]}}, to: {queue: billing}}
  - {id: everything-else, to: {queue: general}}
"""
NEW = LIVE.replace("queues: {", "queues: {invoices: {pick: round_robin}, ").replace(
    "route:\n",
    "route:\n"
    "  - {id: invoices, when: {message.text: {any_of: [invoice]}}, to: {queue: invoices}}\n",
)


def people(rig: Rig, count: int) -> list[str]:
    """So many customers write about an invoice; the queue each came to."""
    for number in range(count):
        rig.customer(f"c{number}", email=f"c{number}@x.example").on("email").says("an invoice")
    return [thread.queue for thread in rig.threads]


# --- who is in a share ---


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_nobody_leaves_a_share_that_grows(customer: str, one: float, other: float) -> None:
    small, large = (Trial("v", CANARY, share) for share in sorted((one, other)))
    assert large.decides(customer, 5) or not small.decides(customer, 5)
    assert 0 <= place(customer) <= 1


def test_a_share_is_about_that_share() -> None:
    inside = sum(place(f"customer {number}") < 0.1 for number in range(10_000))
    assert 900 < inside < 1100


def test_nobody_and_everybody() -> None:
    assert not Trial("v", CANARY, 0.0).decides("joe", 5)
    assert Trial("v", CANARY, 1.0).decides("joe", 5)
    assert not Trial("v", SHADOW, 1.0).decides("joe", 5)
    assert not NONE.running(5)


def test_a_trial_is_over_at_its_end() -> None:
    trial = Trial("v", SHADOW, until=10)
    assert (trial.running(9), trial.running(10)) == (True, False)


# --- shadow ---


def test_a_shadow_has_no_effect_and_says_what_it_would_have_done() -> None:
    rig = Rig(LIVE)
    ana = rig.agent("ana")
    rig.shadows(NEW)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("my invoice is wrong")
    ana.is_offered(joe)
    assert rig.threads[0].queue == "general"
    assert rig.threads[0].rules == rig.state.rules.version
    (why,) = rig.why(joe, "shadow")
    assert why["rules"] == rig.state.trial.version
    assert (why["queue"], why["live"]["queue"]) == ("invoices", "general")
    assert why["differs"] == ["queue"]
    rig.fold()


def test_what_a_shadow_would_have_done_too_is_no_difference() -> None:
    rig = Rig(LIVE)
    rig.shadows(NEW)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("a refund please")
    (why,) = rig.why(joe, "shadow")
    assert why["differs"] == []


def test_a_shadow_ends_with_its_time() -> None:
    rig = Rig(LIVE)
    rig.shadows(NEW, hours=24)
    rig.wait(hours=24)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("my invoice")
    assert rig.why(joe, "shadow") == []


# --- canary ---


def test_a_canary_decides_for_its_share_and_for_nobody_else() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 0.3)
    queues = people(rig, 40)
    inside = [place(thread.customer) < 0.3 for thread in rig.threads]
    assert queues == ["invoices" if chosen else "general" for chosen in inside]
    assert 0 < sum(inside) < 40
    version = rig.state.trial.version
    assert {thread.rules for thread in rig.threads if thread.queue == "invoices"} == {version}
    rig.fold()


def test_a_customer_of_the_canary_stays_one() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 0.5)
    people(rig, 10)
    before = {thread.customer: thread.rules for thread in rig.threads}
    lead = rig.lead("lea")
    for number in range(10):
        lead.resolves(whom := rig.customer(f"c{number}", email=f"c{number}@x.example"))
        whom.on("email").says("the invoice again")
    assert {thread.customer: thread.rules for thread in rig.threads} == before


def test_a_canary_queue_is_served_as_its_rules_say() -> None:
    rig = Rig(LIVE.replace("billing: {}}\nd", "billing: {offer: {timeout: 9s}}}\nd"))
    rig.canaries(NEW, 1.0)
    assert rig.state.queue("invoices").pick == "round_robin"
    assert rig.state.queue("billing").offer_timeout_ms == 9_000  # of the live rules
    assert rig.state.index.policy("invoices") == "round_robin"


def test_after_a_restart_the_canary_goes_on() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 1.0)
    rig.restart()
    assert rig.state.trial.mode == CANARY
    assert people(rig, 2) == ["invoices", "invoices"]


def test_rules_on_trial_that_are_not_known_decide_nothing() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 1.0)
    rig.machine._tried = None
    rig.restart()
    assert people(rig, 2) == ["general", "general"]


# --- beginning and end ---


def test_a_trial_that_is_taken_back_has_never_been() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 0.2)
    before = rig.state.trial
    decide(rig.state, i.RulesTried("k", rig.now))
    assert rig.state.trial == NONE
    rig.state.rollback()
    assert rig.state.trial == before


def test_one_trial_takes_the_place_of_another() -> None:
    rig = Rig(LIVE)
    rig.shadows(NEW)
    rig.canaries(NEW, 0.1)
    assert [end.how for end in rig.happened(TrialEnded)] == ["replaced"]
    assert [began.trial.mode for began in rig.happened(TrialBegan)] == [SHADOW, CANARY]


def test_the_same_trial_again_changes_nothing() -> None:
    rig = Rig(LIVE)
    rig.canaries(NEW, 0.1)
    assert (
        rig.machine.put(
            i.RulesTried, version=rig.state.trial.version, mode=CANARY, share=0.1
        ).events
        == ()
    )


def test_a_trial_is_stopped() -> None:
    rig = Rig(LIVE)
    rig.shadows(NEW)
    rig.machine.put(i.RulesTried)
    assert rig.state.trial == NONE
    assert "n/trial" not in rig.machine.rows
    rig.fold()


def test_an_activation_ends_the_trial_beside_the_old_rules() -> None:
    rig = Rig(LIVE)
    rig.shadows(NEW)
    rig.adopt(NEW)
    assert rig.state.trial == NONE
    assert [type(event) for event in rig.machine.journal[-1].decision.events] == [
        TrialEnded, RulesActivated,
    ]  # fmt: skip


def test_what_is_live_cannot_be_tried() -> None:
    rig = Rig(LIVE)
    answer = rig.machine.put(i.RulesTried, version=rig.state.rules.version, mode=SHADOW).answer
    assert (answer.ok, answer.code) == (False, "already_live")


def test_what_nobody_knows_cannot_be_tried() -> None:
    rig = Rig(LIVE)
    answer = rig.machine.put(i.RulesTried, version="nowhere", mode=SHADOW).answer
    assert (answer.ok, answer.code) == (False, "unknown_rules")


# --- replay ---


def test_the_same_inputs_are_decided_the_same_again() -> None:
    """Who is in the canary, and what a shadow says, follows from the journal alone."""
    rig = Rig(LIVE)
    rig.agent("ana", billing=3)
    rig.canaries(NEW, 0.5)
    people(rig, 12)
    rig.shadows(NEW)
    people(rig, 12)
    rig.adopt(NEW)
    again = State()
    for rules in (LIVE, NEW):
        again.adopt(parse_rules({"rules.yaml": rules.encode()}))
    for done in rig.machine.journal:
        decision = decide(again, done.input)
        assert (decision.events, decision.why) == (done.decision.events, done.decision.why)


# --- a canary and people who turn out to be one ---


def two(rig: Rig, share: float) -> tuple[Customer, Customer]:
    """Somebody whom a canary decides for, and somebody whom it does not."""
    everybody = [rig.customer(f"c{n}", email=f"c{n}@x.example") for n in range(40)]
    inside = [one for one in everybody if place(one.seen("email").id) < share]
    return inside[0], next(one for one in everybody if one not in inside)


@pytest.mark.parametrize("older", ["inside", "outside"])
def test_of_two_who_are_one_the_older_says_whether_a_canary_decides(older: str) -> None:
    rig = Rig(LIVE)
    lea = rig.lead("lea")
    rig.canaries(NEW, 0.5)
    inside, outside = two(rig, 0.5)
    first, second = (inside, outside) if older == "inside" else (outside, inside)
    queues = {inside.name: "invoices", outside.name: "general"}
    for customer in (first, second):
        customer.on("email").says("an invoice")
        assert customer.thread.queue == queues[customer.name]
        rig.wait(seconds=1)
    lea.merges(first.known_as("email"), second.known_as("email"))
    kept = first.thread  # goes on where it was, under the rules it was queued under
    assert (kept.queue, second.thread.id) == (queues[first.name], kept.id)
    lea.takes(first)
    lea.resolves(first)
    rig.wait(hours=24 * 8)
    second.on("email").says("another invoice")
    assert second.thread.queue == queues[first.name]
    rig.fold()


def test_whoever_is_parted_is_decided_for_as_before() -> None:
    rig = Rig(LIVE)
    lea = rig.lead("lea")
    rig.canaries(NEW, 0.5)
    inside, outside = two(rig, 0.5)
    for customer in (inside, outside):
        customer.on("email").says("an invoice")
        rig.wait(seconds=1)
    lea.merges(inside.known_as("email"), outside.known_as("email"))
    lea.denies(inside.known_as("email"), outside.known_as("email"))
    assert (inside.thread.queue, outside.thread.queue) == ("invoices", "general")
    for customer in (inside, outside):
        lea.takes(customer)
        lea.resolves(customer)
    rig.wait(hours=24 * 8)
    for customer, queue in ((inside, "invoices"), (outside, "general")):
        customer.on("email").says("another invoice")
        assert customer.thread.queue == queue
    rig.fold()


def test_what_was_folded_into_a_canarys_thread_stays_when_the_trial_ends_and_is_not_forgotten() -> (
    None
):
    rig = Rig(LIVE)
    lea = rig.lead("lea")
    lea.goes("offline")
    rig.canaries(NEW, 0.5)
    inside, outside = two(rig, 0.5)
    for customer in (inside, outside):
        customer.on("email").says("an invoice")
        rig.wait(seconds=1)
    lea.merges(inside.known_as("email"), outside.known_as("email"))
    rig.machine.put(i.RulesTried)
    inside.is_stranded(because="no_queue")
    lea.denies(inside.known_as("email"), outside.known_as("email"))
    assert outside.thread.queue == "general"
