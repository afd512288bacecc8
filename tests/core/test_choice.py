"""Which queue an agent serves first, and measured fairness, as transcripts.

Names in front are those of routing.md 2.7, 2.8 and 2.10.
"""

from __future__ import annotations

import pytest

from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

TIERS = """
version: 1
defaults: {queue: sales}
route:
  - {id: support, when: {channel: support}, to: {queue: support}}
  - {id: tier3, when: {channel: tier3}, to: {queue: tier3}}
  - {id: all, to: {queue: sales}}
queues:
  sales: {teams: [sales], order: [routing_since]}
  support: {teams: [support], order: [routing_since], overflow: [{waited: 30s, add: sales}]}
  tier3: {teams: [sales], order: [routing_since], ranks: {sales: 2}}
"""
FAIR = """
version: 1
defaults: {queue: general}
enrich: [{id: heavy, when: {channel: heavy}, set: {weight: 2}}]
queues: {general: {pick: fair, auto_assign: true}}
"""
PASSED = FAIR.replace("auto_assign: true", "offer: {timeout: 20s}")


def writes(rig: Rig, name: str, channel: str) -> Customer:
    customer = Customer(rig.stage, name, {channel: name})
    customer.on(channel).says("hello")
    return customer


@pytest.mark.parametrize(("waited", "first"), [(31, "support"), (29, "sales")])
def test_q3_a_queue_opens_for_others_when_its_threads_have_waited(waited: int, first: str) -> None:
    rig = Rig(TIERS)
    ana = rig.agent("ana", teams=("sales",), status="offline", capacity=1)
    support = writes(rig, "joe", "support")
    rig.wait(seconds=waited - 20)
    sales = writes(rig, "kim", "sales")
    rig.wait(seconds=20)
    ana.goes("online")
    ana.is_offered({"support": support, "sales": sales}[first])


def test_q4_what_ranks_lower_waits_while_there_is_something_of_a_higher_rank() -> None:
    rig = Rig(TIERS)
    ana = rig.agent("ana", teams=("sales",), status="offline", capacity=1)
    hard = writes(rig, "joe", "tier3")
    rig.wait(minutes=5)
    easy = writes(rig, "kim", "sales")
    ana.goes("online")
    ana.is_offered(easy)
    ana.accepts()
    ana.resolves()
    ana.is_offered(hard)


def test_hard_work_goes_to_whoever_has_had_the_smaller_share_of_it() -> None:
    rig = Rig(FAIR)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    writes(rig, "a", "heavy")
    assert (ana.row.strain, bo.row.strain) == (1.0, 0.0)
    ana.resolves()
    for name in ("b", "c"):
        writes(rig, name, "webchat")
        bo.resolves()
    writes(rig, "d", "heavy")
    bo.resolves()
    assert bo.row.strain == pytest.approx(1 / 3)
    writes(rig, "e", "heavy")
    bo.resolves()  # two of four are still less than one of one
    assert (ana.row.strain, bo.row.strain) == (1.0, 0.5)


def test_a_share_is_of_the_last_seven_days() -> None:
    rig = Rig(FAIR)
    ana = rig.agent("ana")
    writes(rig, "a", "heavy")
    ana.resolves()
    rig.wait(hours=6 * 24)
    writes(rig, "b", "webchat")
    ana.resolves()
    assert ana.row.strain == pytest.approx(0.5)
    rig.wait(hours=24)
    writes(rig, "c", "webchat")
    assert ana.row.strain == 0.0
    rig.fold()


def test_what_others_passed_and_what_comes_late_is_hard() -> None:
    rig = Rig(PASSED)
    ana, bo = rig.agent("ana"), rig.agent("bo")
    writes(rig, "a", "webchat")
    ana.passes()
    bo.accepts()
    assert bo.row.strain == 1.0
    ana.goes("offline")
    bo.resolves()
    bo.goes("offline")
    writes(rig, "b", "webchat")
    rig.wait(hours=25)
    ana.goes("online")
    ana.accepts()
    assert ana.row.strain == 1.0


def test_d7_who_had_the_last_one_leaves_and_the_next_in_turn_is_asked() -> None:
    rig = Rig(FAIR.replace("fair", "round_robin"))
    ana, bo, cy = (rig.agent(name) for name in ("ana", "bo", "cy"))
    for name in ("a", "b"):
        writes(rig, name, "webchat")
        rig.wait(seconds=1)
    assert (ana.load, bo.load, cy.load) == (1, 1, 0)
    rig.without("bo")
    assert cy.load == 1  # what Bo had
    rig.wait(seconds=1)
    writes(rig, "c", "webchat")
    assert (ana.load, cy.load) == (2, 1)
