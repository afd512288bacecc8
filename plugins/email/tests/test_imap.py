"""A server that we fetch mail from may say anything; it is read, or said to be no IMAP."""

from __future__ import annotations

import pytest
from tests.fuzz.sessions import SERVER, fetch

from omniroute import Retry

PATIENT = 30.0  # s: however slow this machine is, it is not the server that hangs up
SIGNED_IN, SELECT, SEARCH, FETCH = 1, 4, 5, 6


def answering(at: int, answer: bytes) -> list[bytes]:
    return [*SERVER[:at], answer, *SERVER[at + 1 :]]


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        (SELECT, b"* OK [UIDVALIDITY x] valid\r\nTAG OK open\r\n"),
        (SELECT, b"* OK [UIDVALIDITY -5] valid\r\nTAG OK open\r\n"),
        (SELECT, b"* OK [UIDVALIDITY " + b"9" * 5000 + b"] valid\r\nTAG OK open\r\n"),
        (SEARCH, b"* SEARCH {3}\r\n123\r\nTAG OK done\r\n"),
        (FETCH, b"* 1 FETCH (BODY[]<0> {5000}\r\n" + b"x" * 5000 + b")\r\nTAG OK done\r\n"),
    ],
)
def test_what_is_odd_does_not_hold_up_the_mail(at: int, answer: bytes) -> None:
    fetch(answering(at, answer), PATIENT)


@pytest.mark.parametrize(
    ("at", "answer", "said"),
    [
        (SIGNED_IN, b"* CAPABILITY \xff\r\nTAG OK done\r\n", "says what is no IMAP"),
        (FETCH, b"* 1 FETCH (BODY[]<0> {99999999999999}\r\n", "which nobody asked for"),
        (FETCH, b"* 1 FETCH (BODY[]<0> {" + b"9" * 40 + b"}\r\n", "which nobody asked for"),
    ],
)
def test_what_cannot_be_read_is_tried_again(at: int, answer: bytes, said: str) -> None:
    with pytest.raises(Retry, match=said):
        fetch(answering(at, answer), PATIENT)
