"""Others in a conversation: what they write lands there as theirs, and that is all it does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.events import (
    CustomerWrote,
    LinkAdded,
    LinkSuggested,
    ParticipantsChanged,
    ParticipantWrote,
)
from omniroute.core.inputs import Claimed, ParticipantsAsked
from omniroute.core.model import Evidence, Phase
from omniroute.core.participants import ANSWERS, MOST
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

JOE, ANA, EVE = "email:joe@x.org", "email:ana@x.org", "email:eve@x.org"


def desk(*, named: tuple[str, ...] = (ANA,)) -> tuple[Rig, Customer, Agent]:
    """Joe wrote by mail with Ana in copy; Kim, an agent, has him."""
    rig = Rig()
    kim = rig.agent("kim")
    joe = rig.customer("joe", email="joe@x.org")
    joe.on("email").says("our order is late", named=named)
    kim.accepts()
    return rig, joe, kim


def handles(joe: Customer, *how: str) -> list[str]:
    wanted = how or ("named", "there", "added")
    return [p.handle for p in joe.thread.participants if p.how in wanted]


def asks(rig: Rig, agent: str, joe: Customer, **values: Any) -> str:
    answer = rig.machine.put(ParticipantsAsked, agent=agent, thread=joe.thread.id, **values).answer
    return answer.code


# --- by mail ---


def test_whoever_is_in_copy_takes_part_and_is_nobody_s_customer_by_it() -> None:
    rig, joe, _ = desk()
    assert handles(joe, "named") == [ANA]
    assert ANA not in rig.state.handles
    assert not rig.happened(LinkSuggested)
    rig.fold()


def test_their_own_mail_lands_in_the_thread_as_theirs() -> None:
    rig, joe, kim = desk()
    ana = rig.customer("ana", email="ana@x.org")
    kim.replies("which order?")
    answer = ana.on("email").says("it was 4711", within=(JOE,))
    assert answer.values == {"thread": joe.thread.id, "how": "participant"}
    (wrote,) = rig.happened(ParticipantWrote)
    assert (wrote.thread, wrote.handle) == (joe.thread.id, ANA)
    assert (joe.thread.turns, joe.thread.handle, joe.thread.waiting) == (1, JOE, False)
    kim.is_told("", "message")
    assert (ana.row.handles, ana.row.open) == ((ANA,), None)
    assert not rig.happened(LinkAdded)
    rig.fold()


def test_who_answers_without_having_seen_them_is_told() -> None:
    rig, joe, kim = desk()
    rig.customer("ana", email="ana@x.org").on("email").says("never mind", within=(JOE,))
    answer = kim.replies("it is on its way", joe, unseen=1, refused="customer_wrote")
    assert answer.values["turns"] == 2
    kim.replies("it is on its way", joe)
    rig.customer("eve", email="eve@x.org").on("email").says("hello", within=(JOE,))
    kim.replies("and one thing more", joe)  # a stranger's words are elsewhere
    rig.fold()


def test_an_answer_goes_to_the_customer_and_copies_only_where_asked() -> None:
    rig, _, kim = desk()
    ana = rig.customer("ana", email="ana@x.org")
    ana.on("email").says("it was 4711", within=(JOE,))
    kim.replies("thank you both")
    assert (rig.deliveries[-1].handle, rig.deliveries[-1].copies) == (JOE, ())
    kim.replies("to both of you", copies=(ANA,))
    assert (rig.deliveries[-1].handle, rig.deliveries[-1].copies) == (JOE, (ANA,))
    kim.replies("to Eve", copies=(EVE,), refused="no_participant")
    kim.replies("held", copies=(ANA,), hold=5)
    rig.wait(seconds=6)
    assert rig.deliveries[-1].copies == (ANA,)
    rig.fold()


def test_a_stranger_who_knows_the_message_has_a_thread_of_their_own() -> None:
    rig, joe, _ = desk()
    eve = rig.customer("eve", email="eve@x.org")
    eve.on("email").says("add me", within=(JOE,))
    assert eve.thread.id != joe.thread.id
    assert handles(joe) == [ANA]


def test_a_forged_sender_who_is_in_copy_has_a_thread_of_their_own() -> None:
    rig, joe, _ = desk()
    ana = rig.customer("ana", email="ana@x.org", forged=True)
    ana.on("email").says("send it to me", within=(JOE,))
    assert ana.thread.id != joe.thread.id


def test_a_forged_mail_invites_nobody() -> None:
    rig = Rig()
    rig.agent("kim")
    joe = rig.customer("joe", email="joe@x.org", forged=True)
    joe.on("email").says("add her", named=(EVE,))
    assert handles(joe) == []


def test_being_in_copy_and_not_answering_shows_nothing() -> None:
    """Who is in copy and writes a mail of their own has a matter of their own."""
    rig, joe, _ = desk()
    ana = rig.customer("ana", email="ana@x.org")
    ana.on("email").says("something else")
    assert ana.thread.id != joe.thread.id


def test_an_answer_in_somebody_s_conversation_suggests_nobody_to_be_them() -> None:
    rig, joe, _ = desk()
    ana = rig.customer("ana", email="ana@x.org")
    hearsay = Claimed(joe.seen("email"), Evidence.INFERRED, ANSWERS)
    ana.on("email").says("it was 4711", within=(JOE,), claims=(hearsay,))
    assert not rig.happened(LinkSuggested)


def test_who_turns_out_to_be_the_customer_is_the_customer() -> None:
    rig, joe, _ = desk()
    proved = Claimed(joe.seen("email"), Evidence.VERIFIED, "login")
    ana = rig.customer("ana", email="ana@x.org")
    ana.on("email").says("this is me, too", within=(JOE,), claims=(proved,))
    assert rig.happened(CustomerWrote)[-1].handle == ANA
    assert not rig.happened(ParticipantWrote)


def test_a_machine_s_mail_lands_there_and_wakes_nobody() -> None:
    rig, joe, kim = desk()
    kim.snoozes(minutes=60)
    ana = rig.customer("ana", email="ana@x.org")
    ana.on("email").says("I am out of office", within=(JOE,), automatic=True)
    joe.is_snoozed()
    ana.on("email").says("back again", within=(JOE,))
    assert joe.thread.phase is Phase.ASSIGNED


def test_what_is_solved_stays_solved_and_whoever_solved_it_is_told() -> None:
    rig, joe, kim = desk()
    kim.resolves()
    rig.customer("ana", email="ana@x.org").on("email").says("thanks", within=(JOE,))
    assert joe.thread.phase is Phase.RESOLVED
    kim.is_told("participant")


# --- said by an agent ---


def test_an_agent_has_somebody_in_copy_and_out_again() -> None:
    rig, joe, _ = desk()
    assert asks(rig, "kim", joe, add=(EVE, ANA)) == "participants"
    assert [(p.handle, p.copied) for p in joe.thread.participants] == [(ANA, True), (EVE, True)]
    assert asks(rig, "kim", joe, remove=(ANA,)) == "participants"
    assert handles(joe) == [EVE]
    joe.on("email").says("and?", named=(ANA,))
    assert handles(joe) == [EVE]  # our word outlasts being named again
    assert asks(rig, "kim", joe, add=(ANA,)) == "participants"
    assert sorted(handles(joe)) == [ANA, EVE]
    rig.fold()


def test_nobody_is_in_copy_of_their_own_answers_and_only_so_many_are() -> None:
    rig, joe, _ = desk()
    rig.agent("bo")
    assert asks(rig, "kim", joe, add=(JOE,)) == "is_customer"
    assert asks(rig, "kim", joe, remove=(EVE,)) == "no_participant"
    assert asks(rig, "kim", joe, add=tuple(f"email:{n}" for n in range(MOST))) == "too_many"
    assert asks(rig, "bo", joe, add=(EVE,)) == "not_yours"


def test_a_message_that_names_a_crowd_invites_no_more_than_there_is_room_for() -> None:
    _, joe, _ = desk(named=tuple(f"email:{n}" for n in range(50)))
    assert len(handles(joe)) == MOST


# --- in a place that several read ---


def test_in_a_shared_place_whoever_answers_there_takes_part() -> None:
    rig = Rig()
    kim = rig.agent("kim")
    joe, bob = rig.customer("joe", slack="U1"), rig.customer("bob", slack="U2")
    joe.on("slack").says("it is broken", shared=True)
    kim.accepts()
    bob.on("slack").says("for me, too", within=("slack:U1",), shared=True)
    assert handles(joe, "there") == ["slack:U2"]
    bob.on("slack").says("and by the way, my invoice", shared=True)
    assert bob.thread.id != joe.thread.id
    bob.on("slack").says("still broken", within=("slack:U1",), shared=True)
    assert [event.thread for event in rig.happened(ParticipantWrote)] == [joe.thread.id] * 2
    rig.fold()


def test_whoever_was_taken_out_of_a_shared_conversation_has_their_own() -> None:
    rig = Rig()
    kim = rig.agent("kim")
    joe, bob = rig.customer("joe", slack="U1"), rig.customer("bob", slack="U2")
    joe.on("slack").says("it is broken", shared=True)
    kim.accepts()
    bob.on("slack").says("my invoice", within=("slack:U1",), shared=True)
    assert asks(rig, "kim", joe, remove=("slack:U2",)) == "participants"
    bob.on("slack").says("what about it?", within=("slack:U1",), shared=True)
    assert bob.thread.id != joe.thread.id


# --- joined and parted ---


def test_participants_of_both_take_part_in_what_is_joined() -> None:
    rig, joe, kim = desk()
    joes = rig.customer("joe", email="joe@x.org", webchat="v1", verified=True)
    joes.on("webchat").says("hello")
    assert handles(joe) == [ANA]
    kim.parts(joes.known_as("webchat"))
    by_mail = next(thread for thread in rig.threads if thread.handle == JOE)
    chat = next(thread for thread in rig.threads if thread.handle == "webchat:v1")
    assert [p.handle for p in by_mail.participants] == [ANA]  # whom the mailbox has brought
    assert chat.participants == ()
    rig.fold()


WHO = {"joe": JOE, "ana": ANA, "eve": EVE}
acts = st.lists(
    st.tuples(
        st.sampled_from(list(WHO)),
        st.lists(st.sampled_from(list(WHO.values())), max_size=3),
        st.lists(st.sampled_from(list(WHO.values())), max_size=3),
        st.booleans(),
    ),
    max_size=12,
)


@given(acts)
@settings(max_examples=40, deadline=None)
def test_copies_never_join_anybody(story: list[tuple[str, list[str], list[str], bool]]) -> None:
    rig = Rig()
    rig.agent("kim")
    people = {name: rig.customer(name, email=f"{name}@x.org") for name in WHO}
    for name, named, within, shared in story:
        mail = people[name].on("email")
        others = tuple(handle for handle in within if handle != WHO[name])
        mail.says("hello", named=tuple(named), within=others, shared=shared)
    assert not rig.happened(LinkAdded)
    assert not rig.happened(LinkSuggested)
    for event in rig.happened(ParticipantsChanged):
        assert len({p.handle for p in event.participants}) == len(event.participants)
    for thread in rig.threads:
        theirs = rig.state.customers[thread.customer].handles
        assert {voice.handle for voice in thread.voices} <= set(theirs)
    rig.fold()
