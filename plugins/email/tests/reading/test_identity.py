from __future__ import annotations

import pytest

from omniroute_email.reading.identity import identity
from omniroute_email.reading.mail import examine


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ("From: Joe <joe@x.example>", "joe@x.example"),
        ("From: site@x.example\nReply-To: Kim <kim@x.example>", "kim@x.example"),
        ("From: list@x.example\nReply-To: list@x.example\nList-Id: <x>", "list@x.example"),
        ("From: g@x.example\nX-Original-Sender: kim@x.example", "kim@x.example"),
        ("From: g@x.example\nX-Original-From: Kim <kim@x.example>\nReply-To: g@x", "kim@x.example"),
        ("Subject: nobody", ""),
    ],
)
def test_whom_a_message_seems_to_come_from(fields: str, address: str) -> None:
    assert identity(examine(f"{fields}\n\nhi".encode())).address == address
