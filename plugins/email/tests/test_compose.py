"""What leaves: the mail an answer becomes, read back by the standard library's own parser."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute import Address, File, Outbound
from omniroute_email.compose import compose, message_id

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANSWER = Outbound(
    idempotency_key="e-4812-1",
    conversation="joe@x.example",
    to=Address("email", "joe@x.example", display="Joe Doe"),
    text="I have refunded the second charge.\n\nAna",
    subject="charged twice",
    in_reply_to="2@x.example",
    references=("1@x.example", "2@x.example"),
    sender_name="Ana",
)
OURS = {
    *("in-reply-to", "references", "from", "to", "subject", "date", "message-id", "mime-version"),
    *("content-type", "content-transfer-encoding"),
}


def composed(out: Outbound, name: str = "Demo Desk") -> tuple[bytes, EmailMessage]:
    data = compose(out, "help@demo.example", name, NOW)
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return data, mail


def test_an_answer_is_one_person_in_the_same_conversation() -> None:
    _, mail = composed(ANSWER)
    assert mail["From"] == "Ana · Demo Desk <help@demo.example>"
    assert mail["To"] == "Joe Doe <joe@x.example>"
    assert mail["Subject"] == "Re: charged twice"
    assert mail["Message-ID"] == "<e-4812-1@demo.example>"
    assert mail["In-Reply-To"] == "<2@x.example>"
    assert mail["References"] == "<1@x.example> <2@x.example>"
    assert mail["Date"].datetime == NOW
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == ANSWER.text
    assert set(map(str.lower, mail)) == OURS


def test_who_gets_a_copy_stands_in_it() -> None:
    copies = (
        Address("email", "ana@x.example", display="Ana, Lopez"),
        Address("email", "b@y.example"),
    )
    _, mail = composed(replace(ANSWER, copies=copies))
    assert mail["To"] == "Joe Doe <joe@x.example>"
    assert mail["Cc"] == '"Ana, Lopez" <ana@x.example>, b@y.example'
    assert composed(ANSWER)[1]["Cc"] is None


def test_the_same_answer_is_the_same_bytes_and_id() -> None:
    assert compose(ANSWER, "a@d.example", "", NOW) == compose(ANSWER, "a@d.example", "", NOW)
    assert message_id(ANSWER, "a@d.example") == "e-4812-1@d.example"


def test_a_possible_repeat_says_so() -> None:
    assert composed(ANSWER)[1]["X-OmniRoute-Repeat"] is None
    assert composed(replace(ANSWER, repeat=True))[1]["X-OmniRoute-Repeat"] == "possible"


@pytest.mark.parametrize(
    "subject", ["Re: twice", "RE: twice", "AW: twice", "re[2]: twice", "SV: x"]
)
def test_a_subject_that_answers_already_stays(subject: str) -> None:
    assert composed(replace(ANSWER, subject=subject))[1]["Subject"] == subject


def test_a_first_message_of_ours_answers_nothing() -> None:
    _, mail = composed(replace(ANSWER, in_reply_to="", references=()))
    assert mail["Subject"] == "charged twice"
    assert (mail["In-Reply-To"], mail["References"]) == (None, None)


@pytest.mark.parametrize(
    ("sender", "name", "shown"),
    [
        ("", "Demo Desk", "Demo Desk <help@demo.example>"),
        ("Ana", "", "Ana <help@demo.example>"),
        ("", "", "help@demo.example"),
        ('A"n\\a', "D, D", '"A\\"n\\\\a · D, D" <help@demo.example>'),
    ],
)
def test_who_it_comes_from(sender: str, name: str, shown: str) -> None:
    assert composed(replace(ANSWER, sender_name=sender), name)[1]["From"] == shown


def test_long_conversations_keep_their_first_and_newest_ids() -> None:
    ids = tuple(f"{n}.{'x' * 120}@x.example" for n in range(100))
    data, mail = composed(replace(ANSWER, references=ids, in_reply_to=ids[-1]))
    kept = [known.strip("<>") for known in mail["References"].split()]
    assert kept == [ids[0], *ids[-19:]]
    assert mail["In-Reply-To"] == f"<{ids[-1]}>"
    assert max(map(len, data.split(b"\r\n"))) < 998


def test_files_travel_unharmed() -> None:
    files = (
        File("Rechnung Müller.pdf", "application/pdf", b"%PDF\x00\xff\r\n.\r\n"),
        File("mail.eml", "message/rfc822", b"From: x\r\n\r\nhi"),
        File("", "not a type", b""),
        File("logo.png", "image/png", b"png", inline=True, content_id="logo@demo.example"),
    )
    _, mail = composed(replace(ANSWER, files=files))
    found = [
        (part.get_filename(), part.get_content_type(), part.get_content())
        for part in mail.iter_attachments()
    ]
    assert found == [
        ("Rechnung Müller.pdf", "application/pdf", files[0].data),
        ("mail.eml", "application/octet-stream", files[1].data),
        ("unnamed", "application/octet-stream", b""),
        ("logo.png", "image/png", b"png"),
    ]
    assert list(mail.iter_attachments())[3]["Content-ID"] == "<logo@demo.example>"


def test_what_leaves_is_seven_bits_wide_in_lines_that_every_server_takes() -> None:
    text = "Grüße 🙂 " * 2000 + "\n.\n" + "\x00\x1b[31m\rend"
    data, mail = composed(replace(ANSWER, text=text, sender_name="Jörg"))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) < 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert mail.get_content().split() == text.translate({0: "", 0x1B: ""}).split()


EVIL = [
    "x\r\nBcc: eve@evil.example",
    "x\nBcc: eve@evil.example",
    "x\rBcc: eve@evil.example",
    "=?utf-8?q?x=0D=0ABcc:_eve=40evil.example?=",
    "=?utf-8?b?eA0KQmNjOiBldmVAZXZpbC5leGFtcGxl?=",
    "x\u2028Bcc: eve@evil.example",
    "x\x85Bcc: eve@evil.example",
    "x\x0b\x0cBcc: eve@evil.example",
    "x\0Bcc: eve@evil.example",
    "\ud800Bcc: eve@evil.example",
    "x>\r\n\r\nforged body",
    "=?=?utf-8?q?=0D=0ABcc:x?==?=",
    "a" * 5000 + "\r\nBcc: x",
]
FIELDS = (
    "subject",
    "sender_name",
    "in_reply_to",
    "idempotency_key",
    "display",
    "file",
    "reference",
)


def poisoned(field: str, evil: str) -> Outbound:
    match field:
        case "display":
            return replace(ANSWER, to=Address("email", "joe@x.example", display=evil))
        case "file":
            return replace(ANSWER, files=(File(evil, evil, b"x", content_id=evil),))
        case "reference":
            return replace(ANSWER, references=(evil, "1@x.example"))
    text: dict[str, Any] = {field: evil}
    return replace(ANSWER, **text)


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
@pytest.mark.parametrize("field", FIELDS)
def test_no_value_brings_a_header_of_its_own(field: str, evil: str) -> None:
    assert_only_ours(poisoned(field, evil))


@given(st.sampled_from(FIELDS), st.text())
@settings(deadline=None)
def test_no_text_at_all_does(field: str, text: str) -> None:
    assert_only_ours(poisoned(field, text))


def assert_only_ours(out: Outbound) -> None:
    data, mail = composed(out)
    plain = email.message_from_bytes(data)
    for parsed in (mail, plain):
        assert set(map(str.lower, parsed.keys())) <= OURS
        assert len(parsed.keys()) == len(set(map(str.lower, parsed.keys())))
    head = data.partition(b"\r\n\r\n")[0]
    assert all(line[:1] in b" \t" or b":" in line for line in head.split(b"\r\n"))
