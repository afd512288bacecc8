"""Whom a mail names as its readers besides us."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute import Address, Inbound, Site
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import Envelope, pack
from omniroute_email.settings import Config, mailboxes

CONFIG = Config(
    addresses=["help@demo.example", "sales@demo.example"],
    reply_address="thread@demo.example",
    bounce_address="bounces@demo.example",
)


def others(*lines: str) -> list[Address]:
    channel = EmailChannel("email", CONFIG, Site(Path(), "http://x", "Desk", b"k"))
    envelope = Envelope(
        peer="", trusted=True, mail_from="joe@x.example", rcpt_to=("help@demo.example",),
        received_at=0,
    )  # fmt: skip
    mail = "\r\n".join(["From: Joe <joe@x.example>", *lines, "", "it is late"])
    [said] = channel.parse(pack(envelope, mail.encode()))
    assert isinstance(said, Inbound)
    return list(said.others)


def test_who_is_in_to_and_in_copy_once_and_in_order() -> None:
    found = others(
        "To: help@demo.example, Ana Lopez <Ana@X.example>", "Cc: bob@x.example, ana@x.example"
    )
    assert found == [
        Address("email", "ana@x.example", display="Ana Lopez"),
        Address("email", "bob@x.example"),
    ]
    assert not any(address.verified for address in found)


def test_neither_we_nor_the_sender() -> None:
    ours = mailboxes(CONFIG, "channels.email", b"k")
    token, bounce = ours.replies.address_for("e1"), ours.bounces.address_for("e1")
    assert others(f"To: {token}, {bounce}, sales@demo.example", "Cc: JOE@x.example") == []


@pytest.mark.parametrize(
    "line", ["List-Id: <friends.x.example>", "Auto-Submitted: auto-replied", "Cc: not an address"]
)
def test_nobody_of_lists_and_machines(line: str) -> None:
    copy = "" if line.startswith("Cc") else "Cc: bob@x.example"
    assert others("To: help@demo.example", *filter(None, [copy]), line) == []


def test_of_a_crowd_the_first() -> None:
    crowd = ", ".join(f"p{number}@x.example" for number in range(500))
    assert [a.value for a in others(f"Cc: {crowd}")] == [f"p{n}@x.example" for n in range(20)]
