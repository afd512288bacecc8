"""What has no effect yet, by the page of the rule language, has none; else it is struck off."""

from __future__ import annotations

from tests.docs.pages import page

from omniroute.testing.rig import Rig

NOTE = page("reference/rules.md").section("Not yet")


RULES = """
version: 1
queues: {general: {%s}}
defaults: {queue: general}
enrich: [{id: urgent, when: {message.text: urgent}, set: {priority: urgent}}]
route: [{id: all, to: {queue: general}}]
"""


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
