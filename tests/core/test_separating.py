"""One person, and two after all, as transcripts.  Names in front are those of routing.md 3."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from omniroute.core.events import (
    LinkAdded,
    LinkRetracted,
    LinkSuggested,
    NotSame,
    TargetMissed,
    ThreadDivided,
    ThreadUnfolded,
)
from omniroute.core.model import Phase
from omniroute.core.urgency import HOUR, MINUTE
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig


class Desk:
    """Ana and Bo at work, Joe by mail, and somebody on Telegram who may be Joe."""

    def __init__(self) -> None:
        self.rig = rig = Rig(not_live=frozenset({"email"}))
        self.ana, self.bo = (
            rig.agent("ana", status="transfers"),
            rig.agent("bo", status="transfers"),
        )
        self.joe = rig.customer("joe", email="joe@mail.example")
        self.tom = rig.customer("tom", telegram="@tom")
        self.mail, self.chat = self.joe.on("email"), self.tom.on("telegram")
        self.joes, self.toms = self.joe.known_as("email"), self.tom.known_as("telegram")

    def joined(self) -> None:
        self.ana.merges(self.joes, self.toms)
        assert self.joe.row == self.tom.row

    def parted(self) -> None:
        self.ana.denies(self.joes, self.toms)
        assert self.joe.row.id != self.tom.row.id
        self.rig.restart()
        self.rig.fold()


def someone(rig: Rig, name: str) -> Customer:
    """Who writes from one place, which is called as they are."""
    return Customer(rig.stage, name, {name: name})


PASSING = ("version", "links", "not_same", "suggested", "clock_since", "last_agent", "last_at")


def tables(rig: Rig) -> dict[str, Any]:
    """Who is who, and what is open, less what only counts changes."""
    rows = rig.machine.rows
    found = {}
    for key, row in rows.items():
        if key[:2] in ("h/", "c/", "t/"):
            value = msgspec.json.decode(row)
            found[key] = {name: what for name, what in value.items() if name not in PASSING}
    return found


# --- merging by hand -----------------------------------------------------------------------------


def test_an_agents_word_joins_two_customers_and_names_the_agent() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.chat.says("any news?")
    desk.joined()
    assert [thread.id for thread in desk.rig.threads] == [1]
    (link,) = [added.link for added in desk.rig.happened(LinkAdded)]
    assert (link.evidence, link.source) == ("asserted", "ana")


def test_who_is_one_already_stays_one() -> None:
    desk = Desk()
    desk.mail.says("hello")
    desk.chat.says("hello")
    desk.joined()
    assert desk.ana.merges(desk.joes, desk.toms).code == "already_one"


def test_nobody_can_be_joined_to_an_address_that_never_wrote() -> None:
    desk = Desk()
    desk.mail.says("hello")
    desk.ana.merges(desk.joes, desk.toms, refused="unknown_handle")


def test_i4_two_numbers_of_one_kind_veto_until_a_person_gives_a_reason() -> None:
    rig = Rig(one_per_person=frozenset({"crm"}))
    ana = rig.agent("ana")
    one = rig.customer("one", crm="1", email="a@mail.example", verified=True)
    two = rig.customer("two", crm="2")
    one.on("email").says("hello")
    two.on("crm").says("hello")
    two.on("crm").says("I am one", claims=[one.known_as("email")])
    assert one.row.id != two.row.id
    assert [suggested.veto for suggested in rig.happened(LinkSuggested)] == ["crm"]
    ana.merges(one.known_as("email"), two.known_as("crm"), refused="vetoed")
    ana.merges(one.known_as("email"), two.known_as("crm"), because="he has two accounts")
    assert one.row == two.row
    assert rig.happened(LinkAdded)[-1].note
    rig.fold()


# --- splitting -----------------------------------------------------------------------------------


def test_i2_what_was_folded_is_as_before_and_later_messages_are_on_their_side() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.rig.wait(seconds=10)
    desk.chat.says("my invoice")
    before = tables(desk.rig)
    desk.joined()
    desk.parted()
    assert tables(desk.rig) == before
    desk.joe.is_stranded("nobody_present")
    desk.tom.is_stranded("nobody_present")


def test_what_was_said_while_they_were_one_goes_where_it_was_said() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.rig.wait(seconds=1)
    desk.chat.says("my invoice")
    desk.ana.takes(desk.joe)
    desk.bo.takes(desk.tom)
    desk.joined()
    desk.ana.has(desk.joe)
    desk.rig.wait(seconds=1)
    desk.chat.says("hello?")
    desk.ana.replies("one moment", desk.joe)
    desk.chat.receives("one moment")
    desk.parted()
    desk.ana.has(desk.joe)
    desk.bo.has(desk.tom)
    desk.ana.sees("my parcel")
    desk.bo.sees("my invoice", "hello?", "one moment")
    desk.bo.is_told("split", kind="assigned")
    desk.ana.is_told("split")
    assert (desk.joe.thread.turns, desk.joe.thread.replies) == (1, 0)
    assert (desk.tom.thread.turns, desk.tom.thread.replies) == (2, 1)
    desk.bo.replies("here it is", desk.tom)
    desk.mail.receives_nothing()


def test_what_both_wrote_into_is_divided_and_the_agent_goes_on_with_who_wrote_last() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.ana.takes(desk.joe)
    desk.rig.wait(seconds=1)
    desk.chat.says("where is it?", claims=[desk.joes])  # proves to be Joe, by mistake
    assert [thread.id for thread in desk.rig.threads] == [1]
    desk.parted()
    desk.ana.has(desk.tom)
    desk.joe.is_stranded("nobody_present")
    assert desk.tom.thread.id == 1
    assert (desk.joe.thread.turns, desk.joe.thread.routing_since) == (1, desk.tom.thread.since)
    assert len(desk.rig.happened(ThreadDivided)) == 1


def test_a_reply_that_can_still_be_undone_stays_with_the_address_it_is_for() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.rig.wait(seconds=1)
    desk.chat.says("my invoice")
    desk.ana.takes(desk.joe)
    desk.joined()
    desk.chat.says("hello?")
    desk.ana.replies("for Tom alone", desk.joe, hold=20)
    desk.parted()
    desk.rig.wait(seconds=30)
    desk.chat.receives("for Tom alone")
    desk.mail.receives_nothing()
    assert desk.tom.thread.replies == 1


def test_i3_one_of_two_links_parts_and_one_of_three_does_not() -> None:
    rig = Rig()
    ana = rig.agent("ana", status="transfers")
    a, b, c = (someone(rig, name) for name in "abc")
    for whom in (a, b, c):
        whom.on(whom.name).says("hello")
        rig.wait(seconds=1)
    ana.merges(a.known_as("a"), b.known_as("b"))
    ana.merges(b.known_as("b"), c.known_as("c"))
    ana.merges(a.known_as("a"), c.known_as("c"))  # nothing new: they are one
    c.on("c").says("proved", claims=[a.known_as("a")])
    assert ana.denies(a.known_as("a"), b.known_as("b")).code == "still_joined"
    assert a.row == b.row == c.row
    assert ana.denies(b.known_as("b"), c.known_as("c")).code == "split"
    assert b.row.handles == ("b:b",)
    assert c.row.handles == ("a:a", "c:c")
    assert [link.a for link in rig.happened(LinkRetracted)] == ["a:a", "b:b"]
    rig.restart()
    rig.fold()


def test_i5_whoever_was_parted_by_a_person_is_not_suggested_or_joined_again() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.chat.says("me", claims=[desk.joe.known_as("email", "inferred")])
    assert len(desk.rig.happened(LinkSuggested)) == 1
    desk.ana.denies(desk.joes, desk.toms)
    assert desk.joe.row.suggested == desk.tom.row.suggested == ()
    desk.chat.says("me again", claims=[desk.joe.known_as("email", "inferred")])
    assert len(desk.rig.happened(LinkSuggested)) == 1
    desk.chat.says("a code", claims=[desk.joes])
    assert desk.rig.happened(LinkSuggested)[-1].veto == "not_same"
    assert desk.joe.row.id != desk.tom.row.id
    desk.ana.merges(desk.joes, desk.toms, refused="vetoed")
    desk.ana.merges(desk.joes, desk.toms, because="he showed his passport")
    assert desk.joe.row.not_same == ()


def test_what_is_not_linked_cannot_be_taken_back() -> None:
    rig = Rig()
    ana = rig.agent("ana", status="transfers")
    a, b, c = (someone(rig, name) for name in "abc")
    for whom in (a, b, c):
        whom.on(whom.name).says("hello")
        rig.wait(seconds=1)
    ana.merges(a.known_as("a"), b.known_as("b"))
    ana.merges(b.known_as("b"), c.known_as("c"))
    ana.denies(a.known_as("a"), c.known_as("c"), refused="not_linked")
    ana.parts(a.known_as("a"), b.known_as("b"), c.known_as("c"), refused="not_apart")
    ana.parts(b.known_as("b"))
    assert [whom.row.handles for whom in (a, b, c)] == [("a:a",), ("b:b",), ("c:c",)]
    assert len(rig.happened(NotSame)) == 2
    assert len(rig.threads) == 3
    rig.restart()
    rig.fold()


def test_d15_what_was_folded_twice_comes_back_level_by_level() -> None:
    rig = Rig(not_live=frozenset("abc"))
    ana = rig.agent("ana", status="transfers")
    people = [someone(rig, name) for name in "abc"]
    for whom, priority in zip(people, (20, 30, 40), strict=True):
        whom.on(whom.name).says("hello")
        ana.prioritises(whom, priority)
        rig.wait(seconds=10)
    levels = [tables(rig)]
    a, b, c = (whom.known_as(whom.name) for whom in people)
    ana.merges(b, c)
    levels.append(tables(rig))
    ana.merges(a, b)
    assert [thread.priority for thread in rig.threads] == [40]
    ana.denies(a, b)
    assert tables(rig) == levels[1]
    ana.denies(b, c)
    assert tables(rig) == levels[0]
    rig.restart()
    rig.fold()


def test_the_inner_of_two_folds_can_be_taken_out_first() -> None:
    rig = Rig(not_live=frozenset("abc"))
    ana = rig.agent("ana", status="transfers")
    people = [someone(rig, name) for name in "abc"]
    for whom, priority in zip(people, (20, 30, 40), strict=True):
        whom.on(whom.name).says("hello")
        ana.prioritises(whom, priority)
        rig.wait(seconds=10)
    before = tables(rig)
    a, b, c = (whom.known_as(whom.name) for whom in people)
    ana.merges(b, c)
    ana.merges(a, b)
    ana.parts(c)
    assert [(t.id, t.priority) for t in rig.threads] == [(1, 30), (3, 40)]
    ana.parts(b)
    assert tables(rig) == before
    rig.restart()
    rig.fold()


def test_what_came_through_another_stays_when_that_one_leaves() -> None:
    rig = Rig(not_live=frozenset("abc"))
    ana = rig.agent("ana", status="transfers")
    a, b, c = (someone(rig, name) for name in "abc")
    for whom in (a, b, c):
        whom.on(whom.name).says("hello")
        rig.wait(seconds=10)
    ana.merges(b.known_as("b"), c.known_as("c"))  # #3 goes on in #2
    ana.merges(a.known_as("a"), b.known_as("b"))  # and with it in #1
    c.on("c").says("proved", claims=[a.known_as("a")])
    assert folded_into(rig) == {2: 1, 3: 2}
    ana.parts(b.known_as("b"))
    assert folded_into(rig) == {3: 1}  # nobody is sent to the thread of somebody else
    rig.restart()
    rig.fold()


def folded_into(rig: Rig) -> dict[int, int]:
    """In which other each thread goes on."""
    rows = [msgspec.json.decode(row) for key, row in rig.machine.rows.items() if key[:3] == "tc/"]
    return {row["id"]: row["folded_into"] for row in rows}


def test_history_goes_with_whoever_wrote_it_and_a_shared_page_of_it_is_divided() -> None:
    desk = Desk()
    for place, whom in ((desk.mail, desk.joe), (desk.chat, desk.tom)):
        place.says("a question")
        desk.ana.replies("an answer", whom)
        desk.ana.resolves(whom)
        desk.rig.wait(hours=24 * 40)
    desk.mail.says("both of us")
    desk.chat.says("in one thread", claims=[desk.joes])
    desk.ana.resolves(desk.joe)
    desk.rig.wait(hours=24 * 40)
    assert [past.thread for past in desk.joe.row.history] == [1, 2, 3]
    desk.parted()
    assert [past.thread for past in desk.tom.row.history] == [2, 3]
    assert [(p.thread, p.handles) for p in desk.joe.row.history] == [
        (1, ("email:joe@mail.example",)),
        (4, ("email:joe@mail.example",)),
    ]


def test_a_resolved_thread_stays_resolved_unless_the_customer_waits() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.chat.says("my invoice")
    for whom in (desk.tom,):
        desk.bo.replies("here", whom)
        desk.bo.resolves(whom)
    desk.joined()
    desk.parted()
    assert desk.tom.thread.phase is Phase.RESOLVED
    assert desk.tom.row.last_agent == "bo"


PHASES = ("stranded", "queued", "offered", "assigned", "snoozed", "resolved")


def brought(rig: Rig, whom: Customer, place: str, phase: str, agent: Agent, extra: Agent) -> None:
    """Have a thread of theirs stand where it should."""
    extra.goes("offline" if phase == "stranded" else "online")
    whom.on(place).says(f"by {place}")
    if phase == "offered":
        rig.change(extra, capacity=extra.load + 1)
    elif phase in ("assigned", "snoozed", "resolved"):
        agent.takes(whom)
    if phase == "snoozed":
        agent.snoozes(whom)
    if phase == "resolved":
        agent.resolves(whom)


@pytest.mark.parametrize(("older", "younger"), [*itertools.product(PHASES, PHASES)])
def test_incident_13_whatever_two_threads_were_doing_a_split_undoes_a_merge(
    older: str, younger: str
) -> None:
    desk = Desk()
    rig = desk.rig
    extra = rig.agent("cy", capacity=0, status="offline")
    brought(rig, desk.joe, "email", older, desk.ana, extra)
    rig.wait(seconds=1)
    brought(rig, desk.tom, "telegram", younger, desk.bo, extra)
    owners = [desk.joe.thread.agent, desk.tom.thread.agent]
    desk.joined()
    desk.parted()
    assert [t.id for t in rig.threads] == [1, 2]
    assert [desk.joe.row.open, desk.tom.row.open] == [1, 2]
    kept = [
        owner if phase in ("assigned", "snoozed", "resolved") else ""
        for owner, phase in zip(owners, (older, younger), strict=True)
    ]
    if older == "resolved" and younger != "resolved":
        kept[0] = ""  # it was taken up again for the other's sake, and waits
    assert [desk.joe.thread.agent, desk.tom.thread.agent] == kept


def test_an_unfolded_thread_is_no_longer_in_the_archive() -> None:
    desk = Desk()
    desk.mail.says("my parcel")
    desk.chat.says("my invoice")
    desk.joined()
    assert "tc/2" in desk.rig.machine.rows
    desk.parted()
    assert "tc/2" not in desk.rig.machine.rows
    assert [unfolded.thread for unfolded in desk.rig.happened(ThreadUnfolded)] == [2]


PROMISED = """
version: 1
defaults: {queue: general, sla: {first_reply: 4h}}
facts: [topic]
enrich: [{id: soon, when: {topic: soon}, set: {sla: {first_reply: 10m}}}]
queues: {general: {}}
"""


def test_whoever_stays_has_their_own_promise_again_and_who_goes_takes_theirs() -> None:
    rig = Rig(PROMISED)
    lea = rig.lead("lea")
    lea.goes("offline")
    joe = rig.customer("joe", email="joe@x.example")
    kim = rig.customer("kim", email="kim@x.example")
    joe.on("email").says("hello")
    rig.wait(seconds=1)
    kim.on("email").says("hurry", about={"topic": "soon"})
    (slow,), (soon,) = joe.thread.targets, kim.thread.targets
    lea.merges(joe.known_as("email"), kim.known_as("email"))
    assert joe.thread.targets == (msgspec.structs.replace(soon, lent=True),)
    lea.notes("they are one", joe)  # whatever happens, it is not made a later one
    assert joe.thread.targets == (msgspec.structs.replace(soon, lent=True),)
    rig.wait(minutes=1)
    lea.denies(joe.known_as("email"), kim.known_as("email"))
    assert joe.thread.targets == (slow,)
    assert kim.thread.targets == (soon,)
    assert (joe.thread.deadline, kim.thread.deadline) == (slow.due, soon.due)
    rig.wait(minutes=10)
    assert [missed.thread for missed in rig.happened(TargetMissed)] == [kim.thread.id]
    rig.restart()
    rig.fold()


OFFICE = """
version: 1
defaults: {queue: general}
facts: [topic]
calendars: {office: {tz: UTC, open: {mon-fri: "08:00-17:00"}}}
enrich:
  - {id: slow, when: always, set: {sla: {clock: office, first_reply: 12h, resolution: 24h}}}
  - {id: soon, when: {topic: soon}, set: {sla: {first_reply: 90m, resolution: 2h}}}
