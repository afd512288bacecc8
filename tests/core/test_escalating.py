"""What happens when a promise is soon due, or late, as transcripts."""

import pytest

from omniroute.core.events import Escalated
from omniroute.errors import ConfigErrors
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

# The rig's clock begins on Monday 2026-01-05 at 08:00 UTC.
DESK = """
version: 1
calendars:
  office: {tz: UTC, open: {mon-fri: "09:00-17:00"}}
defaults: {queue: general, sla: {first_reply: 10m, next_reply: 5m}}
enrich:
  - {id: vip, when: {message.text: {any_of: [vip]}}, set: {tags: [vip]}}
  - {id: office, when: {message.text: {any_of: [office]}}, set: {sla: {clock: office}}}
escalate:
  - id: soon
    when: {promise: first_reply, due_in: 4m, tags: vip}
    do: {priority: urgent, tags: [hurry], notify: [lena]}
  - {id: missed, when: {promise: first_reply}, do: {add: [second]}}
  - {id: very-late, when: {late_by: 5m}, do: {queue: rescue, notify: [owner]}}
queues:
  general: {teams: [first], promote_after: never, offer: {timeout: 1h}}
  rescue: {teams: [third]}
"""


def writes(rig: Rig, text: str = "hello", name: str = "joe") -> Customer:
    whom = rig.customer(name, email=f"{name}@x.example")
    whom.on("email").says(text)
    return whom


def acted(rig: Rig) -> list[str]:
    return [event.rule for event in rig.happened(Escalated)]


def told(rig: Rig, agent: str) -> list[str]:
    return [
        c.reason for c in rig.cards if c.agent == agent and c.kind == "told" and ":" in c.reason
    ]


def test_before_a_promise_is_due_priority_and_tags_rise_and_somebody_is_told() -> None:
    rig = Rig(DESK)
    rig.agent("full", teams=("first",), capacity=0)
    rig.lead("lena")
    vip, plain = writes(rig, "vip"), writes(rig, "hello", "kim")
    rig.wait(minutes=5.999)
    assert acted(rig) == []
    rig.wait(minutes=0.001)
    assert acted(rig) == ["soon"]
    assert (vip.thread.priority, vip.thread.tags) == (40, ("vip", "hurry"))
    assert plain.thread.priority == 20
    assert told(rig, "lena") == ["soon:first_reply"]


def test_when_it_is_missed_another_team_may_help() -> None:
    rig = Rig(DESK)
    rig.agent("full", teams=("first",), capacity=0)
    sam = rig.agent("sam", teams=("second",))
    joe = writes(rig)
    sam.is_not_asked()
    rig.wait(minutes=10)
    sam.is_offered(joe)
    assert rig.why(joe, "escalate")[0]["rule"] == "missed"


def test_when_it_is_very_late_it_moves_with_its_age() -> None:
    rig = Rig(DESK)
    rig.agent("full", teams=("first",), capacity=0)
    tom = rig.agent("tom", teams=("third",))
    joe = writes(rig)
    began, due = rig.now, joe.thread.deadline
    rig.wait(minutes=15)
    tom.is_offered(joe)
    assert (joe.thread.routing_since, joe.thread.deadline) == (began, due)
    rig.restart()
    rig.fold()


def test_whoever_has_it_is_told_and_keeps_it() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana", teams=("first",))
    joe = writes(rig)
    ana.accepts()
    rig.wait(minutes=15)
    joe.is_with(ana)
    assert joe.thread.queue == "general"
    assert told(rig, "ana") == ["late:first_reply"]


def test_each_rule_acts_once_for_each_promise() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana", teams=("first",))
    joe = writes(rig)
    ana.accepts()
    rig.wait(hours=5)
    assert acted(rig) == ["missed", "very-late"]
    ana.replies("Sorry", joe)
    joe.on("email").says("and now?")
    rig.wait(hours=5)
    assert acted(rig) == ["missed", "very-late", "very-late"]


def test_an_answer_in_time_lets_no_rule_act() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana", teams=("first",))
    joe = writes(rig, "vip")
    ana.accepts()
    ana.replies("Yes?", joe)
    rig.wait(hours=5)
    assert acted(rig) == []


