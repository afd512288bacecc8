"""People as a list has them: what it joins, what it only suggests, and what it leaves alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.events import LinkSuggested
from omniroute.core.inputs import PersonImported, Seen
from omniroute.core.model import Evidence
from omniroute.testing.rig import Rig

MAIL, PHONE, CRM = Seen("email:joe@x.org", "email"), Seen("phone:+491", "phone"), "crm"


def imports(rig: Rig, *handles: Seen, evidence: str = "asserted") -> dict[str, str | int]:
    answer = rig.machine.put(
        PersonImported, handles=handles, evidence=Evidence(evidence), by=""
    ).answer
    assert answer.code == "imported"
    return answer.values


def count(new: int = 0, joined: int = 0, suggested: int = 0, against: int = 0) -> dict[str, int]:
    return {"new": new, "joined": joined, "suggested": suggested, "against": against}


def test_new_addresses_of_a_record_are_one_person_and_again_nothing_new() -> None:
    rig = Rig()
    assert imports(rig, MAIL, PHONE) == count(new=2, joined=1)
    assert imports(rig, PHONE, MAIL) == count()
    assert imports(rig, MAIL, PHONE, Seen("crm:7", CRM, unique=True)) == count(new=1, joined=1)
    rig.fold()


def test_a_new_address_joins_whom_the_record_names() -> None:
    rig = Rig()
    rig.agent("ana")
    joe = rig.customer("joe", email="joe@x.org")
    joe.on("email").says("hello")
    assert imports(rig, PHONE, MAIL) == count(new=1, joined=1)
    rig.customer("joe", phone="+491").on("phone").says("it is me")
    assert [thread.turns for thread in rig.threads] == [2]
    rig.fold()


def two(rig: Rig) -> tuple[Seen, Seen]:
    """Two who have written, each on their own."""
    rig.agent("ana")
    rig.customer("joe", email="joe@x.org").on("email").says("hello")
    rig.customer("caller", phone="+491").on("phone").says("hello")
    return MAIL, PHONE


def test_two_who_are_known_are_suggested_by_a_list_that_somebody_merely_has() -> None:
    rig = Rig()
    assert imports(rig, *two(rig)) == count(suggested=1)
    assert imports(rig, MAIL, PHONE) == count()  # one is asked once
    assert len(rig.threads) == 2


def test_two_who_are_known_are_joined_by_a_list_that_is_verified() -> None:
    rig = Rig()
    assert imports(rig, *two(rig), evidence="verified") == count(joined=1)
    assert len(rig.threads) == 1
    rig.fold()


def test_no_list_joins_two_whom_a_colleague_told_apart() -> None:
    rig = Rig()
    two(rig)
    ana = rig.agent("ana")
    joe, other = rig.customer("a", email="joe@x.org"), rig.customer("b", phone="+491")
    ana.denies(joe.known_as("email"), other.known_as("phone"))
    assert imports(rig, MAIL, PHONE, evidence="verified") == count(against=1)
    assert imports(rig, MAIL, PHONE) == count(against=1)
    assert not rig.happened(LinkSuggested)


def test_two_numbers_of_which_a_person_has_one_are_two_people() -> None:
    rig = Rig()
    imports(rig, MAIL, Seen("crm:1", CRM, unique=True))
    imports(rig, PHONE, Seen("crm:2", CRM, unique=True))
    assert imports(rig, MAIL, PHONE, evidence="verified") == count(against=1)
    assert [event.veto for event in rig.happened(LinkSuggested)] == [CRM]


records = st.lists(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), max_size=6
)


@given(records, st.booleans())
@settings(max_examples=50, deadline=None)
def test_the_same_list_again_changes_nothing(rows: list[list[str]], verified: bool) -> None:
    rig, evidence = Rig(), "verified" if verified else "asserted"
    lists = [[Seen(f"email:{name}", "email") for name in row] for row in rows]
    for each in lists:
        imports(rig, *each, evidence=evidence)
    told = [imports(rig, *each, evidence=evidence) for each in lists]
    assert told == [count()] * len(rows)
    rig.fold()