queues: {general: {hours: office}}
"""


def test_a_promise_that_stood_when_people_are_parted_has_left_what_it_would_have() -> None:
    rig = Rig(OFFICE)
    lea = rig.lead("lea")
    joe, kim = (rig.customer(name, email=f"{name}@x.example") for name in ("joe", "kim"))
    rig.wait(hours=8)  # Monday 16:00
    joe.on("email").says("hello")
    kim.on("email").says("hurry", about={"topic": "soon"})
    lea.merges(joe.known_as("email"), kim.known_as("email"))
    rig.wait(hours=4)  # closed since 17:00, and all clocks stand
    lea.denies(joe.known_as("email"), kim.known_as("email"))
    left = [{t.kind: (t.due, t.left) for t in one.thread.targets} for one in (joe, kim)]
    assert left == [
        {"first_reply": (0, 11 * HOUR), "resolution": (0, 23 * HOUR)},
        {"first_reply": (0, HOUR // 2), "resolution": (0, HOUR)},
    ]
    rig.restart()
    rig.fold()


def test_a_promise_has_stood_with_the_one_that_stood_for_it() -> None:
    rig = Rig(OFFICE)
    ana, lea = rig.agent("ana"), rig.lead("lea")
    joe, kim = (rig.customer(name, email=f"{name}@x.example") for name in ("joe", "kim"))
    joe.on("email").says("hello")
    rig.wait(seconds=1)
    kim.on("email").says("hurry", about={"topic": "soon"})
    late, soon = (
        next(t.due for t in one.thread.targets if t.kind == "resolution") for one in (joe, kim)
    )
    lea.merges(joe.known_as("email"), kim.known_as("email"))
    ana.accepts()
    ana.replies("on it")
    rig.wait(minutes=50)  # we wait for the customer, and the resolution's clock stands
    kim.on("email").says("and now?")
    lea.denies(joe.known_as("email"), kim.known_as("email"))
    assert [t.due for t in kim.thread.targets if t.kind == "resolution"] == [soon + 50 * MINUTE]
    assert [t.due for t in joe.thread.targets if t.kind == "resolution"] == [late + 50 * MINUTE]
    assert [t.kind for t in kim.thread.targets] == ["resolution"]  # the first reply they have had
