from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plugins.email.tests.authentication.names import NameServer
from plugins.email.tests.authentication.signing import MAIL, signed

from omniroute_email.authentication.names import Questions
from omniroute_email.authentication.signatures import MAX_SIGNATURES, signatures


def test_what_a_domain_has_signed_passes(questions: Questions) -> None:
    assert list(signatures(signed(), questions)) == [("pass", "x.example")]


def test_a_header_that_begins_amid_a_field_is_signed_by_nobody(questions: Questions) -> None:
    assert list(signatures(b"\t" + signed(), questions)) == []


def test_without_a_signature_there_is_no_result(questions: Questions) -> None:
    assert list(signatures(MAIL, questions)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"charged twice", b"charged never"),
        (b"Order 1182", b"Order 1183"),
        (b"From: Joe <joe@x.example>", b"From: Eve <eve@x.example>"),
        (b"From: Joe <joe@x.example>", b"From: e@y.example\r\nFrom: Joe <joe@x.example>"),
    ],
)
def test_what_was_changed_on_the_way_fails(questions: Questions, old: bytes, new: bytes) -> None:
    [(outcome, _)] = signatures(signed().replace(old, new), questions)
    assert outcome == "fail" or outcome == "permerror"


def test_blanks_that_a_server_changes_do_no_harm(questions: Questions) -> None:
    message = (
        signed().replace(b"Subject: Order", b"Subject:   Order").replace(b"twice.", b"twice.  ")
    )
    assert list(signatures(message, questions)) == [("pass", "x.example")]


def test_a_key_that_was_withdrawn_signs_nothing(server: NameServer, questions: Questions) -> None:
    server.says("s._domainkey.x.example", "TXT", "v=DKIM1; p=")
    [(outcome, domain)] = signatures(signed(), questions)
    assert (outcome in ("fail", "permerror"), domain) == (True, "x.example")


def test_a_key_that_is_not_there_signs_nothing(questions: Questions) -> None:
    [(outcome, domain)] = signatures(signed(domain="y.example"), questions)
    assert (outcome in ("fail", "permerror"), domain) == (True, "y.example")


def test_while_dns_does_not_answer_nothing_is_known(
    server: NameServer, questions: Questions
) -> None:
    server.broken.add("s._domainkey.x.example")
    assert list(signatures(signed(), questions)) == [("temperror", "x.example")]


def test_a_signature_for_the_first_part_of_a_text_vouches_for_nothing(questions: Questions) -> None:
    message = signed(length=True) + b"Send the money to me instead.\r\n"
    assert list(signatures(message, questions)) == [("neutral", "x.example")]


def test_only_so_many_signatures_are_looked_at(questions: Questions) -> None:
    message = signed()
    field = message[: message.index(b"From:")]
    found = list(signatures(field * 50 + MAIL, questions))
    assert found == [("pass", "x.example")] * MAX_SIGNATURES


@pytest.mark.parametrize(
    "message",
    [
        signed() + b" " * 1_000_000 + b"x",
        signed() + b" \t" * 500_000 + b"x",
        b"DKIM-Signature: b=" + b" " * 200_000 + b"!; d=x.example\r\n" + MAIL,
        b"DKIM-Signature: v=1; h=" + b":\t " * 60_000 + b"\r\n" + MAIL,
        b"DKIM-Signature: v=1\r\n" + b" x\r\n" * 200_000 + MAIL,
        b"\x00DKIM-Signature: v=1; d=x.example\r\n" + MAIL,
        b"DKIM-Signature: v=1; a=rsa-sha256; d=\xff; s=s; h=from; bh=; b=\r\n" + MAIL,
    ],
    ids=range(7),
)
def test_nobody_makes_us_busy_for_long(questions: Questions, message: bytes) -> None:
    """Each of these keeps the library busy for minutes, or makes it raise, when it is given it."""
    assert all(outcome != "pass" for outcome, _ in signatures(message, questions))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    field=st.lists(
        st.sampled_from(
            [
                "v=1",
                "a=rsa-sha256",
                "a=ed25519-sha256",
                "b=",
                "b=AAAA",
                "bh=AAAA",
                "d=x.example",
                "s=s",
                "d=",
                "h=from:to",
                "h=",
                "l=-1",
                "l=x",
                "t=0",
                "x=1",
                "x=y",
                "c=a/b/c",
                "c=",
                "i=@",
                "q=dns/txt",
                "=",
                "",
            ]
        ),
        max_size=12,
    ),
    rest=st.binary(max_size=40),
)
def test_no_signature_raises(questions: Questions, field: list[str], rest: bytes) -> None:
    message = b"DKIM-Signature: " + "; ".join(field).encode() + rest + b"\r\n" + MAIL
    assert all(outcome != "pass" for outcome, _ in signatures(message, questions))
