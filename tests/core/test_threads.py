"""A customer's one open thread: opened, reopened, routed, woken."""

from __future__ import annotations

from omniroute.core.events import (
    AutomaticReplyReleased,
    ThreadAbandoned,
    ThreadClosed,
    ThreadOpened,
)
from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Phase
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

DAY = 24

RULES = """
version: 1
skills: {fr: {}}
defaults: {queue: general, priority: normal, sla: {first_reply: 1h, clock: always}}
enrich:
  - {id: french, when: {message.language: fr}, set: {need: {fr: 3}, tags: [french]}}
  - {id: returned, when: {thread.reopened: true}, set: {tags: [returned]}}
  - {id: regular, when: {thread.history: {gte: 1}}, set: {tags: [regular]}}
  - {id: known, when: {thread.last_agent: ana}, set: {tags: [known]}}
  - {id: soon, when: {thread.idle: {lt: 1h}}, set: {tags: [soon]}}
  - {id: angry, when: {message.text: {any_of: [lawyer]}}, set: {priority: urgent}}
  - {id: ours, when: {customer.email: {domain: [acme.example]}}, set: {priority: high}}
route:
  - {id: machine, when: {message.automatic: true}, to: {queue: machines}}
  - {id: hello, when: {channel: webchat}, reply: hello, to: {queue: general}}
queues: {general: {reopen_window: 1d}, machines: {}}
replies: {hello: {en: "Hello!"}}
"""


def joe_with_ana(rules: str = RULES) -> tuple[Rig, Customer, Agent]:
    rig = Rig(rules)
    ana = rig.agent("ana", fr=3)
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    return rig, joe, ana


def test_a_customer_has_one_thread_across_channels() -> None:
    rig, joe, ana = joe_with_ana()
    joe.on("email").says("here is the receipt")
    ana.sees("hello", "here is the receipt")
    assert len(rig.happened(ThreadOpened)) == 1
    ana.is_told("", kind="message")


def test_within_the_window_the_thread_is_reopened_and_whoever_had_it_is_asked_first() -> None:
    rig, joe, ana = joe_with_ana()
    rig.agent("bo")
    ana.resolves()
    rig.wait(hours=DAY - 0.001)
    answer = joe.on("email").says("one more thing")
    assert answer.values == {"thread": 1, "how": "reopened"}
    ana.is_offered(joe)
    ana.accepts()
    ana.sees("hello", "one more thing")


def test_a_reopened_thread_is_routed_anew() -> None:
    rig, joe, ana = joe_with_ana()
    ana.tags(joe, add=["refund"])
    ana.resolves()
    rig.wait(minutes=5)
    joe.on("email").says("encore", about={"message.language": "fr"})
    thread = joe.thread
    assert thread.tags == ("refund", "french", "returned", "known", "soon")
    assert (thread.routing_since, thread.step, thread.excluded) == (rig.now, 0, ())
    assert thread.steps[0].need == {"fr": 3.0}


def test_the_window_ends_at_its_end() -> None:
    rig, joe, ana = joe_with_ana()
    ana.resolves()
    rig.sleep(hours=DAY)  # the process was down: the message and the end come at once
    answer = joe.on("email").says("one more thing")
    assert answer.values == {"thread": 2, "how": "opened"}
    assert len(rig.happened(ThreadClosed)) == 1


def test_later_it_is_another_thread_and_the_old_one_is_history() -> None:
    rig, joe, ana = joe_with_ana()
    ana.resolves()
    rig.wait(hours=2 * DAY)
    joe.on("email").says("something else")
    assert [past.thread for past in joe.row.history] == [1]
    assert joe.thread.tags == ("regular", "known")
    assert joe.thread.last_agent == "ana"


def test_a_machine_does_not_reopen_what_is_resolved() -> None:
    rig, joe, ana = joe_with_ana()
    ana.resolves()
    joe.on("email").says("I am on holiday", automatic=True)
    assert joe.thread.phase is Phase.RESOLVED
    rig.wait(hours=DAY)
    assert rig.threads == []


def test_a_machine_opens_a_thread_and_gets_no_automatic_answer() -> None:
    rig = Rig(RULES)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("I am a robot", automatic=True)
    assert joe.thread.queue == "machines"
    joe.on("webchat").receives_nothing()


def test_a_machine_of_the_customer_s_moves_neither_the_answer_nor_the_urgency() -> None:
    _, joe, ana = joe_with_ana()
    joe.on("email").says("I am on holiday", automatic=True)
    assert joe.thread.live
    assert ana.row.live_load == 1
    ana.replies("hello Joe")
    joe.on("webchat").receives("hello", "hello Joe")
    joe.on("email").receives_nothing()


def test_a_machine_does_not_wake_what_sleeps_but_the_customer_does() -> None:
    _, joe, ana = joe_with_ana()
    ana.snoozes(minutes=60)
    joe.on("email").says("I am on holiday", automatic=True)
    joe.is_snoozed()
    joe.on("webchat").says("no, I am here")
    ana.has(joe)
    assert joe.thread.phase is Phase.ASSIGNED
    ana.is_told("", kind="message")


def test_a_canned_answer_goes_out_once_and_only_to_whom_somebody_vouches_for() -> None:
    rig = Rig(RULES)
    joe = rig.customer("joe", webchat="v1")
    forger = rig.customer("forger", webchat="v1", forged=True)
    joe.on("webchat").says("hello")
    joe.on("webchat").says("anybody there?")
    forger.on("webchat").says("hello")
    joe.on("webchat").receives("hello")
    forger.on("webchat").receives_nothing()
    assert len(rig.happened(AutomaticReplyReleased)) == 1


