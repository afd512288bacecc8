"""Each parser that `make fuzz` tries for minutes, tried for a moment."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.sessions import heard
from tests.fuzz.targets import targets

TARGETS = targets()
AT_MOST = 20.0  # seconds: here many tests share the machine


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=settings().max_examples // 10,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        target(data.draw(target.inputs), within=AT_MOST)

    tried()


# Five words that nobody knows are too many; what stands after them was said in advance.
TOO_MANY = (
    b"\r\n.\r\nHELO x\r\nMAIL FROM:<> SIZE=20 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<HELP@demo.example>"
    b"\r\nDATA\r\none\n.\nMAIL FROM:<evil@x.example>\r\n.\r\n\rMAIL FROM:<joe@x.example>\r\n"
    b"RCPT TO:<help@demo.example>\r\nDATA\r\ntwo\r\n.\r\nRSET\r\nNOOP\r\nVRFY help\r\nHELP\r\n"
)


def test_found_once_a_peer_that_was_bidden_goodbye_is_not_listened_to() -> None:
    said, kept = asyncio.run(heard([TOO_MANY]))
    assert said.splitlines()[-1].startswith(b"502 5.5.1 Too many")
    assert kept == []
