"""What is found about a message, and what it is worth to who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from plugins.email.tests.authentication.names import NameServer
from plugins.email.tests.authentication.signing import MAIL, signed

from omniroute import Inbound
from omniroute_email.authentication.names import Names, Questions
from omniroute_email.authentication.verifier import UNKNOWN, Verifier, results
from omniroute_email.envelope import Envelope
from omniroute_email.reading.message import read

OURS = frozenset({"help@demo.example"})


@pytest.fixture
async def verifier(names: Names) -> AsyncIterator[Verifier]:
    verifier = Verifier(names, 10, "mx.demo.example")
    yield verifier
    verifier.close()


def envelope(
    peer: str = "192.0.2.9",
    mail_from: str = "joe@x.example",
    *,
    trusted: bool = False,
    found: str = "",
) -> Envelope:
    return Envelope(
        peer=peer,
        trusted=trusted,
        mail_from=mail_from,
        rcpt_to=("help@demo.example",),
        received_at=1_772_366_400_000,
        checked=found,
    )


def verified(message: bytes, found: str, *, trusted: bool = False) -> bool:
    said: Inbound = read(envelope(trusted=trusted, found=found), message, OURS, "mx.demo.example")
    return said.sender.verified


@pytest.mark.parametrize(
    ("message", "sent", "found", "genuine"),
    [
        # By its signature, from wherever it comes: mail that was passed on.
        (signed(), envelope(), "dkim=pass … spf=fail … dmarc=pass", True),
        # By who hands it over, without a signature.
        (MAIL, envelope("127.0.0.1"), "spf=pass … dmarc=pass", True),
        # By neither.
        (MAIL, envelope(), "spf=fail … dmarc=fail", False),
        # The return path is another's, who may well send for themselves.
        (MAIL, envelope("127.0.0.1", "eve@y.example"), "spf=pass … dmarc=fail", False),
        # Somebody else has signed.
        (signed(domain="y.example"), envelope(), "dkim=pass … spf=fail … dmarc=fail", False),
        # A machine's own mail, sent by our neighbour.
        (signed(), envelope("192.0.2.9", ""), "dkim=pass … spf=none … dmarc=pass", True),
    ],
)
def test_who_is_vouched_for(
    server: NameServer,
    questions: Questions,
    message: bytes,
    sent: Envelope,
    found: str,
    genuine: bool,
) -> None:
    server.says("y.example", "TXT", "v=spf1 ip4:127.0.0.1 -all")
    server.records["s._domainkey.y.example", "TXT"] = server.records[
        "s._domainkey.x.example", "TXT"
    ]
    told = results(sent, message, "x.example", "mail.x.example", questions)
    assert [part.split()[0] for part in told.split("; ")[1:]] == found.split(" … ")
    assert verified(message, told) is genuine


@pytest.mark.parametrize("broken", ["s._domainkey.x.example", "_dmarc.x.example", "x.example"])
def test_while_dns_does_not_answer_nobody_is_vouched_for_nor_disowned(
    server: NameServer, questions: Questions, broken: str
) -> None:
    server.broken.add(broken)
    message = MAIL if broken == "x.example" else signed()
    told = results(envelope(), message, "x.example", "mail.x.example", questions)
    assert told.endswith("dmarc=temperror header.from=x.example")
    # Signed by the very domain in From it is genuine, whatever that domain's policy may be.
    assert verified(message, told) is (broken == "_dmarc.x.example")


async def test_a_domain_without_a_policy_is_known_by_its_signature(
    server: NameServer, verifier: Verifier
) -> None:
    del server.records["_dmarc.x.example", "TXT"]
    told = await verifier.verify(envelope(), signed(), "h")
    assert "dmarc=none" in told
    assert verified(signed(), told)
    told = await verifier.verify(envelope(), MAIL, "h")
    assert not verified(MAIL, told)


async def test_what_our_own_server_has_found_is_not_looked_for_again(
    server: NameServer, verifier: Verifier
) -> None:
    edge = b"Authentication-Results: mx.demo.example; dmarc=fail header.from=x.example\r\n"
    assert await verifier.verify(envelope(trusted=True), edge + signed(), "h") == ""
    assert server.asked == []
    assert not verified(edge + signed(), "", trusted=True)


async def test_where_our_server_is_silent_the_signature_counts(verifier: Verifier) -> None:
    theirs = b"Authentication-Results: mx.evil.example; dmarc=pass header.from=x.example\r\n"
    told = await verifier.verify(envelope(trusted=True), signed(theirs + MAIL), "h")
    assert "spf=" not in told  # the peer is our own server
    assert verified(theirs + MAIL, told, trusted=True)
    told = await verifier.verify(envelope(trusted=True), theirs + MAIL, "h")
    assert not verified(theirs + MAIL, told, trusted=True)


@pytest.mark.parametrize("head", [b"", b"From: nobody\r\n", b"From: a@x.example, b@x.example\r\n"])
async def test_from_nobody_nothing_is_looked_for(
    server: NameServer, verifier: Verifier, head: bytes
) -> None:
    assert await verifier.verify(envelope(), head + b"\r\nhi\r\n", "h") == ""
    assert server.asked == []


async def test_nobody_waits_for_dns_longer_than_is_set(server: NameServer, names: Names) -> None:
    server.silent |= {"x.example", "_dmarc.x.example"}
    verifier = Verifier(names, 0.05)
    told = await verifier.verify(envelope(), MAIL, "h")
    verifier.close()
    assert told == UNKNOWN or told.endswith("dmarc=temperror header.from=x.example")
    assert not verified(MAIL, told)


async def test_many_are_checked_at_a_time(verifier: Verifier) -> None:
    told = await asyncio.gather(*(verifier.verify(envelope(), signed(), "h") for _ in range(10)))
    assert len(set(told)) == 1
    assert "dkim=pass" in told[0]
