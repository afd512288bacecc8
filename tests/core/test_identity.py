"""Who is who, as transcripts.  Names in front are those of routing.md 3."""

from __future__ import annotations

import pytest

from omniroute.core.events import HandleSeen, LinkAdded, LinkSuggested, ThreadOpened
from omniroute.testing.rig import Rig


def hows(rig: Rig) -> list[object]:
    """How each message's sender was recognised."""
    whys = (why for done in rig.machine.journal for why in done.decision.why)
    return [why["how"] for why in whys if why["about"] == "identity"]


def test_a_handle_is_a_customer_until_evidence_says_otherwise() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example")
    joe.on("webchat").says("hello")
    joe.on("email").says("hello")
    joe.on("webchat").says("hello?")
    assert len(rig.threads) == 2
    assert hows(rig) == ["new", "new", "known"]


def test_verified_evidence_joins_and_says_so_once() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    for _ in range(2):
        joe.on("webchat").says("hello")
        joe.on("email").says("hello")
    assert joe.row.handles == ("email:joe@mail.example", "webchat:v1")
    assert hows(rig) == ["linked", "known", "known", "known"]
    assert len(rig.happened(LinkAdded)) == 1
    assert len(rig.threads) == 1


@pytest.mark.parametrize("evidence", ["asserted", "inferred"])
def test_weaker_evidence_suggests_once_and_joins_nobody(evidence: str) -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example")
    kim = rig.customer("kim", webchat="v1")
    joe.on("email").says("hello")
    for _ in range(2):
        kim.on("webchat").says("I am Joe", claims=[joe.known_as("email", evidence)])
    assert joe.row.id != kim.row.id
    assert hows(rig) == ["new", "suggested", "known"]
    assert len(rig.happened(LinkSuggested)) == 1


def test_weak_evidence_about_somebody_unknown_says_nothing() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example")
    kim = rig.customer("kim", webchat="v1")
    kim.on("webchat").says("I am Joe", claims=[joe.known_as("email", "asserted")])
    assert [seen.handle.id for seen in rig.happened(HandleSeen)] == ["webchat:v1"]


def test_what_was_only_suggested_is_joined_once_it_is_verified() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example")
    kim = rig.customer("kim", webchat="v1")
    joe.on("email").says("hello")
    kim.on("webchat").says("I am Joe", claims=[joe.known_as("email", "asserted")])
    kim.on("webchat").says("here is my code", claims=[joe.known_as("email")])
    assert joe.row == kim.row
    assert joe.row.suggested == ()


def test_that_an_address_is_itself_is_no_evidence() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello", claims=[joe.known_as("webchat")])
    assert (rig.happened(LinkAdded), hows(rig)) == ([], ["new"])


def test_i1_a_forged_sender_joins_nobody_and_gets_nothing_of_theirs() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", email="joe@mail.example")
    forger = rig.customer("forger", email="joe@mail.example", forged=True)
    joe.on("email").says("what is my balance?")
    ana.accepts(joe)
    forger.on("email").says("and my password?", claims=[joe.known_as("email")])
    assert forger.thread.id != joe.thread.id
    assert forger.row.id != joe.row.id
    assert [link.veto for link in rig.happened(LinkSuggested)] == [""]
    ana.replies("your balance is 5", joe)
    joe.on("email").receives("your balance is 5")
    forger.on("email").receives_nothing()


def test_i1_who_is_forged_cannot_vouch_for_anybody() -> None:
    rig = Rig()
    forger = rig.customer("forger", email="joe@mail.example", webchat="v1", forged=True)
    kim = rig.customer("kim", telegram="@kim")
    kim.on("telegram").says("hello")
    forger.on("email").says("I am Kim", claims=[kim.known_as("telegram")])
    assert rig.happened(LinkAdded) == []


def test_an_address_that_nobody_vouches_for_is_joined_to_nobody() -> None:
    rig = Rig()
    forger = rig.customer("forger", email="joe@mail.example", forged=True)
    kim = rig.customer("kim", telegram="@kim")
    forger.on("email").says("hello")
    kim.on("telegram").says("that is me", claims=[forger.known_as("email")])
    assert kim.row.handles == ("telegram:@kim",)


def test_the_oldest_handle_gives_the_customer_their_id_whoever_brings_the_evidence() -> None:
    for first, second in (("email", "telegram"), ("telegram", "email")):
        rig = Rig()
        joe = rig.customer("joe", email="z@mail.example", telegram="@a")
        joe.on("telegram").says("hello")
        rig.wait(seconds=1)
        joe.on("email").says("hello")
        joe.on(first).says("my code", claims=[joe.known_as(second)])
        assert joe.row.id == "telegram:@a"
        assert joe.row.handles == ("telegram:@a", "email:z@mail.example")
        rig.fold()


