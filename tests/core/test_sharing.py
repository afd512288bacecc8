"""Addresses that several people write from, as transcripts and as an invariant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniroute.core import inputs as i
from omniroute.core.events import HandleCalled, HandleSeen, HandleShared, LinkAdded, LinkSuggested
from omniroute.core.model import Evidence, Sharing
from omniroute.core.sharing import DAY, SUSPICIOUS, sharing, with_names
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

INFO = "info@team.example"


def declare(rig: Rig, handle: str, shared: bool = True) -> str:
    """An admin says so."""
    return rig.machine.put(i.ShareDeclared, handle=handle, shared=shared, by="di").answer.code


def standing(rig: Rig, handle: str) -> str:
    return sharing(rig.machine.state.handles[handle]).how


def team() -> tuple[Rig, Customer, Customer, Customer]:
    """A mailbox of a team, and two of its people, each signed in to a chat of their own."""
    rig = Rig(one_per_person=frozenset({"login"}))
    info = rig.customer("info", email=INFO)
    bob = rig.customer("bob", webchat="v-bob", login="bob")
    eve = rig.customer("eve", webchat="v-eve", login="eve")
    return rig, info, bob, eve


def test_i9_three_names_in_a_week_raise_the_question_once() -> None:
    rig, info, _, _ = team()
    for name in ("bob", "eve", "bob", "kim", "lou"):
        info.on("email").says("hello", called=name)
        rig.sleep(hours=24)
    told = [event.sharing.how for event in rig.happened(HandleCalled)]
    assert told == ["", "", "", "suspected", "suspected"]
    whys = [why for done in rig.machine.journal for why in done.decision.why]
    assert [why["how"] for why in whys if why.get("how") == "perhaps_shared"] == ["perhaps_shared"]
    rig.fold()


def test_names_of_long_ago_no_longer_count() -> None:
    rig, info, _, _ = team()
    for name in ("bob", "eve", "kim"):
        info.on("email").says("hello", called=name)
        rig.sleep(hours=50 * 24)
    assert standing(rig, f"email:{INFO}") == ""


def test_over_an_address_that_may_be_shared_nobody_is_joined() -> None:
    rig, info, bob, _ = team()
    for name in ("bob", "eve", "kim"):
        info.on("email").says("hello", called=name)
    bob.on("webchat").says("it is me", claims=[info.known_as("email")])
    assert rig.happened(LinkAdded) == []
    assert [link.veto for link in rig.happened(LinkSuggested)] == ["shared"]
    ana = rig.agent("ana")
    ana.merges(bob.known_as("webchat"), info.known_as("email"), refused="vetoed")
    ana.merges(bob.known_as("webchat"), info.known_as("email"), because="he alone reads it")
    assert bob.row == info.row


def test_several_strong_ids_raise_the_question_too() -> None:
    rig = Rig()
    kiosk = rig.customer("kiosk", webchat="kiosk")
    for n in range(SUSPICIOUS):
        login = i.Claimed(i.Seen(f"login:{n}", "login", unique=True), Evidence.VERIFIED, "webchat")
        kiosk.on("webchat").says("hello", claims=[login])
    assert standing(rig, "webchat:kiosk") == "suspected"


def test_whoever_was_joined_over_a_shared_address_is_parted() -> None:
    rig, info, bob, eve = team()
    for whom in (bob, eve):
        whom.on("webchat").says("hello", claims=[info.known_as("email")])
    info.on("email").says("and by mail")
    assert bob.row == eve.row == info.row
    assert declare(rig, f"email:{INFO}") == "shared"
    assert len({bob.row.id, eve.row.id, info.row.id}) == 3
    rig.restart()
    rig.fold()
    bob.on("webchat").says("again", claims=[info.known_as("email")])
    assert bob.row != info.row
    assert len(rig.happened(LinkSuggested)) == 0, "it says nothing any more"
    ana = rig.agent("ana")
    ana.merges(bob.known_as("webchat"), info.known_as("email"), refused="shared_address")


def test_what_was_said_is_said_once_and_can_be_taken_back() -> None:
    rig, info, bob, _ = team()
    info.on("email").says("hello")
    assert declare(rig, "email:nobody") == "unknown_handle"
    for shared in (True, True, False, False):
        assert declare(rig, f"email:{INFO}", shared) == ("shared" if shared else "single")
    assert [event.shared for event in rig.happened(HandleShared)] == [True, False]
    for name in ("bob", "eve", "kim"):
        info.on("email").says("hello", called=name)
    assert standing(rig, f"email:{INFO}") == "single", "it has been looked at"
    bob.on("webchat").says("hello", claims=[info.known_as("email")])
    assert bob.row == info.row


def test_a_handle_of_which_nothing_was_heard_is_kept_as_before() -> None:
    rig, info, _, _ = team()
    info.on("email").says("hello")
    (seen,) = rig.happened(HandleSeen)
    assert b"sharing" not in rig.machine.rows[f"h/{seen.handle.id}"]


HEARD = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", "id:1", "id:2", "id:3"]), st.integers(0, 30)),
    max_size=12,
)


@given(HEARD)
def test_suspicion_is_of_three_names_or_ids_within_ninety_days(
    heard: list[tuple[str, int]],
) -> None:
    known, at, log = Sharing(), 0, list[tuple[str, int]]()
    expected = ""
    for name, days in heard:
        at += days * DAY
        log.append((name, at))
        recent = {n for n, when in log if when > at - 90 * DAY}
        ids = {n for n in recent if n.startswith("id:")}
        if max(len(ids), len(recent - ids)) >= SUSPICIOUS:
            expected = "suspected"
        known = with_names(known, [name], at)
        assert known.how == expected
