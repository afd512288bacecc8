"""Signed addresses: whose they are, and that nobody else makes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.tokens import DAY, LASTS, Tokens

KEY = "0f" * 13  # as long as the engine's are
REPLIES = Tokens("reply", "thread@demo.example", b"k" * 32)
SIGNED = REPLIES.address_for(KEY)


def test_a_token_names_its_message_and_fits_into_an_address() -> None:
    local, _, domain = SIGNED.rpartition("@")
    assert local.startswith(f"thread+{KEY}.")
    assert (domain, len(local) <= 64) == ("demo.example", True)
    assert REPLIES.key_in(SIGNED) == KEY
    part = Tokens("bounce", "12345678@demo.example", b"k").address_for(f"{KEY}.1")
    assert len(part.rpartition("@")[0]) == 64


def test_a_token_names_its_message_for_a_year() -> None:
    made = 1_772_366_400_000
    signed = REPLIES.address_for(KEY, made)
    assert signed != SIGNED
    for days, key in ((0, KEY), (LASTS, KEY), (LASTS + 1, ""), (-30, KEY)):
        assert REPLIES.key_in(signed, made + days * DAY) == key
    assert REPLIES.key_in(signed) == KEY  # so that mail to it is taken all the same


@given(st.integers(0, 2**62))
def test_a_token_can_be_made_on_any_day(at: int) -> None:
    assert REPLIES.key_in(REPLIES.address_for(KEY, at)) == KEY


@given(st.integers(0, len(SIGNED) - 1), st.text(max_size=3))
def test_incident_4_a_changed_token_is_none(at: int, other: str) -> None:
    for changed in (SIGNED[:at] + other + SIGNED[at + 1 :], SIGNED[:at] + other + SIGNED[at:]):
        assert REPLIES.key_in(changed) == (KEY if changed == SIGNED else "")


@pytest.mark.parametrize(
    "other",
    [
        Tokens("bounce", "thread@demo.example", b"k" * 32),
        Tokens("reply", "thread@other.example", b"k" * 32),
        Tokens("reply", "thread@demo.example", b"l" * 32),
        Tokens("reply", "thread@demo.example", b""),
        Tokens("reply", "", b"k" * 32),
    ],
)
def test_a_token_for_something_else_is_none(other: Tokens) -> None:
    assert other.key_in(SIGNED) == ""
    assert REPLIES.key_in(other.address_for(KEY)) == ""


def test_without_a_secret_or_room_or_address_there_are_none() -> None:
    assert Tokens("reply", "thread@demo.example", b"").address_for(KEY) == ""
    assert Tokens("reply", "", b"k").address_for(KEY) == ""
    assert REPLIES.address_for("x" * 60) == ""
    assert REPLIES.address_for("not a key") == ""
    assert b"k" * 32 not in repr(REPLIES).encode()
