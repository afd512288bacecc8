"""The core's memory: what is kept in step, what is let go, and the way back."""

from __future__ import annotations

import msgspec
import pytest

from omniroute.core import inputs as i
from omniroute.core.engine import decide
from omniroute.core.events import OfferMade, RulesActivated
from omniroute.core.model import Agent, Customer, Evidence, Handle, Phase, Sla, Status, Thread
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.core.state import BARE, State
from omniroute.testing.machine import loaded
from omniroute.testing.rig import Rig


def rules(version: str, *teams: str) -> RuleSet:
    return RuleSet(version, Defaults("general"), queues={"general": Queue("general", teams=teams)})


def a_day(rig: Rig) -> None:
    """Something of everything."""
    ana, bo = rig.agent("ana", capacity=2), rig.agent("bo", capacity=1)
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    kim, eve = rig.customer("kim", webchat="v2"), rig.customer("eve", email="eve@mail.example")
    joe.on("webchat").says("hello")
    ana.accepts()
    kim.on("webchat").says("hello")
    bo.passes()
    ana.passes()
    eve.on("email").says("hello")
    bo.accepts()
    bo.resolves()


# --- loads ---


@pytest.mark.parametrize(("live", "load"), [(True, (3, 0)), (False, (0, 3))])
def test_what_a_thread_weighs_is_on_whoever_has_it(live: bool, load: tuple[int, int]) -> None:
    state = State()
    state.put_agent(Agent("ana"))
    thread = Thread(1, "c", 0, Phase.ASSIGNED, agent="ana", weight=3, live=live)
    state.put_thread(thread)
    ana = state.agents["ana"]
    assert ((ana.live_load, ana.mail_load), ana.threads) == (load, (1,))
    state.put_thread(msgspec.structs.replace(thread, phase=Phase.SNOOZED))
    ana = state.agents["ana"]
    assert ((ana.live_load, ana.mail_load), ana.threads) == ((0, 0), (1,))
    state.put_thread(msgspec.structs.replace(thread, phase=Phase.RESOLVED))
    assert state.agents["ana"].threads == ()


# --- rounds ---


def test_rows_are_what_changed_and_nothing_else() -> None:
    rig = Rig()
    a_day(rig)
    assert rig.state.changed() == {}
    decide(rig.state, i.TagsChanged("k", rig.now, "ana", 1, ("refund",)))
    assert set(rig.state.changed()) == {"t/1"}


def test_a_closed_thread_moves_to_another_row() -> None:
    rig = Rig()
    a_day(rig)
    assert "t/3" in rig.machine.rows
    rig.wait(hours=24 * 8)
    assert "t/3" not in rig.machine.rows
    closed = msgspec.json.decode(rig.machine.rows["tc/3"], type=Thread)
    assert closed.phase is Phase.CLOSED
    assert 3 not in rig.state.threads


@pytest.mark.parametrize(
    "input",
    [
        i.TagsChanged("k", 0, "ana", 1, ("refund",)),
        i.ThreadResolved("k", 0, "ana", 1),
        i.ThreadClaimed("k", 0, "bo", 2),
        i.StatusDeclared("k", 0, "ana", Status.OFFLINE),
        i.TeamLoaded("k", 0, (i.Member("bo"), i.Member("cy", skills={"fr": 3}))),
        i.TeamLoaded("k", 0, (i.Member("ana", teams=("x",)), i.Member("bo", capacity=9))),
        i.RulesLoaded("k", 0, "other"),
        i.MessageReceived("k", 0, "m", "webchat", "main", i.Seen("webchat:v3", "webchat")),
        i.MessageReceived(
            "k",
            0,
            "m",
            "email",
            "main",
            i.Seen("email:eve@mail.example", "email"),
            (i.Claimed(i.Seen("webchat:v1", "webchat"), Evidence.VERIFIED, "code"),),
        ),
    ],
    ids=lambda input: type(input).__name__,
)
def test_a_round_that_is_taken_back_has_never_been(input: i.AnyInput) -> None:
    rig = Rig()
    a_day(rig)
    rig.state.adopt(rules("other", "x"))
    input = msgspec.structs.replace(input, at=rig.now)
    fresh = loaded(rig.machine.rows)
    rig.machine.absorb(input)
    first = decide(rig.state, input)
    assert first.events
    rig.state.rollback()
    assert (rig.state.threads, rig.state.agents) == (fresh.threads, fresh.agents)
    assert rig.state.counters == fresh.counters
    assert rig.state.due() == fresh.due()
    assert rig.state.changed() == {}
    rig.machine.absorb(input)
    assert decide(rig.state, input) == first


def test_a_round_that_is_taken_back_leaves_no_customer_behind() -> None:
    state = State()
    message = i.MessageReceived("k", 0, "m", "webchat", "main", i.Seen("h", "webchat"))
    state.absorb("h/h", None)
    decide(state, message)
    state.rollback()
    assert (state.customers, state.handles, state.threads) == ({}, {}, {})
    assert not state.knows("h/h")


# --- cold rows ---


def test_a_customer_is_kept_while_their_thread_is_open_and_no_longer() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    assert set(rig.state.customers) == {"webchat:v1"}
    ana.accepts()
    ana.resolves()
    assert set(rig.state.customers) == {"webchat:v1"}
    rig.wait(hours=24 * 8)
    assert (rig.state.customers, rig.state.handles) == ({}, {})


def test_what_was_only_looked_up_is_let_go() -> None:
    state = State()
    handle, customer = Handle("h", "c", "email", 0), Customer("c", ("h",))
    state.absorb("h/h", msgspec.json.encode(handle))
    state.absorb("c/c", msgspec.json.encode(customer))
    assert state.knows("h/h")
    assert state.knows("c/c")
    state.settle()
    assert not state.knows("h/h")
    assert not state.knows("c/c")


