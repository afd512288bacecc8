"""Every event has one meaning, and folding them all gives the rows again."""

from __future__ import annotations

import typing

import msgspec

from omniroute.core import events as e
from omniroute.core.conditions import Always
from omniroute.core.evolve import FOLDS, evolve
from omniroute.core.inputs import Member
from omniroute.core.ladder import Stage
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet
from omniroute.core.state import State
from omniroute.testing.machine import loaded
from omniroute.testing.rig import Rig

LADDER = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
route: [{id: r, to: {queue: general, need: {fr: 4}, for: 30s}, relax: [{need: {fr: 1}}]}]
queues: {general: {offer: {timeout: 20s}}}
"""


def test_every_event_has_a_meaning() -> None:
    assert set(FOLDS) == set(typing.get_args(e.AnyEvent))


def test_every_event_is_what_it_was_after_it_was_written_down() -> None:
    rig = Rig(LADDER)
    ana = rig.agent("ana", fr=3)
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=40)
    ana.accepts()
    ana.replies("bonjour", hold=5)
    rig.wait(seconds=10)
    ana.resolves()
    for done in rig.machine.journal:
        for event in done.decision.events:
            written = msgspec.json.encode(event)
            assert msgspec.json.decode(written, type=e.AnyEvent) == event


def test_levels_are_written_the_same_before_and_after_a_restart() -> None:
    state = State()
    evolve(state, e.AgentJoined(Member("ana", skills={"fr": 3})), 0)
    rows = {key: row for key, row in state.changed().items() if row is not None}
    again = loaded(rows)
    again.put_agent(again.agents["ana"])
    assert {**again.changed()} == rows
    assert b'"fr":3.0' in rows["a/ana"]


def test_ladders_are_written_the_same_before_and_after_a_restart_and_are_kept_once() -> None:
    rule = RouteRule("r", Always(), "general", (Stage(need={"fr": 4}),))  # 4, and 4.0 in a row
    queues = {"general": Queue("general")}
    rig = Rig(RuleSet("whole", Defaults("general"), route=(rule,), queues=queues))
    for name in ("joe", "kim"):
        rig.customer(name, webchat=name).on("webchat").says("bonjour")
    joe, kim = rig.threads
    assert joe.steps is kim.steps
    rows = dict(rig.machine.rows)
    rig.restart()
    joe, kim = rig.threads
    assert joe.steps is kim.steps
    rig.state.put_thread(joe)
    assert rig.state.changed() == {"t/1": rows["t/1"]}


def test_an_event_about_an_agent_who_was_never_seen_is_no_fault_of_the_fold() -> None:
    state = State()
    evolve(state, e.AgentLeft("nobody"), 0)
    evolve(state, e.AgentUnresponsive("nobody"), 0)
    assert state.changed() == {}


def test_a_delivery_s_outcome_moves_nothing() -> None:
    state = State()
    evolve(state, e.ReplySent(1, "m", "effect"), 0)
    evolve(state, e.ReplyFailed(1, "m", "effect", "rejected"), 0)
    assert state.changed() == {}
