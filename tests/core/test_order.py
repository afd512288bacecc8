"""Order in the queue, as transcripts (routing.md 2.7): orders, promotion, boost."""

import pytest

from omniroute.core.events import ThreadPromoted
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

DESK = """
version: 1
calendars:
  office: {tz: UTC, open: {mon-fri: "09:00-17:00"}}
defaults: {queue: general, priority: 1, sla: {first_reply: 24h}}
enrich:
  - {id: two, when: {message.text: {any_of: [second]}}, set: {priority: 2}}
  - {id: soon, when: {message.text: {any_of: [soon]}}, set: {sla: {first_reply: 5m}}}
  - {id: old, when: {message.text: {any_of: [old]}}, set: {boost: 10m}}
  - {id: office, when: {message.text: {any_of: [office]}}, set: {sla: {clock: office}}}
route:
  - {id: other, when: {message.text: other}, to: {queue: other}}
  - {id: all, to: {queue: general}}
queues:
  general: {GENERAL}
  other: {OTHER}
"""


def desk(general: str = "promote_after: never", other: str = "promote_after: never") -> Rig:
    return Rig(DESK.replace("GENERAL", general).replace("OTHER", other))


def writes(rig: Rig, name: str, text: str = "hello") -> Customer:
    whom = rig.customer(name, email=f"{name}@x.example")
    whom.on("email").says(text)
    return whom


def served(rig: Rig, *customers: Customer) -> list[str]:
    """The order in which one agent, who takes one at a time, is offered them."""
    ana = rig.agent("ana", capacity=1)
    names: list[str] = []
    for _ in customers:
        (whom,) = [c for c in customers if c.name not in names and c.thread.offers]
        names.append(whom.name)
        ana.accepts(whom)
        ana.resolves(whom)
    return names


def test_q1_the_higher_priority_goes_first_though_it_came_later() -> None:
    rig = desk()
    t = writes(rig, "t")
    rig.wait(seconds=50)
    u = writes(rig, "u", "second")
    assert served(rig, t, u) == ["u", "t"]


def test_q1_after_a_promotion_the_older_goes_first() -> None:
    rig = desk("promote_after: 60s")
    t = writes(rig, "t")
    rig.wait(seconds=50)
    u = writes(rig, "u", "second")
    rig.wait(seconds=10)
    assert (t.thread.priority, u.thread.priority) == (2, 2)
    assert served(rig, t, u) == ["t", "u"]


def test_q2_whoever_nobody_can_take_holds_up_nobody_behind_them() -> None:
    rig = Rig("""
version: 1
skills: {fr: {}, de: {}}
defaults: {queue: general}
enrich:
  - {id: fr, when: {message.text: bonjour}, set: {need: {fr: 3}}}
  - {id: de, when: {message.text: hallo}, set: {need: {de: 3}}}
queues: {general: {}}
""")
    ana = rig.agent("ana", capacity=1, de=5)
    busy = writes(rig, "busy", "hallo")
    ana.accepts(busy)
    writes(rig, "head", "bonjour")
    behind = writes(rig, "behind", "hallo")
    ana.resolves(busy)
    ana.is_offered(behind)


def test_q5_a_boost_moves_up_and_the_wait_stays_what_it_is() -> None:
    rig = desk("order: [priority, routing_since], promote_after: never")
    ada = writes(rig, "ada")
    rig.wait(seconds=100)
    t = writes(rig, "t")
    waits_since = t.thread.queued_since
    lead = rig.lead("lena")
    lead.boosts(t, seconds=300)
    assert t.thread.routing_since == waits_since - 300_000
    assert t.thread.queued_since == waits_since
    assert served(rig, ada, t) == ["t", "ada"]


def test_q5_a_rule_boosts_at_entry() -> None:
    rig = desk("order: [routing_since], promote_after: never")
    ada = writes(rig, "ada")
    rig.wait(minutes=9)
    t = writes(rig, "t", "old")
    assert t.thread.queued_since == rig.now
    assert served(rig, ada, t) == ["t", "ada"]


