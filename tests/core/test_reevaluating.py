"""An activation that has waiting threads evaluated again (routing.md 2.1, R11)."""

from __future__ import annotations

from omniroute.core import inputs as i
from omniroute.core.rules import RuleSet
from omniroute.rules.load import parse_rules
from omniroute.testing.rig import Rig

OLD = """
version: 1
skills: {fr: {}}
queues: {general: {}, late: {}}
defaults: {queue: general}
route:
  - id: all
    to: {queue: general, need: {fr: 4}, for: 30s}
    relax: [{need: {fr: 3}, for: 30s}, {need: {fr: 2}}]
"""
NEW = OLD.replace("for: 30s}\n", "for: 20s}\n").replace(
    "{need: {fr: 2}}", "{need: {fr: 2}, queue: late}"
)


def parsed(rules: str) -> RuleSet:
    return parse_rules({"rules.yaml": rules.encode()})


def reload(rig: Rig, rules: str, *threads: int) -> None:
    new = parsed(rules)
    rig.state.adopt(new)
    reseen = tuple(i.Reseen(thread, {"channel": "email"}) for thread in threads)
    rig.machine.rules = new
    rig.machine.put(i.RulesLoaded, version=new.version, reseen=reseen)


def test_r11_the_elapsed_clock_is_mapped_on_the_new_ladder() -> None:
    """Reload at 40, new ladder 20/30/∞: its second step, ending at 50."""
    rig = Rig(OLD)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    began = rig.threads[0].routing_since
    rig.wait(seconds=40)
    reload(rig, NEW, 1)
    (thread,) = rig.threads
    assert (thread.step, thread.step_used, thread.routing_since) == (1, 20_000, began)
    assert thread.rules == parsed(NEW).version
    rig.wait(seconds=9)
    assert rig.threads[0].step == 1
    rig.wait(seconds=1)
    assert (rig.threads[0].step, rig.threads[0].queue) == (2, "late")
    rig.fold()


def test_whoever_is_not_named_stays_under_the_old_rules() -> None:
    rig = Rig(OLD)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    version = rig.state.rules.version
    rig.wait(seconds=40)
    reload(rig, NEW)
    assert (rig.threads[0].rules, rig.threads[0].step_used) == (version, 0)


def test_rules_that_make_the_same_of_it_leave_a_pending_offer_alone() -> None:
    rig = Rig(OLD)
    ana = rig.agent("ana", fr=5)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    reload(
        rig,
        OLD.replace(
            "  - id: all", "  - {id: none, when: {tags: x}, to: {queue: late}}\n  - id: all"
        ),
        1,
    )
    ana.is_offered(joe)
    assert rig.threads[0].offered == 1


def test_an_offer_is_taken_back_where_the_requirement_is_another() -> None:
    rig = Rig(OLD)
    ana = rig.agent("ana", fr=5)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    ana.is_offered(joe)
    reload(rig, OLD.replace("{fr: 4}", "{fr: 4.5}"), 1)
    assert [card.kind for card in rig.cards] == ["offer", "withdrawn", "offer"]
    assert rig.threads[0].steps[0].need == {"fr": 4.5}
    rig.fold()


def test_past_the_end_of_the_new_ladder_it_is_stranded_openly() -> None:
    rig = Rig(OLD)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    rig.wait(seconds=40)
    reload(rig, OLD.replace("[{need: {fr: 3}, for: 30s}, {need: {fr: 2}}]", "[]"), 1)
    rig.wait(seconds=1)
    joe.is_stranded(because="no_candidate")


def test_what_somebody_has_and_what_was_handed_over_stays() -> None:
    rig = Rig(OLD)
    ana = rig.agent("ana", fr=5)
    joe, kim = (rig.customer(name, email=f"{name}@x.example") for name in ("joe", "kim"))
    joe.on("email").says("bonjour")
    ana.accepts(joe)
    kim.on("email").says("bonjour")
    ana.transfers(kim, to="late")
    before = [(thread.rules, thread.queue) for thread in rig.threads]
    reload(rig, NEW, 1, 2, 77)
    assert [(thread.rules, thread.queue) for thread in rig.threads] == before


def test_another_promise_counts_from_when_it_began_to_wait() -> None:
    rig = Rig(OLD)
    joe = rig.customer("joe", email="joe@x.example")
    joe.on("email").says("bonjour")
    began = rig.now
    rig.wait(seconds=40)
    promise = OLD.replace("{queue: general}\n", "{queue: general, sla: {first_reply: 10m}}\n", 1)
    reload(rig, promise, 1)
    (thread,) = rig.threads
    assert thread.deadline == began + 600_000
    assert thread.step == 1
    rig.fold()
