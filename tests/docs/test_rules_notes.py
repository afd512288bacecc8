"""What has no effect yet, by the page of the rule language, has none; else it is struck off."""

from __future__ import annotations

import pytest
from tests.docs.pages import page

from omniroute.testing.rig import Rig

NOTE = page("reference/rules.md").section("Not yet")


def offered_first(rules: str, minutes: float) -> str:
    """Who is offered to the only agent: Ada, who wrote first, or Ben, who is urgent."""
    rig = Rig(rules)
    ada, ben = (
        rig.customer("ada", email="ada@x.example"),
        rig.customer("ben", email="ben@x.example"),
    )
    ada.on("email").says("hello")
    rig.wait(minutes=minutes)
    ben.on("email").says("urgent")
    rig.agent("ana", capacity=1)
    (first,) = [thread for thread in rig.threads if thread.offers]
    return "ada" if first.id == 1 else "ben"


RULES = """
version: 1
queues: {general: {%s}}
defaults: {queue: general}
enrich: [{id: urgent, when: {message.text: urgent}, set: {priority: urgent}}]
route: [{id: all, to: {queue: general}}]
"""


@pytest.mark.parametrize(
    ("key", "queue"),
    [("order", "order: [routing_since]"), ("promote_after", "promote_after: 1s")],
)
def test_an_order_of_its_own_has_no_effect_on_a_queue(key: str, queue: str) -> None:
    assert offered_first(RULES % queue, minutes=60) == "ben"
    assert f"`{key}`" in NOTE


def test_a_promise_for_the_next_reply_moves_no_deadline() -> None:
    rig = Rig(
        RULES.replace("{queue: general}\n", "{queue: general, sla: {next_reply: 1m}}\n", 1) % ""
    )
    ada = rig.customer("ada", email="ada@x.example")
    ana = rig.agent("ana")
    ada.on("email").says("hello")
    ana.accepts()
    first = rig.threads[0].deadline
    ana.replies("Hello Ada")
    rig.wait(minutes=5)
    ada.on("email").says("and one more thing")
    assert rig.threads[0].deadline == first
    assert "`next_reply`" in NOTE
