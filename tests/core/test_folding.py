"""Two open threads of one customer become one (routing.md 3)."""

from __future__ import annotations

import itertools

import pytest

from omniroute.core.events import ThreadFolded, ThreadReopened
from omniroute.core.model import Phase
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

PHASES = ("stranded", "queued", "offered", "assigned", "snoozed", "resolved")
PAIRS = list(itertools.product(PHASES, PHASES))
OWNED = ("assigned", "snoozed")


class Two:
    """Joe wrote by mail and, later, somebody wrote on Telegram who will turn out to be Joe."""

    def __init__(self, older: str, younger: str) -> None:
        self.rig = rig = Rig(not_live=frozenset({"email", "telegram"}))
        self.lea = rig.lead("lea")
        self.cy = rig.agent("cy", capacity=0, status="offline")
        self.agents = {name: rig.agent(name, status="transfers") for name in ("ana", "bo")}
        self.joe = rig.customer("joe", email="joe@mail.example")
        self.same = rig.customer("same", telegram="@joe")
        self._brought(older, self.joe, "email", self.agents["ana"])
        rig.wait(seconds=1)
        self._brought(younger, self.same, "telegram", self.agents["bo"])

    def _brought(self, phase: str, who: Customer, place: str, agent: Agent) -> None:
        """Have a thread stand where it should."""
        self.cy.goes("offline" if phase == "stranded" else "online")
        who.on(place).says(f"by {place}")
        if phase == "offered":
            self.lea.prioritises(who, 40)
            self.rig.change(self.cy, capacity=self.cy.load + 1)
        elif phase in ("assigned", "snoozed", "resolved"):
            agent.takes(who)
        if phase == "snoozed":
            agent.snoozes(who)
        if phase == "resolved":
            agent.resolves(who)
        assert who.thread.phase == phase

    def join(self) -> None:
        """The one who wrote on Telegram proves to be Joe."""
        self.same.on("telegram").says("I am Joe", claims=[self.joe.known_as("email")])


@pytest.mark.parametrize(("older", "younger"), PAIRS)
def test_the_older_survives_and_whoever_has_either_has_it(older: str, younger: str) -> None:
    two = Two(older, younger)
    was = two.joe.thread
    two.join()
    assert [thread.id for thread in two.rig.threads] == [was.id]
    assert two.joe.row.open == was.id
    owner = "ana" if older in OWNED else "bo" if younger in OWNED else ""
    assert two.joe.thread.agent == owner
    assert [folded.thread for folded in two.rig.happened(ThreadFolded)] == [2]
    two.rig.restart()
    two.rig.fold()


@pytest.mark.parametrize(("older", "younger"), PAIRS)
def test_nobody_keeps_what_they_lost_by_it(older: str, younger: str) -> None:
    two = Two(older, younger)
    two.join()
    carried = {name: agent.row.threads for name, agent in two.agents.items()}
    for name, threads in carried.items():
        assert threads == ((1,) if two.joe.thread.agent == name else ())
    two.cy.goes("offline")
    two.cy.is_not_asked()


def test_i2_the_next_answer_goes_to_where_the_customer_wrote_last() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", email="joe@mail.example", telegram="@joe")
    joe.on("email").says("first")
    ana.accepts(joe)
    joe.on("telegram").says("second")
    rig.wait(seconds=10)
    joe.on("telegram").says("my code", claims=[joe.known_as("email")])
    ana.sees("first", "second", "my code")
    ana.replies("welcome back")
    joe.on("telegram").receives("welcome back")
    joe.on("email").receives_nothing()


def test_the_more_urgent_of_both_is_what_counts() -> None:
    two = Two("queued", "queued")
    two.lea.prioritises(two.same, 40)
    older = two.joe.thread
    two.join()
    assert (two.joe.thread.priority, two.joe.thread.routing_since) == (40, older.routing_since)


def test_what_is_resolved_makes_nothing_urgent() -> None:
    two = Two("resolved", "queued")
    two.lea.prioritises(two.joe, 40)
    younger = two.same.thread
    two.join()
    kept = two.joe.thread
    assert (kept.id, kept.priority, kept.routing_since) == (1, 20, younger.routing_since)
    assert [event.how for event in two.rig.happened(ThreadReopened)] == ["fold"]


def test_what_is_resolved_and_older_makes_nothing_urgent_when_somebody_has_the_other() -> None:
    two = Two("resolved", "assigned")
    two.lea.prioritises(two.joe, 40)
    two.join()
    assert two.joe.thread.priority == 20
    two.agents["bo"].has(two.joe)


def test_a_younger_thread_that_is_resolved_makes_nothing_urgent() -> None:
    two = Two("queued", "resolved")
    two.lea.prioritises(two.same, 40)
    two.join()
    assert two.joe.thread.priority == 20