def test_d14_on_business_hours_only_these_count() -> None:
    rig = Rig(DESK)
    rig.agent("full", teams=("first",), capacity=0)
    writes(rig, "vip office")  # an hour before opening
    rig.wait(hours=1, minutes=5.999)
    assert acted(rig) == []
    rig.wait(minutes=0.001)
    assert acted(rig) == ["soon"]


def test_moments_that_were_slept_through_come_in_their_order() -> None:
    rig = Rig(DESK)
    writes(rig, "vip")
    rig.sleep(hours=1)
    rig.machine.run_timers()
    assert acted(rig) == ["soon", "missed", "very-late"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (
            "{id: x, when: {due_in: 1m, late_by: 1m}, do: {tags: [a]}}",
            "both “due_in” and “late_by”",
        ),
        ("{id: x, when: {promise: first_repli}, do: {tags: [a]}}", "first_reply"),
        ("{id: x, when: {queue: nowhere}, do: {tags: [a]}}", "unknown queue “nowhere”"),
        ("{id: x, when: {due_in: 1m}, do: {}}", "an empty “do”"),
        ("{id: x, when: {due_inn: 1m}, do: {tags: [a]}}", "unknown key “due_inn”.*“due_in”"),
        ("{id: x, when: {customer.teir: vip}, do: {tags: [a]}}", "“customer.tier”"),
        ("{id: x, when: {clock: {inside: nowhere}}, do: {tags: [a]}}", "unknown calendar"),
        ("{id: soon, when: {due_in: 1m}, do: {tags: [a]}}", "a second rule “soon”"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_a_fault(rule: str, fault: str) -> None:
    with pytest.raises(ConfigErrors, match=fault):
        Rig(DESK.replace("escalate:\n", f"escalate:\n  - {rule}\n"))


CONDITIONS = """
version: 1
facts: [topic]
calendars:
  office: {tz: UTC, open: {mon-fri: "08:00-09:00"}}
defaults: {queue: general, sla: {first_reply: 2h}}
queues: {general: {promote_after: never}, other: {promote_after: never}}
enrich: [{id: tagged, when: {topic: odd}, set: {tags: [odd]}}]
escalate:
  - {id: written, when: {message.text: {any_of: [lawyer]}, customer.tier: gold}, do: {tags: [a]}}
  - {id: either, when: {any: [{topic: money}, {not: {channel: email}}]}, do: {tags: [b]}}
  - {id: by-day, when: {clock: {inside: office}}, do: {tags: [c]}}
  - {id: by-night, when: {clock: {outside: office}, tags: odd}, do: {tags: [d]}}
  - {id: known, when: {thread.history: {gte: 1}}, do: {tags: [e]}}
"""


@pytest.mark.parametrize(
    ("text", "about", "rules"),
    [
        ("hello", {}, []),
        ("my lawyer will write", {}, []),
        ("my lawyer will write", {"customer.tier": "gold"}, ["written"]),
        ("hello", {"topic": "money"}, ["either"]),
        ("hello", {"topic": "odd"}, ["by-night"]),
    ],
)
def test_any_condition_of_the_rules_may_be_asked(
    text: str, about: dict[str, str], rules: list[str]
) -> None:
    rig = Rig(CONDITIONS)
    rig.customer("joe", email="joe@x.example").on("email").says(text, about=about)
    rig.wait(hours=2)
    assert acted(rig) == rules
    rig.fold()


def test_what_a_thread_was_routed_by_is_kept_through_a_restart_and_other_rules() -> None:
    rig = Rig(CONDITIONS)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("my lawyer", about={"customer.tier": "gold"})
    assert len(joe.thread.answered) == 2, "both questions, as hashes, and no word"
    rig.restart()
    other = "enrich:\n  - {id: new, when: {topic: x}, set: {tags: [new]}}\n  - {id: tagged,"
    rig.adopt(CONDITIONS.replace("enrich: [{id: tagged,", other).replace("[odd]}}]", "[odd]}}"))
    rig.wait(hours=2)
    assert acted(rig) == ["written"]


def test_tags_and_channel_are_those_of_the_moment() -> None:
    rig = Rig(CONDITIONS)
    lea = rig.lead("lea")
    lea.goes("offline")
    joe = rig.customer("joe", email="joe@x.example", webchat="v1")
    joe.on("email").says("hello")
    lea.tags(joe, add=("odd",))
    rig.wait(hours=2)
    assert acted(rig) == ["by-night"]
