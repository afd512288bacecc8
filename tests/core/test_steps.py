"""Relaxation steps and who is asked first, as transcripts (routing.md 2.1 and 2.3)."""

from omniroute.core.events import StepBegan, ThreadStranded
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

# The ladder L of routing.md 2.1.
LADDER = """
version: 1
skills: {fr: {}, dynamo: {}}
defaults: {queue: general}
route:
  - id: french
    to: {queue: general, need: {fr: 4, dynamo: 5}, for: 30s}
    relax:
      - {need: {fr: 3, dynamo: 5}, for: 30s}
      - {need: {fr: 3, dynamo: 3}}
queues: {general: {offer: {timeout: 20s}}}
"""

ANA_FIRST = """
version: 1
defaults: {queue: general}
route:
  - id: ana-first
    to: {queue: general, agent: ana, for: 60s, skip_if: SKIP}
    relax: [{queue: rest}]
queues: {general: {offer: {timeout: 60s}}, rest: {}}
"""
SAME_AGENT = """
version: 1
defaults: {queue: general}
route:
  - id: same-agent
    when: {thread.last_agent: {known: true}}
    to: {agent: "{thread.last_agent}", for: 2m}
    then: fall_through
  - {id: rest, to: {queue: general}}
queues: {general: {offer: {timeout: 10m}, reopen_window: 1m}}
"""


def test_r1_who_does_not_meet_the_step_waits_for_the_one_that_they_meet() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=10)
    ana = rig.agent("ana", fr=3, dynamo=5)
    ana.is_not_asked()
    rig.wait(seconds=19.999)
    ana.is_not_asked()
    rig.wait(seconds=0.001)
    ana.is_offered(joe)
    assert joe.thread.step == 1


def test_r2_who_meets_the_step_is_asked_at_once() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=29.9)
    ana = rig.agent("ana", fr=4, dynamo=5)
    ana.is_offered(joe)
    assert joe.thread.step == 0


def test_r3_after_the_last_step_the_thread_is_stranded_and_said_so_once() -> None:
    rig = Rig(LADDER.replace("{need: {fr: 3, dynamo: 3}}", "{need: {fr: 3, dynamo: 3}, for: 30s}"))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=89.999)
    joe.waits()
    rig.wait(seconds=0.001)
    joe.is_stranded()
    rig.wait(hours=5)
    assert len(rig.happened(ThreadStranded)) == 1
    ana = rig.agent("ana", fr=3, dynamo=3)
    ana.is_offered(joe)


def test_r3_a_stranded_thread_that_nobody_takes_is_stranded_again_without_another_step() -> None:
    rig = Rig(LADDER.replace("{need: {fr: 3, dynamo: 3}}", "{need: {fr: 3, dynamo: 3}, for: 30s}"))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=90)
    ana = rig.agent("ana", fr=3, dynamo=3)
    ana.passes()
    rig.wait(seconds=0.001)
    joe.is_stranded()


def test_r5_a_step_is_skipped_when_whom_it_names_is_away() -> None:
    rig = Rig(ANA_FIRST.replace("SKIP", "nobody_present"))
    rig.agent("ana", status="away")
    bo = rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    bo.is_offered(joe)
    assert joe.thread.step == 1


def test_r5_a_step_is_skipped_when_whom_it_names_goes() -> None:
    rig = Rig(ANA_FIRST.replace("SKIP", "nobody_present"))
    ana, bo = rig.agent("ana", capacity=1), rig.agent("bo")
    kim, joe = rig.customer("kim", webchat="v1"), rig.customer("joe", webchat="v2")
    kim.on("webchat").says("hello")
    ana.accepts()
    joe.on("webchat").says("hello")
    rig.wait(seconds=20)
    bo.is_not_asked()
    ana.goes("offline")
    bo.is_offered(joe)


def test_r5_without_it_the_step_lasts_its_time() -> None:
    rig = Rig(ANA_FIRST.replace("SKIP", "never"))
    rig.agent("ana", status="away")
    bo = rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=59.999)
    bo.is_not_asked()
    rig.wait(seconds=0.001)
    bo.is_offered(joe)


def test_r6_the_step_clock_stands_during_an_offer() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=25)
    bo = rig.agent("bo", fr=4, dynamo=5)
    bo.is_offered(joe)
    rig.wait(seconds=20)
    bo.is_not_asked()
    rig.wait(seconds=4.999)
    assert joe.thread.step == 0
    rig.wait(seconds=0.001)
    assert joe.thread.step == 1


def test_r6_after_a_missed_offer_the_same_step_is_matched_at_once() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=25)
    bo = rig.agent("bo", fr=4, dynamo=5)
    cy = rig.agent("cy", fr=4, dynamo=5)
    bo.is_offered(joe)
    rig.wait(seconds=20)
    cy.is_offered(joe)
    assert joe.thread.step == 0


def test_r6_an_offer_that_ended_while_the_process_was_down_ended_then() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=25)
    bo = rig.agent("bo", fr=4, dynamo=5)
    bo.is_offered(joe)
    rig.sleep(seconds=23)
    rig.machine.run_timers()
    rig.wait(seconds=1.999)
    assert joe.thread.step == 0
    rig.wait(seconds=0.001)
    assert joe.thread.step == 1


