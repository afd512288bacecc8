"""At most so much of one kind, at most so much of one queue, as transcripts (routing.md 2.4)."""

import pytest

from omniroute.core.events import OfferMade, ThreadAssigned
from omniroute.core.model import Caps
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

DESK = """
version: 1
defaults: {queue: general}
enrich:
  - {id: two, when: {message.text: {any_of: [two]}}, set: {weight: 2}}
route:
  - {id: billing, when: {message.text: {any_of: [invoice]}}, to: {queue: billing}}
  - {id: all, to: {queue: general}}
queues:
  general: {offer: {timeout: 1h}, promote_after: never}
  billing: {offer: {timeout: 1h}, promote_after: never}
"""


def desk(capacity: int, caps: Caps) -> tuple[Rig, Agent]:
    rig = Rig(DESK)
    ana = rig.agent("ana", capacity=capacity)
    rig.change(ana, caps=caps)
    return rig, ana


def chats(rig: Rig, name: str, text: str = "hello") -> Customer:
    whom = rig.customer(name, webchat=name)
    whom.on("webchat").says(text)
    return whom


def mails(rig: Rig, name: str, text: str = "hello") -> Customer:
    whom = rig.customer(name, email=f"{name}@x.example")
    whom.on("email").says(text)
    return whom


def test_a_cap_of_chats_leaves_the_rest_to_mail() -> None:
    rig, ana = desk(5, Caps(chat=2))
    for name in ("a", "b"):
        ana.accepts(chats(rig, name))
    third = chats(rig, "c")
    third.waits()
    ana.accepts(mails(rig, "d"))
    ana.resolves(mails(rig, "e"))
    third.waits()
    ana.resolves(rig.customer("a", webchat="a"))
    ana.is_offered(third)


def test_a_cap_of_mail_leaves_the_rest_to_chats() -> None:
    rig, ana = desk(5, Caps(later=1))
    ana.accepts(mails(rig, "a"))
    second = mails(rig, "b")
    second.waits()
    ana.accepts(chats(rig, "c"))
    second.waits()


def test_a_cap_of_a_queue_holds_for_that_queue_alone() -> None:
    rig, ana = desk(5, Caps(queues={"billing": 1}))
    first, second = chats(rig, "a", "invoice"), chats(rig, "b", "invoice")
    ana.is_offered(first)  # a pending offer counts at once
    second.waits()
    ana.accepts(first)
    ana.accepts(chats(rig, "c"))
    second.waits()
    ana.resolves(first)
    ana.is_offered(second)


def test_weights_count_against_caps() -> None:
    rig, ana = desk(5, Caps(queues={"billing": 2}))
    ana.accepts(chats(rig, "a", "invoice"))
    heavy = chats(rig, "b", "two invoices: invoice and invoice")
    heavy.waits()
    ana.accepts(chats(rig, "c", "invoice"))


def test_all_limits_must_hold() -> None:
    rig, ana = desk(3, Caps(chat=2, queues={"billing": 2}))
    ana.accepts(chats(rig, "a"))
    ana.accepts(chats(rig, "b", "invoice"))
    chats(rig, "c", "invoice").waits()  # room in all and in billing, none for a chat
    ana.accepts(mails(rig, "d", "invoice"))
    mails(rig, "e").waits()  # none in all


def test_what_one_is_full_for_goes_to_another() -> None:
    rig, ana = desk(5, Caps(queues={"billing": 1}))
    ana.accepts(chats(rig, "a", "invoice"))
    bo = rig.agent("bo")
    bo.is_offered(chats(rig, "b", "invoice"))
    (match,) = [why for why in rig.machine.journal[-1].decision.why if why["about"] == "match"]
    assert match["counts"] == {
        "team": 0, "requirement": 0, "exclusion": 0, "availability": 0, "capacity": 1
    }  # fmt: skip


def test_a_cap_that_is_raised_is_seen_at_once() -> None:
    rig, ana = desk(5, Caps(queues={"billing": 1}))
    ana.accepts(chats(rig, "a", "invoice"))
    second = chats(rig, "b", "invoice")
    second.waits()
    rig.change(ana, caps=Caps(queues={"billing": 2}))
    ana.is_offered(second)
    rig.restart()
    rig.fold()


def test_a_cap_that_comes_later_counts_what_is_held_already() -> None:
    rig, ana = desk(5, Caps())
    ana.accepts(chats(rig, "a", "invoice"))
    rig.change(ana, caps=Caps(queues={"billing": 1}))
    assert ana.row.queue_loads == {"billing": 1}
    chats(rig, "b", "invoice").waits()
    rig.change(ana, caps=None)
    assert len(rig.happened(OfferMade)) == 2


def test_by_hand_more_than_the_cap_is_recorded_as_such() -> None:
    rig, ana = desk(5, Caps(chat=0))
    joe = chats(rig, "joe")
    joe.waits()
    ana.takes(joe)
    assert rig.happened(ThreadAssigned)[-1].over


@pytest.mark.parametrize("live", [True, False])
def test_what_waits_for_a_cap_is_not_stranded(live: bool) -> None:
    rig, ana = desk(5, Caps(chat=1, later=1))
    write = chats if live else mails
    ana.accepts(write(rig, "a"))
    write(rig, "b").waits()
