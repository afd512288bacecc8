from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.envelope import Envelope, pack, unpack

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, st.lists(texts), st.integers(0, 2**53), st.booleans(), st.binary())
def test_what_was_packed_comes_out(
    text: str, to: list[str], at: int, trusted: bool, message: bytes
) -> None:
    envelope = Envelope(
        peer=text, trusted=trusted, mail_from=text, rcpt_to=tuple(to), received_at=at
    )
    assert unpack(pack(envelope, message)) == (envelope, message)


@pytest.mark.parametrize("raw", [b"", b"From: joe\r\n\r\n", b"{}\n", b"[]\nx", b'{"peer":1}\n'])
def test_anything_else_is_called_what_it_is(raw: bytes) -> None:
    with pytest.raises(ValueError, match="not a spooled e-mail"):
        unpack(raw)
