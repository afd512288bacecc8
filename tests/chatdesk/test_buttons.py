"""What a button carries counts in its place, and fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.chatdesk.buttons import LONGEST, Order, Signer

SIGNER = Signer(b"secret")
words = st.text(st.characters(codec="ascii", exclude_characters=":"), max_size=20)


@given(verb=words, thread=st.integers(0, 10**9), number=st.integers(0, 999), word=words)
def test_what_was_signed_is_read(verb: str, thread: int, number: int, word: str) -> None:
    order = Order(verb, thread, number, word)
    try:
        data = SIGNER.sign("5001", order)
    except ValueError:
        return
    assert SIGNER.read("5001", data) == order
    assert SIGNER.read("5002", data) is None
    assert Signer(b"another").read("5001", data) is None


@given(st.text(max_size=64))
def test_whatever_a_client_sends(data: str) -> None:
    assert SIGNER.read("5001", data) is None


def test_a_message_fits_and_what_does_not_is_refused() -> None:
    data = SIGNER.sign("5001", Order("undo", 1_000_000, 0, "f" * 26))
    assert len(data) <= LONGEST
    with pytest.raises(ValueError, match="at most 64 bytes"):
        SIGNER.sign("5001", Order("transfer", 1, 0, "x" * 60))


def test_a_changed_button_is_none() -> None:
    data = SIGNER.sign("5001", Order("accept", 1, 3, "1"))
    assert SIGNER.read("5001", data.replace("accept:1", "accept:2")) is None