def test_r6_the_step_clock_stands_while_somebody_has_the_thread() -> None:
    rig = Rig(LADDER)
    lea = rig.lead("lea")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=25)
    lea.takes(joe)
    rig.wait(minutes=10)
    rig.without("lea")
    rig.wait(seconds=4.999)
    assert joe.thread.step == 0
    rig.wait(seconds=0.001)
    assert joe.thread.step == 1


def test_r9_who_is_free_later_is_still_a_candidate() -> None:
    rig = Rig(LADDER)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=70)
    ana = rig.agent("ana", fr=4, dynamo=5)
    ana.is_offered(joe)
    assert joe.thread.step == 2


def test_r10_steps_that_ended_while_the_process_was_down_are_recorded_at_their_times() -> None:
    rig = Rig(LADDER)
    began = rig.now
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=20)
    rig.restart()
    rig.sleep(seconds=55)
    ana = rig.agent("ana", fr=3, dynamo=3)
    ana.is_offered(joe)
    assert joe.thread.step == 2
    assert [step.due - began for step in rig.happened(StepBegan)] == [30_000, 60_000]


def test_a_step_may_move_the_thread_to_another_queue() -> None:
    rig = Rig(ANA_FIRST.replace("SKIP", "nobody_free"))
    bo = rig.agent("bo")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    assert joe.thread.queue == "rest"
    bo.is_offered(joe)


def test_a_step_that_asks_for_the_same_is_still_another_step() -> None:
    rig = Rig(LADDER.replace("{need: {fr: 3, dynamo: 5}, for: 30s}", "{broadcast: true}").replace(
        "      - {need: {fr: 3, dynamo: 3}}\n", ""))  # fmt: skip
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=29.999)
    joe.waits()
    rig.wait(seconds=0.001)
    assert joe.thread.step == 1
    joe.is_stranded()


def test_each_step_is_explained_once() -> None:
    rig = Rig(ANA_FIRST.replace("SKIP", "nobody_present"))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    joe.is_stranded()
    assert [why["step"] for why in rig.why(joe, "match")] == [1]
    assert [step.skipped for step in rig.happened(StepBegan)] == ["nobody_present"]


# --- the same agent first ---


def joe_and_ana(rig: Rig) -> tuple[Customer, Agent]:
    """Joe has had a thread with Ana, a minute ago; it is history."""
    ana = rig.agent("ana", capacity=1)
    joe = rig.customer("joe", webchat="joe")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.resolves()
    rig.wait(minutes=1)
    assert rig.threads == []
    return joe, ana


def busy(rig: Rig, ana: Agent) -> None:
    """Ana has her hands full with Kim."""
    kim = rig.customer("kim", webchat="kim")
    kim.on("webchat").says("hello")
    ana.accepts(kim)


def test_k1_who_is_offline_is_not_waited_for() -> None:
    rig = Rig(SAME_AGENT)
    joe, ana = joe_and_ana(rig)
    bo = rig.agent("bo")
    ana.goes("offline")
    joe.on("webchat").says("hello again")
    bo.is_offered(joe)
    assert joe.thread.step == 1


def test_k2_who_is_here_and_full_is_waited_for() -> None:
    rig = Rig(SAME_AGENT)
    joe, ana = joe_and_ana(rig)
    busy(rig, ana)
    bo = rig.agent("bo")
    joe.on("webchat").says("hello again")
    rig.wait(seconds=90)
    bo.is_not_asked()
    ana.resolves()
    ana.is_offered(joe)


def test_k3_but_not_for_ever() -> None:
    rig = Rig(SAME_AGENT)
    joe, ana = joe_and_ana(rig)
    busy(rig, ana)
    bo = rig.agent("bo")
    joe.on("webchat").says("hello again")
    rig.wait(seconds=119.999)
    bo.is_not_asked()
    rig.wait(seconds=0.001)
    bo.is_offered(joe)


def test_k4_who_declines_is_not_waited_for() -> None:
    rig = Rig(SAME_AGENT)
    joe, ana = joe_and_ana(rig)
    bo = rig.agent("bo")
    joe.on("webchat").says("hello again")
    ana.is_offered(joe)
    rig.wait(seconds=5)
    ana.passes()
    bo.is_offered(joe)


def test_k5_who_has_left_is_not_named_at_all() -> None:
    rig = Rig(SAME_AGENT)
    joe, _ = joe_and_ana(rig)
    rig.without("ana")
    joe.on("webchat").says("hello again")
    assert [step.agents for step in joe.thread.steps] == [()]


def test_whoever_is_asked_first_everybody_is_asked_in_the_end() -> None:
    rig = Rig(SAME_AGENT.replace("- {id: rest, to: {queue: general}}", ""))
    joe, ana = joe_and_ana(rig)
    bo = rig.agent("bo")
    ana.goes("offline")
    joe.on("webchat").says("hello again")
    bo.is_offered(joe)


def test_a_named_agent_needs_the_skills_as_anyone_does() -> None:
    rig = Rig(
        ANA_FIRST.replace("SKIP", "nobody_present").replace(
            "to: {queue: general,", "to: {queue: general, need: {fr: 3},"
        )
        + "skills: {fr: {}}"
    )
    rig.agent("ana", fr=2)
    bo = rig.agent("bo", fr=3)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    bo.is_offered(joe)
