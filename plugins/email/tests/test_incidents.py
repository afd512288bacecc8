"""What has befallen other help desks by mail, and does not befall this one (reliability.md, I…).

Told here where no file of its own tells it; docs/reference/faults.md names the tests of each.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute import Address, Inbound, Outbound, Site, Undelivered
from omniroute.testing.rig import Rig
from omniroute_email.channel import EmailChannel
from omniroute_email.compose import compose
from omniroute_email.envelope import Envelope, pack
from omniroute_email.settings import Config

AGENT = "ana@desk.example"
GENUINE = "Authentication-Results: mx.demo.example; dmarc=pass header.from=x.example"
FORGED = "Authentication-Results: mx.demo.example; dmarc=fail header.from=x.example"


def channel() -> EmailChannel:
    config = Config(
        addresses=["help@demo.example"],
        authserv_id="mx.demo.example",
        reply_address="thread@demo.example",
        bounce_address="bounces@demo.example",
    )
    return EmailChannel("email", config, Site(Path(), "http://x", "Desk", b"a secret"))


def read(message: bytes, to: str = "help@demo.example") -> Sequence[Inbound | Undelivered]:
    envelope = Envelope(
        peer="127.0.0.1",
        trusted=True,
        mail_from="joe@x.example",
        rcpt_to=(to,),
        received_at=1_772_366_400_000,
    )
    return channel().parse(pack(envelope, message))


def said(*lines: str, sender: str = "Joe <joe@x.example>", text: str = "hi") -> Inbound:
    [found] = read("\r\n".join([f"From: {sender}", *lines, "", text]).encode())
    assert isinstance(found, Inbound)
    return found


def test_incident_1_whom_a_forged_mail_copies_gains_nothing() -> None:
    """Zendesk 2024: From is a customer's, forged, and the attacker stands in Cc."""
    forged = said(FORGED, "Cc: eve@evil.example", "In-Reply-To: <e1@demo.example>")
    assert (forged.sender.value, forged.sender.verified) == ("joe@x.example", False)
    assert forged.conversation == "joe@x.example"  # what is answered goes there, and to no other


@pytest.mark.parametrize(
    "sender",
    ["Slack <no-reply@slack.com>", "noreply@google.com", "Apple <do_not_reply@apple.com>"],
)
def test_incident_2_a_mail_that_proves_who_owns_the_mailbox_is_no_customers(sender: str) -> None:
    """Ticket Trick: a confirmation sent to our address must not reach whoever asked for it."""
    result = "Authentication-Results: mx.demo.example; dmarc=pass"
    confirmation = said(result, "Reply-To: eve@evil.example", sender=sender, text="Code: 1182")
    assert not confirmation.sender.verified  # so it joins nobody's thread, not even Eve's
    alone = said(result, sender=sender, text="Code: 1182")
    assert alone.sender.value != "eve@evil.example"


def test_incident_5_a_ticket_number_or_somebody_elses_id_is_named_and_proves_nothing() -> None:
    stranger = said(
        "Subject: Re: [#1182] your order (ticket 1182)", GENUINE, "References: <e1@demo.example>"
    )
    assert stranger.answers == "e1"  # a suggestion: who wrote it is what counts
    assert said("Subject: Re: [#1182] e1 <e1@demo.example>", GENUINE).answers == ""


@pytest.mark.parametrize("field", ["Reply-To", "Sender", "Return-Path", "Resent-From", "X-From"])
def test_incident_6_no_other_field_gives_an_agents_powers(field: str) -> None:
    found = said(GENUINE, f"{field}: Ana <{AGENT}>")
    assert (found.sender.value, found.sender.verified) == ("joe@x.example", True)


def test_incident_7_ten_thousand_forged_senders_get_no_confirmation() -> None:
    """Relay spam: confirmations carry a spammer's words to whom they name as the sender."""
    rules = """
version: 1
defaults: {queue: general, priority: normal, sla: {first_reply: 1h, clock: always}}
route: [{id: all, when: always, reply: heard, to: {queue: general}}]
queues: {general: {}}
replies: {heard: {en: "We have it."}}
"""
    rig = Rig(rules)
    victim = rig.customer("victim", email="v@x.example", verified=True)
    for _ in range(3):
        victim.on("email").says("buy pills")
    for number in range(50):
        forged = rig.customer(f"forged {number}", email=f"v{number}@x.example", forged=True)
        forged.on("email").says("buy pills")
    assert [delivery.reply for delivery in rig.deliveries] == ["heard"]


@given(st.binary(max_size=300), st.integers(0, 200))
def test_incident_14_whatever_comes_is_one_message_or_one_report(noise: bytes, at: int) -> None:
    """FreeScout swallowed what it could not parse.  What raises here becomes a dead letter."""
    whole = (
        b"From: joe@x.example\r\nSubject: =?utf-8?q?a?=\r\nContent-Type: multipart/mixed; "
        b"boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n"
    )
    assert len(read(whole[:at] + noise + whole[at:])) == 1


def test_incident_16_what_an_agent_writes_is_one_message() -> None:
    """Smuggling: an end of data in the text must not end it, whatever line ends stand around."""
    text = "one\n.\n two\r\n.\r\nthree\r.\rfour\n.\r\nRCPT TO:<eve@evil.example>"
    sent = compose(outbound(text=text), "help@demo.example", "Desk", datetime.now(UTC))
    assert b"\r" not in sent.replace(b"\r\n", b"")
    assert b"\n" not in sent.replace(b"\r\n", b"")
    assert "RCPT TO" in email.message_from_bytes(sent, policy=email.policy.default).get_content()


@pytest.mark.parametrize("place", ["subject", "sender_name", "display", "in_reply_to", "value"])
@pytest.mark.parametrize(
    "injected",
    [
        "x\r\nBcc: eve@evil.example",
        "x\nBcc: eve@evil.example",
        "x\rBcc: eve@evil.example",
        "x\r\n\r\nBcc: eve@evil.example",
        "=?utf-8?q?x=0D=0ABcc:_eve@evil.example?=",
        "=?utf-8?b?eA0KQmNjOiBldmVAZXZpbC5leGFtcGxl?=",
        "x\0\r\nBcc: eve@evil.example",
        "x\u2028Bcc: eve@evil.example",
        "x\x85Bcc: eve@evil.example",
        "x\x0b\r\n Bcc: eve@evil.example",
    ],
)
def test_incident_27_nobody_brings_a_header_of_their_own(place: str, injected: str) -> None:
    to = Address("email", "joe@x.example", display="Joe")
    if place == "display":
        out = outbound(to=replace(to, display=injected))
    elif place == "value":
        out = outbound(references=(injected,))
    else:
        out = outbound(**{place: injected})
    sent = compose(out, "help@demo.example", "Desk", datetime.now(UTC))
    read_again = email.message_from_bytes(sent, policy=email.policy.default)
    assert read_again["Bcc"] is None
    assert len(read_again.get_all("To", [])) == 1
    assert b"\r\nBcc" not in sent


def outbound(**values: object) -> Outbound:
    given = {
        "idempotency_key": "e-1",
        "conversation": "joe@x.example",
        "to": Address("email", "joe@x.example"),
        "text": "hello",
        **values,
    }
    return Outbound(**given)  # type: ignore[arg-type]
