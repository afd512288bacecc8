"""Who has it first, until when, as transcripts.  Names in front are those of routing.md 2.3."""

from __future__ import annotations

from omniroute.core.events import StepBegan, ThreadAssigned
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

PREFERRED = """
version: 1
skills: {tech: {}}
defaults: {queue: general}
route:
  - {id: all, to: {queue: general, prefer: "{customer.account_manager}", wait_for: 120s}}
queues: {general: {offer: {timeout: 200s}, reopen_window: 1h}}
"""
MANAGED = {"customer.account_manager": "ana"}


def rule(more: str = "") -> str:
    """Wait for the account manager, and what else the rule says of them."""
    return PREFERRED.replace("wait_for: 120s", f"wait_for: 120s{more}")


def desk(yaml: str = PREFERRED) -> tuple[Rig, Customer, Agent, Agent]:
    """Ana manages Joe's account and has her hands full with Kim; Bo has nothing to do."""
    rig = Rig(yaml)
    manager = rig.agent("ana", capacity=1)
    kim, joe = rig.customer("kim", webchat="kim"), rig.customer("joe", webchat="joe")
    kim.on("webchat").says("hello")
    manager.takes(kim)
    return rig, joe, manager, rig.agent("bo")


def test_k1_who_is_offline_is_not_waited_for() -> None:
    _, joe, ana, bo = desk()
    ana.goes("offline")
    joe.on("webchat").says("hello", about=MANAGED)
    bo.is_offered(joe)


def test_k2_who_is_here_and_full_is_waited_for() -> None:
    rig, joe, ana, bo = desk()
    joe.on("webchat").says("hello", about=MANAGED)
    bo.is_not_asked()
    rig.wait(seconds=90)
    ana.resolves()
    ana.is_offered(joe)


def test_k3_but_not_longer_than_said_and_then_they_go_first_among_all() -> None:
    rig, joe, ana, bo = desk()
    joe.on("webchat").says("hello", about=MANAGED)
    rig.wait(seconds=119.999)
    bo.is_not_asked()
    rig.wait(seconds=0.001)
    bo.is_offered(joe)
    rig.wait(seconds=10)
    ana.resolves()
    ana.is_not_asked()
    bo.passes()
    ana.is_offered(joe)


def test_k4_when_they_decline_everybody_is_asked_at_once() -> None:
    rig, joe, ana, bo = desk()
    ana.resolves()
    joe.on("webchat").says("hello", about=MANAGED)
    rig.wait(seconds=5)
    ana.passes()
    bo.is_offered(joe)
    assert [step.skipped for step in rig.happened(StepBegan)] == ["nobody_present"]


def test_k5_who_has_left_is_not_named_at_all() -> None:
    rig, joe, _, bo = desk()
    rig.without("ana")
    joe.on("webchat").says("hello", about=MANAGED)
    assert joe.thread.steps[0].agents == ()
    kim = Customer(rig.stage, "kim", {"webchat": "kim"})
    rig.stage.last_thread["kim"] = 1
    bo.is_offered(kim, joe)


def test_k6_what_is_taken_up_again_goes_to_others_while_its_owner_is_on_holiday() -> None:
    rig, _, ana, bo = desk()
    kim = Customer(rig.stage, "kim", {"webchat": "kim"})
    ana.resolves()
    ana.goes("offline")
    kim.on("webchat").says("one more thing")
    bo.is_offered(kim)
    ana.has()


def test_a_queue_may_give_it_to_whoever_had_it_all_the_same() -> None:
    rig, _, ana, bo = desk(
        PREFERRED.replace("reopen_window", "reassign_on_reply: false, reopen_window")
    )
    kim = Customer(rig.stage, "kim", {"webchat": "kim"})
    ana.resolves()
    kim.on("webchat").says("one more thing")
    ana.has(kim)
    bo.is_not_asked()
    assert rig.happened(ThreadAssigned)[-1].how == "reopen"


def test_whose_room_does_not_matter_is_asked_though_full_and_it_is_recorded() -> None:
    rig, joe, ana, _ = desk(rule(", ignore_capacity: true"))
    joe.on("webchat").says("hello", about=MANAGED)
    ana.is_offered(joe)
    ana.accepts(joe)
    assert (ana.load, rig.happened(ThreadAssigned)[-1].over) == (2, True)


def test_whoever_comes_full_is_asked_as_well_where_room_does_not_matter() -> None:
    named = PREFERRED.replace("prefer:", "agents:").replace(
        "wait_for: 120s", "ignore_capacity: true"
    )
    _, joe, ana, bo = desk(named)
    ana.goes("away")
    joe.on("webchat").says("hello", about=MANAGED)
    joe.is_stranded()
    ana.goes("online")
    ana.is_offered(joe)
    bo.is_not_asked()


def test_whose_skills_do_not_matter_is_asked_without_them() -> None:
    needing = "queue: general, need: {tech: 3},"
    _, joe, ana, bo = desk(rule(", regardless: true").replace("queue: general,", needing))
    ana.resolves()
    joe.on("webchat").says("hello", about=MANAGED)
    ana.is_offered(joe)
    ana.passes()
    joe.is_stranded()  # neither Bo knows it, nor Ana, who passed
    assert joe.thread.steps[-1].need == {"tech": 3.0}
    bo.is_not_asked()


def test_skills_matter_unless_said_otherwise() -> None:
    needing = PREFERRED.replace("queue: general,", "queue: general, need: {tech: 3},")
    _, joe, ana, bo = desk(needing)
    ana.resolves()
    joe.on("webchat").says("hello", about=MANAGED)
    ana.is_not_asked()
    bo.is_not_asked()


def test_a_preference_alone_only_orders() -> None:
    rig = Rig(PREFERRED.replace('"{customer.account_manager}", wait_for: 120s', "[cy, bo]"))
    rig.agent("ana")
    rig.wait(seconds=1)
    bo, cy = rig.agent("bo"), rig.agent("cy", status="offline")
    people = [rig.customer(name, webchat=name) for name in ("joe", "kim")]
    people[0].on("webchat").says("hello")
    bo.is_offered(people[0])
    cy.goes("online")
    people[1].on("webchat").says("hello")
    cy.is_offered(people[1])