def test_two_resolved_threads_are_reopened_by_what_is_written_but_not_by_a_machine() -> None:
    two = Two("resolved", "resolved")
    claims = [two.joe.known_as("email")]
    two.same.on("telegram").says("I am away", claims=claims, automatic=True)
    assert two.joe.thread.phase is Phase.RESOLVED
    two.same.on("telegram").says("hello")
    two.joe.waits()


def test_of_two_owners_the_survivor_s_stays_and_the_other_is_told_and_unloaded() -> None:
    two = Two("assigned", "assigned")
    two.join()
    two.agents["bo"].is_told("folded")
    assert (two.agents["ana"].load, two.agents["bo"].load) == (1, 0)


def test_an_owner_who_takes_over_sees_the_thread_and_the_asked_lose_it() -> None:
    two = Two("offered", "assigned")
    two.join()
    two.cy.is_told("taken:bo", kind="withdrawn")
    two.agents["bo"].is_told("", kind="message")
    two.cy.is_not_asked()


def test_offers_of_the_folded_thread_are_cancelled() -> None:
    two = Two("assigned", "offered")
    two.join()
    two.cy.is_told("cancelled", kind="withdrawn")
    two.cy.is_not_asked()


def test_a_reply_that_can_still_be_undone_goes_on_in_the_thread_that_stays() -> None:
    two = Two("assigned", "assigned")
    bo = two.agents["bo"]
    bo.replies("for Telegram", two.same, hold=20)
    two.join()
    bo.undoes("for Telegram", two.joe)
    bo.replies("again", two.joe, refused="not_yours")
    two.rig.wait(minutes=1)
    two.same.on("telegram").receives_nothing()


def test_i6_incident_13_a_reply_leaves_to_the_handle_it_was_written_for() -> None:
    two = Two("assigned", "assigned")
    ana = two.agents["ana"]
    ana.replies("for your mail", two.joe, hold=20)
    two.join()
    two.rig.wait(minutes=1)
    two.joe.on("email").receives("for your mail")
    two.same.on("telegram").receives_nothing()


def test_whoever_writes_without_having_seen_the_other_thread_is_told() -> None:
    two = Two("assigned", "queued")
    turns = two.joe.thread.turns
    two.join()
    assert two.joe.thread.turns == 3
    two.agents["ana"].replies("hello", two.joe, unseen=3 - turns, refused="customer_wrote")


def test_d4_of_three_who_become_one_every_tag_and_every_way_to_reach_them_survives() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    people = [rig.customer(f"c{n}", email=f"c{n}@mail.example") for n in range(3)]
    for number, customer in enumerate(people):
        customer.on("email").says("hello")
        ana.tags(customer, add=[f"kind-{number}"])
    first, *others = people
    for other in others:
        ana.merges(first.known_as("email"), other.known_as("email"))
    assert set(first.thread.tags) == {"kind-0", "kind-1", "kind-2"}
    assert set(first.row.handles) == {customer.seen("email").id for customer in people}
    assert {voice.handle for voice in first.thread.voices} == set(first.row.handles)


def test_what_was_answered_in_both_counts() -> None:
    two = Two("assigned", "assigned")
    two.agents["ana"].replies("one", two.joe)
    two.agents["bo"].replies("two", two.same)
    two.join()
    assert (two.joe.thread.replies, two.joe.thread.turns) == (2, 3)


def test_of_two_resolved_threads_the_one_that_stays_can_be_reopened_as_long_as_either() -> None:
    two = Two("resolved", "resolved")
    until = two.same.thread.reopen_until
    assert until > two.joe.thread.reopen_until
    claims = [two.joe.known_as("email")]
    two.same.on("telegram").says("I am away", claims=claims, automatic=True)
    assert two.joe.thread.reopen_until == until


def test_both_threads_tags_are_kept() -> None:
    two = Two("queued", "queued")
    two.lea.tags(two.joe, add=["refund"])
    two.lea.tags(two.same, add=["angry", "refund"])
    two.join()
    assert two.joe.thread.tags == ("refund", "angry")


def test_who_gets_mail_only_is_no_longer_asked_once_the_joined_thread_is_a_chat() -> None:
    rig = Rig(not_live=frozenset({"email"}))
    away = rig.agent("away", status="away")
    joe = rig.customer("joe", email="joe@mail.example")
    same = rig.customer("same", telegram="@joe")
    joe.on("email").says("my parcel")
    away.is_offered(joe)
    rig.wait(seconds=1)
    same.on("telegram").says("any news?")
    away.merges(joe.known_as("email"), same.known_as("telegram"))
    away.is_not_asked()
    joe.is_stranded("nobody_present")