def test_i3_every_link_is_kept_so_that_it_can_be_retracted() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example", telegram="@joe", webchat="v1")
    joe.on("email").says("hello")
    joe.on("telegram").says("hello", claims=[joe.known_as("email", by="code")])
    joe.on("webchat").says("hello", claims=[joe.known_as("telegram", by="token")])
    joe.on("webchat").says("and again", claims=[joe.known_as("email", by="token")])
    links = [(link.a, link.b, link.source) for link in joe.row.links]
    assert links == [
        ("email:joe@mail.example", "telegram:@joe", "code"),
        ("telegram:@joe", "webchat:v1", "token"),
        ("email:joe@mail.example", "webchat:v1", "token"),
    ]
    assert all(link.live for link in joe.row.links)


def test_i4_two_values_where_a_person_has_one_are_never_joined_and_it_is_said_once() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example", crm="1", verified=True)
    kim = rig.customer("kim", telegram="@kim", crm="2", verified=True)
    joe.on("email").says("hello")
    kim.on("telegram").says("hello")
    for _ in range(2):
        kim.on("telegram").says("I am Joe", claims=[joe.known_as("email")])
    assert joe.row.id != kim.row.id
    assert [link.veto for link in rig.happened(LinkSuggested)] == ["crm"]
    assert hows(rig)[2:] == ["vetoed", "known"]


def test_i4_two_mail_addresses_are_no_conflict() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example")
    also = rig.customer("also", email="joe@work.example")
    joe.on("email").says("hello")
    also.on("email").says("the same, at work", claims=[joe.known_as("email")])
    assert joe.row == also.row


def test_one_message_may_join_three() -> None:
    rig = Rig()
    joe = rig.customer("joe", email="joe@mail.example", telegram="@joe", webchat="v1")
    for place in ("email", "telegram", "webchat"):
        joe.on(place).says(f"by {place}")
        rig.wait(seconds=1)
    claims = [joe.known_as("email"), joe.known_as("telegram")]
    joe.on("webchat").says("all of this is me", claims=claims)
    assert len(joe.row.handles) == 3
    assert [thread.id for thread in rig.threads] == [1]
    rig.fold()


def test_i7_incident_12_two_first_messages_at_once_are_one_customer_and_one_thread() -> None:
    rig = Rig()
    joe = rig.customer("joe", webchat="v1")
    with rig.machine.one_commit():
        joe.on("webchat").says("hello")
        joe.on("webchat").says("anybody there?")
    assert len(rig.happened(ThreadOpened)) == 1
    assert len(rig.happened(HandleSeen)) == 1
    assert len(rig.threads) == 1


def test_a_customer_whose_work_is_done_is_cold_and_known_again() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=24 * 8)
    assert not rig.state.customers
    assert not rig.state.handles
    joe.on("email").says("hello again")
    assert hows(rig)[-1] == "known"
    assert [past.thread for past in joe.row.history] == [1]
    assert joe.thread.id == 2


def test_a_customer_joined_to_one_who_is_cold_brings_their_history() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example")
    joe.on("email").says("hello")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=24 * 8)
    joe.on("webchat").says("hello")
    joe.on("webchat").says("I am Joe", claims=[joe.known_as("email")])
    assert [past.thread for past in joe.row.history] == [1]
    assert (joe.row.open, joe.row.last_agent) == (2, "ana")
    rig.fold()


# --- numbers change hands (reliability B53) ---


def test_a_number_that_two_accounts_have_shown_to_be_theirs_is_for_a_person() -> None:
    rig = Rig()
    rig.agent("ana")
    joe = rig.customer("joe", telegram="1", phone="+491", verified=True)
    eve = rig.customer("eve", telegram="2", phone="+491", verified=True)
    joe.on("telegram").says("my number")
    eve.on("telegram").says("my number, too")
    assert joe.thread.id != eve.thread.id
    (suggested,) = rig.happened(LinkSuggested)
    assert suggested.veto == "claimed"
    joe.on("telegram").says("still mine")
    assert len(rig.happened(LinkSuggested)) == 1
    rig.fold()


def test_one_number_on_two_platforms_is_one_person() -> None:
    rig = Rig()
    rig.agent("ana")
    joe = rig.customer("joe", telegram="1", phone="+491", verified=True)
    too = rig.customer("joe", whatsapp="9", phone="+491", verified=True)
    joe.on("telegram").says("my number")
    too.on("whatsapp").says("here, too")
    assert len(rig.threads) == 1
