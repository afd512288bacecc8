"""A queue that is deep, as transcripts (experience.md 3.1)."""

from __future__ import annotations

from omniroute.core.events import QueueDeep, QueueEased
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

DESK = """
version: 1
defaults: {queue: tech}
route:
  - {id: money, when: {message.text: money}, to: {queue: billing}}
  - {id: all, to: {queue: tech}}
queues:
  tech: {teams: [tech], offer: {timeout: 1h}, alert: {depth: 3%s}}
  billing: {teams: [billing]}
"""


def desk(more: str = "") -> tuple[Rig, Agent, Agent]:
    """Ana serves tech and is full; Lea leads it."""
    rig = Rig(DESK % more)
    ana, lea = rig.agent("ana", teams=("tech",), capacity=1), rig.lead("lea", teams=("tech",))
    writes(rig, "first")
    ana.accepts()
    return rig, ana, lea


def writes(rig: Rig, name: str, text: str = "hello") -> Customer:
    customer = rig.customer(name, webchat=name)
    customer.on("webchat").says(text)
    return customer


def alerts(rig: Rig, whom: Agent) -> list[str]:
    return [c.reason for c in rig.machine.cards if (c.agent, c.kind) == (whom.name, "told")]


def test_leads_are_told_once_that_a_queue_is_deep() -> None:
    rig, _, lea = desk()
    for name in ("a", "b"):
        writes(rig, name)
    assert alerts(rig, lea) == []
    writes(rig, "c")
    lea.is_told("deep:tech:3")
    writes(rig, "d")
    assert alerts(rig, lea) == ["deep:tech:3"]


def test_and_once_more_after_it_has_been_better() -> None:
    rig, ana, lea = desk()
    waiting = [writes(rig, name) for name in ("a", "b", "c")]
    ana.takes(waiting[0])
    assert len(rig.happened(QueueEased)) == 1
    writes(rig, "d")
    assert alerts(rig, lea) == ["deep:tech:3"] * 2
    rig.restart()
    rig.fold()
    writes(rig, "e")
    assert len(rig.happened(QueueDeep)) == 2


def test_who_asks_for_it_is_reminded_while_it_stays_so() -> None:
    rig, _, lea = desk(", remind: 10m")
    for name in ("a", "b", "c"):
        writes(rig, name)
    rig.wait(minutes=9)
    writes(rig, "d")
    assert alerts(rig, lea) == ["deep:tech:3"]
    rig.wait(minutes=1)
    lea.is_told("deep:tech:4")
    writes(rig, "e")
    assert alerts(rig, lea) == ["deep:tech:3", "deep:tech:4"]


def test_others_are_told_where_they_are_named() -> None:
    rig, _, lea = desk(", to: [bea, billing]")
    bea = rig.agent("bea", teams=("tech",), status="away")
    max_ = rig.lead("max", teams=("billing",))
    for name in ("a", "b", "c"):
        writes(rig, name)
    bea.is_told("deep:tech:3")
    max_.is_told("deep:tech:3")
    assert alerts(rig, lea) == []


def test_another_queue_is_not_counted() -> None:
    rig, _, lea = desk()
    for name in ("a", "b"):
        writes(rig, name)
    writes(rig, "c", "money")
    assert "deep" not in "".join(alerts(rig, lea))


def test_they_are_reminded_by_themselves_while_it_stays_so() -> None:
    rig, ana, lea = desk(", remind: 15m")
    waiting = [writes(rig, name) for name in ("a", "b", "c")]
    rig.wait(minutes=14)
    assert alerts(rig, lea) == ["deep:tech:3"]
    rig.restart()
    rig.wait(minutes=1)
    assert alerts(rig, lea) == ["deep:tech:3"] * 2
    assert rig.cards[-1].thread == waiting[-1].thread.id
    rig.wait(minutes=15)
    assert len(rig.happened(QueueDeep)) == 3
    ana.takes(waiting[0])
    rig.wait(hours=3)
    assert len(rig.happened(QueueDeep)) == 3
    rig.fold()


def test_rules_that_do_not_ask_for_it_any_more_end_the_reminding() -> None:
    rig, _, lea = desk(", remind: 15m")
    for name in ("a", "b", "c"):
        writes(rig, name)
    rig.adopt(DESK.replace(", alert: {depth: 3%s}", ""))
    rig.wait(hours=1)
    assert alerts(rig, lea) == ["deep:tech:3"]
    assert len(rig.happened(QueueEased)) == 1