def test_what_is_not_there_is_known_not_to_be_until_the_round_ends() -> None:
    state = State()
    state.absorb("h/h", None)
    assert state.knows("h/h")
    state.settle()
    assert not state.knows("h/h")


def test_who_ceased_to_be_in_this_round_is_known_to_be_gone() -> None:
    state = State()
    state.absorb("c/c", msgspec.json.encode(Customer("c", ("h",))))
    state.drop_customer("c")
    assert state.knows("c/c")
    assert state.changed() == {"c/c": None}
    state.rollback()
    assert state.customers["c"].handles == ("h",)


def test_a_restart_gives_the_same_state() -> None:
    rig = Rig()
    a_day(rig)
    before = (dict(rig.state.threads), dict(rig.state.agents), rig.state.due())
    rig.restart()
    assert (rig.state.threads, rig.state.agents, rig.state.due()) == before


def test_taking_rows_in_gives_nobody_anything_to_do() -> None:
    rig = Rig()
    a_day(rig)
    rig.restart()
    index = rig.state.index
    assert (index.freed, index.queued, index.left) == ({}, {}, {})


# --- rule sets ---


def test_a_rule_set_decides_from_its_activation_on() -> None:
    rig = Rig(rules("one", "money"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.state.adopt(rules("two"))
    rig.wait(minutes=5)
    ana.is_not_asked()
    assert rig.state.rules.version == "one"
    rig.machine.put(i.RulesLoaded, version="two")
    ana.is_offered(joe)
    assert rig.state.rules.version == "two"


def test_an_activation_is_one_decision_that_offers_all_that_can_be_offered() -> None:
    rig = Rig(rules("one", "money"))
    agents = [rig.agent(f"agent{n}", capacity=1) for n in range(3)]
    customers = [rig.customer(f"c{n}", webchat=f"v{n}") for n in range(5)]
    for customer in customers:
        customer.on("webchat").says("hello")
    rig.adopt(rules("two"))
    decision = rig.machine.journal[-1].decision
    kinds = [type(event) for event in decision.events]
    assert kinds == [RulesActivated, OfferMade, OfferMade, OfferMade]
    for agent, customer in zip(agents, customers, strict=False):
        agent.is_offered(customer)


def test_an_activation_strands_whom_nobody_serves_any_more() -> None:
    rig = Rig(rules("one"))
    rig.agent("ana", capacity=0)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    joe.waits()
    rig.adopt(rules("two", "money"))
    joe.is_stranded(because="no_candidate")


def test_an_activation_that_is_taken_back_leaves_the_old_rules() -> None:
    rig = Rig(rules("one", "money"))
    rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.state.adopt(rules("two"))
    decide(rig.state, i.RulesLoaded("k", rig.now, "two"))
    rig.state.rollback()
    assert rig.state.rules.version == "one"
    again = decide(rig.state, i.RulesLoaded("k", rig.now, "two"))
    assert [type(event) for event in again.events] == [RulesActivated, OfferMade]


def test_after_a_restart_the_active_rules_decide_at_once_and_start_nothing() -> None:
    rig = Rig(rules("one"))
    a_day(rig)
    rig.restart()
    assert rig.state.rules.version == "one"
    assert (rig.state.index.freed, rig.state.index.left) == ({}, {})


def test_after_a_restart_under_other_rules_nothing_is_decided_without_any() -> None:
    rig = Rig(rules("one", "money"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    state = loaded(rig.machine.rows)
    assert state.rules is BARE
    state.adopt(rules("two", "help"))
    assert state.rules.version == "two"
    decide(state, i.TimerDue("k", rig.now, 1, rig.now))
    assert state.threads[1].offers == ()
    decide(state, i.RulesLoaded("k", rig.now, "two"))
    assert state.counters.rules == "two"
    ana.is_not_asked()


def test_a_queue_that_the_rules_no_longer_have_serves_nobody() -> None:
    rig = Rig(rules("one", "money"))
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.adopt(RuleSet("two", Defaults("other"), queues={"other": Queue("other")}))
    joe.is_stranded()
    ana.is_not_asked()


# --- time ---


def test_a_timer_that_was_put_off_is_not_due_twice() -> None:
    rig = Rig()
    lea = rig.lead("lea")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    lea.takes(joe)
    lea.snoozes(joe, minutes=5)
    lea.snoozes(joe, minutes=9)
    assert rig.state.due() == (rig.now + 9 * 60_000, 1)
    lea.resolves(joe)
    assert rig.state.due() == (joe.thread.reopen_until, 1)


def test_a_timer_that_is_ignored_lets_the_others_run() -> None:
    rig = Rig()
    lea = rig.lead("lea")
    for name, minutes in (("joe", 1), ("kim", 2)):
        customer = rig.customer(name, webchat=name)
        customer.on("webchat").says("hello")
        lea.takes(customer)
        lea.snoozes(customer, minutes=minutes)
    due = rig.state.due()
    assert due is not None
    rig.state.ignore_timer(*due)
    assert rig.state.due() == (rig.now + 2 * 60_000, 2)


def test_a_promise_like_the_usual_one_is_the_usual_one_and_rows_leave_it_out() -> None:
    """However it came: a journal that names it folds into the same rows."""
    state = State()
    thread = Thread(1, "c", 0, sla=state.shared_sla(Sla()))
    state.put_thread(thread)
    assert b"sla" not in (state.changed()["t/1"] or b"sla")
