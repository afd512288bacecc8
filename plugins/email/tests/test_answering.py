"""Threading: which of our messages a mail answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute import Inbound, Site
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import Envelope, pack
from omniroute_email.settings import Config, mailboxes
from omniroute_email.tokens import DAY

CONFIG = Config(addresses=["help@demo.example"], reply_address="thread@demo.example")


def answers(*lines: str, to: str = "help@demo.example", secret: bytes = b"k", at: int = 0) -> str:
    channel = EmailChannel("email", CONFIG, Site(Path(), "http://x", "Desk", secret))
    envelope = Envelope(
        peer="", trusted=True, mail_from="joe@x.example", rcpt_to=(to,), received_at=at
    )
    mail = "\r\n".join(["From: joe@x.example", *lines, "", "yes please"])
    [said] = channel.parse(pack(envelope, mail.encode()))
    assert isinstance(said, Inbound)
    return said.answers


def token(key: str = "e1") -> str:
    return mailboxes(CONFIG, "channels.email", b"k").replies.address_for(key)


def test_by_the_address_it_was_sent_to() -> None:
    assert answers(to=token()) == "e1"
    assert answers(f"To: {token()}") == "e1"
    assert answers(f"To: a@x.example\r\nCc: Desk <{token().upper()}>") == "e1"


def test_by_an_address_of_long_ago_no_more() -> None:
    old = mailboxes(CONFIG, "channels.email", b"k").replies.address_for("e1", 0)
    assert answers(to=old, at=366 * DAY) == "e1"
    assert answers(to=old, at=367 * DAY) == ""


def test_by_the_message_ids_that_it_names() -> None:
    assert answers("In-Reply-To: <e2@demo.example>") == "e2"
    assert answers("References: <e1@demo.example> <7@x.example>") == "e1"
    assert answers("References: <e1@demo.example> <e3@Demo.Example>") == "e3"
    assert answers("In-Reply-To: <e2@demo.example>", to=token()) == "e1"


@pytest.mark.parametrize(
    "line", ["Subject: Re: [#1] Order e1", "References: <e1@x.example>", "X: <e1@demo.example>"]
)
def test_by_nothing_else(line: str) -> None:
    assert answers(line) == ""


def test_not_by_a_token_of_somebody_else() -> None:
    assert answers(to=token(), secret=b"other") == ""
    assert answers(to=token(), secret=b"") == ""
