"""Signed links: what fits, what counts, and what proves nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute import Secret
from omniroute_telegram.startlinks import DAY, sign, verify

NOW = 1_795_632_040.0
SECRET = Secret("shared with the shop's backend")


@given(st.text(min_size=1).filter(lambda text: 0 < len(text.encode("utf-8", "ignore")) <= 33))
def test_who_was_signed_is_meant(person: str) -> None:
    try:
        payload = sign(SECRET, person, NOW)
    except (UnicodeEncodeError, ValueError):
        return
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
    assert verify(payload, SECRET, NOW) == person


@given(st.text(max_size=64))
def test_whatever_somebody_makes_up(payload: str) -> None:
    assert verify(payload, SECRET, NOW) == ""


def test_it_ends_and_lives_a_day_at_most() -> None:
    payload = sign(SECRET, "joe@x.org", NOW, lifetime=60)
    assert verify(payload, SECRET, NOW + 59) == "joe@x.org"
    assert verify(payload, SECRET, NOW + 61) == ""
    eternal = sign(SECRET, "joe@x.org", NOW, lifetime=10 * DAY)
    assert verify(eternal, SECRET, NOW + DAY + 1) == ""


def test_a_changed_letter_proves_nothing() -> None:
    payload = sign(SECRET, "joe@x.org", NOW)
    for place in range(len(payload)):
        other = "A" if payload[place] != "A" else "B"
        changed = payload[:place] + other + payload[place + 1 :]
        assert verify(changed, SECRET, NOW) in ("", "joe@x.org")  # the last bits may be padding
    assert verify(payload, "another secret", NOW) == ""


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 33 bytes"):
        sign(SECRET, "x" * 34, NOW)
