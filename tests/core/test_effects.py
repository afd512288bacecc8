"""An effect's id comes from its cause."""

from __future__ import annotations

from omniroute.core.effects import effect_id
from omniroute.testing.rig import Rig


def test_the_same_cause_gives_the_same_id_for_ever() -> None:
    assert effect_id("k", "reply", "h/m") == "82e91ec936d07c8c7d004d15fb"


def test_anything_else_gives_another() -> None:
    ids = {
        effect_id("k", "reply", "h/m"),
        effect_id("l", "reply", "h/m"),
        effect_id("k", "present", "h/m"),
        effect_id("k", "reply", "h/n"),
        effect_id("k", "reply", "h/m", 1),
    }
    assert len(ids) == 5


def test_parts_do_not_run_into_each_other() -> None:
    assert effect_id("a", "b", "c") != effect_id("ab", "", "c")


def test_no_two_effects_of_a_transcript_share_an_id() -> None:
    rig = Rig()
    ana, lea = rig.agent("ana"), rig.lead("lea")
    for name in ("joe", "kim"):
        rig.customer(name, webchat=name).on("webchat").says("hello")
    joe = rig.customer("joe", webchat="joe")
    ana.accepts(joe)
    ana.replies("one", joe)
    ana.replies("two", joe)
    lea.transfers(joe, to="general")
    rig.wait(minutes=10)
    every = [e.id for done in rig.machine.journal for e in done.decision.effects]
    assert len(every) == len(set(every))