def test_a_boost_is_for_leads_and_for_those_who_wait() -> None:
    rig = desk()
    ada = writes(rig, "ada")
    ana, lead = rig.agent("ana"), rig.lead("lena")
    ana.boosts(ada, seconds=60, refused="leads_only")
    ana.accepts(ada)
    lead.boosts(ada, seconds=60, refused="not_waiting")


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("[priority, deadline, routing_since]", "urgent"),
        ("[deadline, priority, routing_since]", "due"),
        ("[routing_since]", "oldest"),
        ("[deadline]", "due"),
        ("[priority]", "urgent"),
        ("[routing_since, priority]", "oldest"),
    ],
)
def test_a_queue_goes_by_its_own_order(order: str, first: str) -> None:
    rig = desk(f"order: {order}, promote_after: never")
    oldest = writes(rig, "oldest")
    rig.wait(seconds=1)
    due = writes(rig, "due", "soon")
    rig.wait(seconds=1)
    urgent = writes(rig, "urgent", "second")
    assert served(rig, oldest, due, urgent)[0] == first


def test_what_an_order_leaves_open_the_age_decides() -> None:
    rig = desk("order: [priority], promote_after: never")
    rig.wait(seconds=1)
    one, two = writes(rig, "one", "second"), writes(rig, "two", "second old")
    assert served(rig, one, two) == ["two", "one"]


def test_between_queues_one_that_ignores_priority_counts_as_of_the_default() -> None:
    rig = desk(other="order: [routing_since], promote_after: never")
    plain = writes(rig, "plain")
    other = writes(rig, "other", "other")
    urgent = writes(rig, "urgent", "second")
    assert served(rig, plain, other, urgent) == ["urgent", "other", "plain"]


def test_another_order_sorts_those_anew_who_wait() -> None:
    rig = desk()
    oldest = writes(rig, "oldest")
    rig.wait(seconds=1)
    urgent = writes(rig, "urgent", "second")
    rig.adopt(DESK.replace("GENERAL", "order: [routing_since]").replace("OTHER", ""))
    assert served(rig, oldest, urgent) == ["oldest", "urgent"]


def test_by_default_half_an_hour_of_waiting_is_worth_one() -> None:
    rig = desk("")
    ada = writes(rig, "ada")
    rig.wait(minutes=29.99)
    assert ada.thread.priority == 1
    rig.wait(minutes=0.01)
    assert ada.thread.priority == 2
    rig.wait(hours=1)
    assert ada.thread.priority == 4


def test_a_night_promotes_nobody() -> None:
    rig = desk("promote_after: 1h")
    ada = writes(rig, "ada", "office")  # Monday 08:00, an hour before opening
    rig.wait(hours=1)
    assert ada.thread.priority == 1
    rig.wait(hours=1)
    assert ada.thread.priority == 2
    rig.wait(hours=24)
    assert ada.thread.priority == 10


def test_whoever_is_served_is_promoted_no_more() -> None:
    rig = desk("promote_after: 60s")
    ada = writes(rig, "ada")
    ana = rig.agent("ana")
    ana.accepts(ada)
    rig.wait(minutes=10)
    assert rig.happened(ThreadPromoted) == []


def test_whoever_comes_back_begins_a_new_span() -> None:
    rig = desk("promote_after: 60s")
    ada = writes(rig, "ada")
    ana = rig.agent("ana")
    ana.accepts(ada)
    rig.wait(minutes=10)
    ana.transfers(ada, to="other")
    ana.transfers(ada, to="general")
    rig.wait(seconds=59)
    assert ada.thread.priority == 1
    rig.wait(seconds=1)
    assert ada.thread.priority == 2


def test_promotions_that_were_slept_through_come_each_at_its_time() -> None:
    rig = desk("promote_after: 60s")
    ada = writes(rig, "ada")
    began = rig.now
    rig.sleep(minutes=3.5)
    rig.machine.run_timers()
    assert [event.due - began for event in rig.happened(ThreadPromoted)] == [
        60_000,
        120_000,
        180_000,
    ]
    assert ada.thread.priority == 4
    rig.restart()
    rig.fold()


def test_waiting_is_bounded_whatever_else_comes() -> None:
    """Invariant 19: each minute somebody more urgent writes; the first is served all the same."""
    rig = desk("promote_after: 60s")
    ana = rig.agent("ana", capacity=1)
    busy = writes(rig, "busy")
    ana.accepts(busy)
    patient = writes(rig, "patient")
    for minute in range(10):
        writes(rig, f"rival{minute}", "second")
        ana.resolves()
        ana.accepts()
        if patient.thread.agent:
            return
        rig.wait(minutes=1)
    raise AssertionError("never served")