def test_a_chat_that_goes_on_by_mail_weighs_as_mail() -> None:
    _, joe, ana = joe_with_ana()
    assert (ana.row.live_load, ana.row.mail_load) == (1, 0)
    joe.on("email").says("I have to go")
    assert (ana.row.live_load, ana.row.mail_load) == (0, 1)


def test_text_and_addresses_are_asked_before_the_decision() -> None:
    rig = Rig(RULES)
    angry = rig.customer("angry", webchat="v1")
    acme = rig.customer("acme", email="kim@acme.example")
    forged = rig.customer("forged", email="kim@acme.example", forged=True)
    angry.on("webchat").says("you will hear from my lawyer")
    acme.on("email").says("hello")
    forged.on("email").says("hello")
    assert [c.thread.priority for c in (angry, acme, forged)] == [40, 30, 20]


def test_conditions_observed_under_other_rules_say_nothing() -> None:
    rig = Rig(RULES)
    joe = rig.customer("joe", webchat="v1")
    for rules, priority in (("some-other-version", 20), (rig.state.rules.version, 30)):
        rig.machine.put(
            MessageReceived,
            message=rules,
            channel="webchat",
            account="main",
            sender=joe.seen("webchat"),
            observed=tuple(range(50)),
            rules=rules,
        )
        (thread,) = rig.threads
        assert thread.priority == priority
        lea = rig.lead("lea")
        rig.stage.last_thread["joe"] = thread.id
        lea.resolves(joe)


def test_who_has_left_is_nobody_s_last_agent() -> None:
    rig, joe, ana = joe_with_ana()
    ana.resolves()
    rig.without("ana")
    joe.on("email").says("hello?")
    assert "known" not in joe.thread.tags


def test_the_why_of_a_routing_names_the_rules_that_spoke() -> None:
    rig, joe, _ = joe_with_ana()
    (why,) = rig.why(joe, "route")
    assert (why["rule"], why["queue"], why["enriched"]) == ("hello", "general", [])
    assert "hello" not in str(why["facts"])


# --- a customer who leaves ---


def test_who_leaves_while_waiting_is_history_and_comes_back_as_a_new_matter() -> None:
    rig = Rig(RULES)
    joe = rig.customer("joe", webchat="v1", verified=True)
    joe.on("webchat").says("hello")
    joe.leaves()
    assert rig.threads == []
    assert len(rig.happened(ThreadAbandoned)) == 1
    assert joe.on("webchat").says("me again").values == {"thread": 2, "how": "opened"}


def test_who_leaves_during_an_offer_takes_it_off_the_card() -> None:
    rig = Rig(RULES)
    ana, joe = rig.agent("ana"), rig.customer("joe", webchat="v1", verified=True)
    joe.on("webchat").says("hello")
    ana.is_offered(joe)
    joe.leaves()
    ana.accepts(refused="unknown_thread")
    assert rig.machine.state.agents["ana"].load == 0


def test_who_leaves_while_somebody_has_the_thread_takes_nothing_away() -> None:
    rig, joe, ana = joe_with_ana()
    joe.leaves(refused="taken")
    ana.resolves()
    joe.leaves(refused="resolved")
    rig.wait(hours=DAY)
    joe.leaves(refused="unknown_thread")


def test_without_a_window_what_is_resolved_is_history_at_once() -> None:
    rig = Rig(RuleSet("v", Defaults("q"), queues={"q": Queue("q", reopen_window_ms=0)}))
    ana, joe = rig.agent("ana"), rig.customer("joe", webchat="v1", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.resolves()
    assert rig.threads == []


def test_an_acknowledgement_comes_once_a_day_whatever_writes() -> None:
    """Two programs that answer each other stop, even where neither says that it is one."""
    rig = Rig(RULES.replace("reopen_window: 1d", "reopen_window: 1s"))
    ana = rig.agent("ana")
    machine = rig.customer("machine", webchat="v1", verified=True)
    for hours in (0, 1, 22.9):
        rig.wait(hours=hours)
        machine.on("webchat").says("I am away")
        ana.accepts()
        ana.resolves()
        rig.wait(hours=0.01)
    assert len(rig.happened(ThreadOpened)) == 3
    assert [event.reply for event in rig.happened(AutomaticReplyReleased)] == ["hello"]
    rig.wait(hours=1)
    machine.on("webchat").says("hello again")
    assert len(rig.happened(AutomaticReplyReleased)) == 2


def test_why_there_is_no_acknowledgement_is_said() -> None:
    rig = Rig(RULES.replace("reopen_window: 1d", "reopen_window: 1s"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", verified=True)
    eve = rig.customer("eve", webchat="v1", forged=True)
    for who in (joe, joe, eve):
        who.on("webchat").says("hello")
        ana.accepts()
        ana.resolves()
        rig.wait(hours=0.01)
    robot = rig.customer("robot", webchat="v9", verified=True)
    robot.on("webchat").says("I am a robot", automatic=True)
    whys = [why for done in rig.machine.journal for why in done.decision.why]
    why = [(w["reply"], w["because"]) for w in whys if w["about"] == "unsaid"]
    assert why == [("hello", "told"), ("hello", "unverified")]


def test_who_is_joined_to_another_has_heard_what_the_other_has() -> None:
    rig = Rig(RULES.replace("reopen_window: 1d", "reopen_window: 1s"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=0.01)
    joe.on("email").says("hello by mail")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=0.01)
    joe.on("webchat").says("and again")
    assert len(rig.happened(AutomaticReplyReleased)) == 1
