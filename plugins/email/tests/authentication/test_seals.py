"""What a forwarder found before it changed a message, sealed (RFC 8617)."""

from __future__ import annotations

import pytest
from plugins.email.tests.authentication.names import NameServer
from plugins.email.tests.authentication.signing import MAIL, PUBLIC, sealed

from omniroute_email.authentication.names import Questions
from omniroute_email.authentication.seals import sealed_results
from omniroute_email.authentication.verifier import results
from omniroute_email.envelope import Envelope

LIST = "lists.example"
FOUND = "dmarc=pass header.from=x.example"
COVERED = [b"From", b"To", b"Subject", b"Message-ID"]


@pytest.fixture(autouse=True)
def _keys(server: NameServer) -> None:
    """Three who can seal; x.example, whose mail it is, has a policy."""
    for domain in (LIST, "other.example", "evil.example"):
        server.says(f"s._domainkey.{domain}", "TXT", f"v=DKIM1; k=rsa; p={PUBLIC}")


def passed_on(
    message: bytes = MAIL, found: str = FOUND, by: str = LIST, covered: list[bytes] = COVERED
) -> bytes:
    """*message* as *by* passes it on: changed, and sealed with what it found."""
    changed = message.replace(b"Subject: Order", b"Subject: [list] Order")
    return sealed(changed, found, by, covered)


def checked(message: bytes, questions: Questions, *sealers: str) -> str:
    envelope = Envelope(
        peer="192.0.2.9", trusted=False, mail_from=f"bounces@{LIST}",
        rcpt_to=("help@demo.example",), received_at=0,
    )  # fmt: skip
    return results(envelope, message, "x.example", LIST, questions, sealers)


def test_what_a_trusted_list_found_counts(questions: Questions) -> None:
    said = checked(passed_on(), questions, LIST)
    assert "arc=pass; dmarc=pass header.from=x.example" in said


def test_nobody_else_s_seal_does(questions: Questions) -> None:
    assert "dmarc=fail" in checked(passed_on(), questions)
    assert "dmarc=fail" in checked(passed_on(by="evil.example"), questions, LIST)


def test_of_two_the_older_counts_if_both_are_trusted(questions: Questions) -> None:
    twice = passed_on(passed_on(), "dmarc=fail header.from=x.example", "other.example")
    assert sealed_results(twice, {LIST, "other.example"}, questions).startswith(f"{LIST}; dmarc=p")
    assert sealed_results(twice, {"other.example"}, questions).endswith(
        "fail header.from=x.example"
    )
    assert sealed_results(twice, {LIST}, questions) == ""  # who came after could have changed it


@pytest.mark.parametrize(
    "found",
    ["dmarc=fail header.from=x.example", "dmarc=pass header.from=evil.example", "spf=none", ""],
)
def test_a_seal_over_nothing_good_vouches_for_nobody(found: str, questions: Questions) -> None:
    assert "dmarc=fail" in checked(passed_on(found=found or "none"), questions, LIST)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"I was charged twice.", b"Send it to my new account."),
        (b"From: Joe <joe@x.example>", b"From: Joe <eve@x.example>"),
        (b"dmarc=pass header.from=x.example", b"dmarc=pass header.from=y.example"),
        (b"cv=none", b"cv=pass"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
    ],
)
def test_whatever_was_changed_afterwards_breaks_it(
    old: bytes, new: bytes, questions: Questions
) -> None:
    message = passed_on()
    assert old in message
    assert sealed_results(message.replace(old, new), {LIST}, questions) == ""


def test_a_signature_that_leaves_out_who_wrote_it_counts_for_nothing(
    questions: Questions,
) -> None:
    assert sealed_results(passed_on(covered=[b"To", b"Subject"]), {LIST}, questions) == ""


def test_a_chain_without_end_is_not_walked(questions: Questions, server: NameServer) -> None:
    message = passed_on()
    many = b"".join(b"ARC-Seal: i=%d; x\r\n" % at for at in range(2, 60))
    assert sealed_results(many + message, {LIST}, questions) == ""
    assert server.asked == []
