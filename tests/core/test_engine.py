"""The core's front: what it needs, what it answers, and that it can be asked in any order."""

from __future__ import annotations

import typing

import msgspec

from omniroute.core import inputs as i
from omniroute.core.engine import _ANSWERS, decide, keys
from omniroute.core.model import Evidence, Status
from omniroute.core.state import State
from omniroute.testing.rig import Rig


def message(key: str = "k", sender: str = "h1", claims: tuple[str, ...] = ()) -> i.MessageReceived:
    said = tuple(i.Claimed(i.Seen(c, "email"), Evidence.VERIFIED, "chat") for c in claims)
    return i.MessageReceived(key, 1, key, "chat", "main", i.Seen(sender, "chat"), said)


# --- keys ---


def test_a_message_needs_the_handles_it_shows_and_then_what_they_lead_to() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    ana = rig.agent("ana")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=24 * 8)
    state, asked = rig.state, message(sender="webchat:v1", claims=("nobody",))
    assert keys(state, asked) == ["h/webchat:v1", "h/nobody"]
    for key in keys(state, asked):
        state.absorb(key, rig.machine.rows.get(key))
    assert keys(state, asked) == ["c/email:joe@mail.example"]
    for key in keys(state, asked):
        state.absorb(key, rig.machine.rows.get(key))
    assert keys(state, asked) == ["h/email:joe@mail.example"]
    for key in keys(state, asked):
        state.absorb(key, rig.machine.rows.get(key))
    assert keys(state, asked) == []


def test_whatever_touches_a_thread_needs_its_customer() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.restart()
    asked: list[i.AnyInput] = [
        i.TimerDue("k", rig.now, 1, rig.now),
        i.ThreadResolved("k", rig.now, "ana", 1),
        i.Delivered("k", rig.now, "effect", 1, "sent"),
    ]
    assert [keys(rig.state, one) for one in asked] == [["c/webchat:v1"]] * 3


def test_what_touches_no_customer_needs_nothing() -> None:
    rig = Rig()
    assert keys(rig.state, i.StatusDeclared("k", 1, "ana", Status.ONLINE)) == []
    assert keys(rig.state, i.TeamLoaded("k", 1, ())) == []
    assert keys(rig.state, i.RulesLoaded("k", 1, "v")) == []
    assert keys(rig.state, i.NoteWritten("k", 1, "ana", 99, "m")) == []


def test_a_customer_who_was_joined_to_another_in_this_round_is_not_asked_for_again() -> None:
    rig = Rig()
    lea = rig.lead("lea")
    joe = rig.customer("joe", email="joe@mail.example")
    same = rig.customer("same", telegram="@joe")
    joe.on("email").says("hello")
    rig.wait(seconds=1)
    same.on("telegram").says("hello")
    folded = same.thread.id
    with rig.machine.one_commit():
        same.on("telegram").says("I am Joe", claims=[joe.known_as("email")])
        answer = rig.machine.put(i.NoteWritten, agent=lea.name, thread=folded, message="n").answer
        assert (answer.ok, answer.code) == (False, "unknown_thread")
    assert "c/telegram:@joe" not in rig.machine.rows
    rig.fold()


# --- answers ---


def test_every_input_has_an_answer() -> None:
    assert set(_ANSWERS) == set(typing.get_args(i.AnyInput))


def test_an_input_that_changes_nothing_has_no_events_and_says_why() -> None:
    state = State()
    decision = decide(state, i.ThreadClaimed("k", 1, "nobody", 1))
    assert (decision.events, decision.effects) == ((), ())
    assert decision.answer.code == "no_such_agent"
    assert decision.why == ({"about": "refused", "code": "no_such_agent", "agent": "nobody"},)
    assert state.changed() == {}


def test_a_thread_that_nobody_knows_is_said_to_be_unknown() -> None:
    rig = Rig()
    rig.agent("ana")
    answer = rig.machine.put(i.ThreadClaimed, agent="ana", thread=99).answer
    assert (answer.ok, answer.code, answer.values) == (False, "unknown_thread", {"thread": 99})


def test_a_thread_closed_in_this_round_is_as_gone_as_one_closed_long_ago() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.replies("bye")
    ana.resolves()
    rig.sleep(hours=24 * 8)
    with rig.machine.one_commit():
        rig.machine.run_timers()
        answer = rig.machine.put(i.TagsChanged, agent="ana", thread=1, add=("late",)).answer
        assert answer.code == "unknown_thread"
        shown = rig.fails(rig.deliveries[0]).effects
        assert shown == ()
    assert b"late" not in rig.machine.rows["tc/1"]


def test_rules_that_are_active_already_are_no_event() -> None:
    rig = Rig()
    assert rig.machine.put(i.RulesLoaded, version="").events == ()


def test_the_same_inputs_give_the_same_bytes() -> None:
    def play() -> bytes:
        rig = Rig()
        ana = rig.agent("ana")
        joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
        joe.on("webchat").says("hello")
        ana.accepts()
        ana.replies("hello", hold=5)
        rig.wait(minutes=5)
        return msgspec.json.encode([done.decision for done in rig.machine.journal])

    assert play() == play()


def test_an_unresponsive_agent_who_does_anything_is_back_even_if_it_is_refused() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    for name in ("joe", "kim"):
        rig.customer(name, webchat=name).on("webchat").says("hello")
        rig.wait(minutes=1)
    ana.is_unresponsive()
    rig.machine.put(i.ThreadClaimed, agent="ana", thread=99)
    ana.is_back()
