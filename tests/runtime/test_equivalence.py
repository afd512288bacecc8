"""When two addresses are one handle: phone numbers and mailboxes, as data."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.channel import Address
from omniroute.runtime import equivalence, mailboxes, phones
from omniroute.runtime.equivalence import canonical, compare, other_trust, perhaps
from omniroute.runtime.keyed import KEY_BYTES, Keyed

KEYED = Keyed(bytes(KEY_BYTES))


@pytest.mark.parametrize("module", [phones, mailboxes])
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def _phone(value: str, kind: str = "phone") -> Address:
    return Address(kind, value, verified=True)


# --- telephone numbers (routing.md 3) ---


@pytest.mark.parametrize(
    ("one", "other", "alike", "mobile"),
    [
        ("+5511987654321", "+551187654321", "same", "same"),  # a mobile line, with its ninth digit
        ("+5511967654321", "+551167654321", "same", "same"),
        ("+5511937654321", "+551137654321", "different", "different"),  # I8: a land-line
        ("+5511957654321", "+551157654321", "different", "different"),
        ("+5511987654321", "+552187654321", "different", "different"),  # another city
        ("+5491123456789", "+541123456789", "ambiguous", "same"),
        ("+5491123456789", "+541123456780", "different", "different"),
        ("+5215512345678", "+525512345678", "same", "same"),
        ("+5215512345678", "+525512345670", "different", "different"),
        ("+49 151 1234-5678", "4915112345678", "same", "same"),
        ("+4915112345678", "+4915112345679", "different", "different"),
        ("not a number", "+4915112345679", "different", "different"),
    ],
)
def test_two_numbers_are_the_same_perhaps_or_not(
    one: str, other: str, alike: str, mobile: str
) -> None:
    for a, b in ((one, other), (other, one)):
        assert compare(_phone(a), _phone(b)) == alike
        assert compare(_phone(a, "phone:mobile"), _phone(b, "phone:mobile")) == mobile
    assert (KEYED.handle(_phone(one)) == KEYED.handle(_phone(other))) is (alike == "same")


def test_one_number_on_two_platforms_is_suggested_only() -> None:
    """A number may have passed to somebody else where nobody has written from it."""
    assert compare(_phone("+4915112345678"), _phone("+4915112345678", "phone:mobile")) == (
        "ambiguous"
    )
    assert perhaps(_phone("+4915112345678")) == (_phone("+4915112345678", "phone:mobile"),)


def test_a_caller_s_number_may_be_the_one_that_somebody_texts_from() -> None:
    called = Address("phone", "+4915112345678")
    assert other_trust(called) == (_phone("+4915112345678"),)
    assert other_trust(_phone("+4915112345678")) == (called,)
    assert other_trust(Address("email", "joe@mail.example")) == ()


def test_a_national_number_stands_for_itself() -> None:
    assert canonical("phone", "0151 1234567") == "0151 1234567"
    assert perhaps(_phone("0151 1234567")) == ()


NUMBERS = st.one_of(
    st.from_regex(r"\A\+?[1-9][0-9]{6,14}\Z"),
    st.from_regex(r"\A\+(55[1-9][0-9]9?[2-9][0-9]{7}|549?[1-8][0-9]{9}|521?[2-9][0-9]{9})\Z"),
)
KINDS = st.sampled_from(["phone", "phone:mobile"])


@given(KINDS, NUMBERS, NUMBERS)
def test_numbers_are_the_same_exactly_where_they_are_one_handle(
    kind: str, one: str, other: str
) -> None:
    assert canonical(kind, canonical(kind, one)) == canonical(kind, one)
    a, b = _phone(one, kind), _phone(other, kind)
    assert compare(a, a) == "same"
    assert compare(a, b) == compare(b, a)
    assert (compare(a, b) == "same") is (KEYED.handle(a) == KEYED.handle(b))
    for form in perhaps(a):
        assert compare(a, form) == "ambiguous"
        assert KEYED.handle(form) != KEYED.handle(a)


@given(st.from_regex(r"\A55[1-9][0-9]\Z"), st.from_regex(r"\A[2-5][0-9]{7}\Z"), KINDS)
def test_i8_a_land_line_of_brazil_never_meets_a_mobile_line(
    city: str, line: str, kind: str
) -> None:
    fixed, mobile = _phone(f"+{city}{line}", kind), _phone(f"+{city}9{line}", kind)
    assert compare(fixed, mobile) == "different"
    assert not {KEYED.handle(form) for form in perhaps(fixed)} & {KEYED.handle(mobile)}


# --- mailboxes ---


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("joe@Mail.Example", "joe@mail.example", "same"),
        ("Joe@mail.example", "joe@mail.example", "different"),  # nobody else can know
        ("j.o.e@gmail.com", "joe@googlemail.com", "same"),
        ("j.o.e@mail.example", "joe@mail.example", "different"),
        ("joe+shop@gmail.com", "joe@gmail.com", "ambiguous"),
        ("joe+shop@gmail.com", "joe+work@gmail.com", "ambiguous"),
        ("joe+a.b@gmail.com", "joe+ab@gmail.com", "ambiguous"),
        ("joe+shop@mail.example", "joe@mail.example", "different"),
        ("joe@outlook.com", "joe@hotmail.com", "different"),
        ('"j.o.e"@gmail.com', "joe@gmail.com", "different"),
        ("+tag@gmail.com", "+other@gmail.com", "different"),
        ("no address", "no address", "same"),
    ],
)
def test_two_mailboxes_are_the_same_perhaps_or_not(one: str, other: str, alike: str) -> None:
    a, b = Address("email", one, verified=True), Address("email", other, verified=True)
    assert compare(a, b) == alike
    assert compare(b, a) == alike
    assert (KEYED.handle(a) == KEYED.handle(b)) is (alike == "same")


@given(st.text(alphabet='aA.+@"é', max_size=12), st.sampled_from(["", "@gmail.com", "@X.org"]))
def test_a_canonical_mailbox_stays_as_it_is(local: str, domain: str) -> None:
    known = mailboxes.canonical(local + domain)
    assert mailboxes.canonical(known) == known
    assert mailboxes.canonical(mailboxes.untagged(known)) == mailboxes.untagged(known)


# --- whatever else ---


def test_of_other_name_spaces_every_value_stands_for_itself() -> None:
    assert canonical("login", "J.Miller@GMAIL.com") == "J.Miller@GMAIL.com"
    assert perhaps(Address("telegram", "5511987654321", verified=True)) == ()
    one, other = Address("crm", "1"), Address("login", "1")
    assert (compare(one, other), compare(one, one)) == ("different", "same")
    assert equivalence.compare(one, Address("crm", "2")) == "different"
