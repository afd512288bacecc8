"""Whole messages, written by us, as an agent would see them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omniroute import Address, Inbound
from omniroute_email.envelope import Envelope
from omniroute_email.reading import NOBODY, read
from omniroute_email.reading.texts import MAX_TEXT

OURS = frozenset({"help@demo.example"})
RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def reading(message: bytes, *, trusted: bool = True, path: str = "joe@x.example") -> Inbound:
    envelope = Envelope(
        peer="127.0.0.1",
        trusted=trusted,
        mail_from=path,
        rcpt_to=("help@demo.example",),
        received_at=int(RECEIVED.timestamp() * 1000),
    )
    return read(envelope, message, OURS, "")


def mail(*lines: str, sender: str = "Joe <joe@x.example>") -> bytes:
    head = [f"From: {sender}", "Message-ID: <1@x.example>"]
    return "\r\n".join([*head, *lines]).encode()


def test_an_answer_with_everything() -> None:
    png = base64.b64encode(b"\x89PNG").decode()
    said = reading(
        mail(
            "To: help@demo.example",
            "Subject: =?utf-8?q?Re:_charged_tw=C3=AFce?=",
            "Date: Sun, 1 Mar 2026 12:30:00 +0100",
            "In-Reply-To: <e-1@demo.example>",
            "References: <0@x.example> <e-1@demo.example>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=m",
            "",
            "--m",
            "Content-Type: multipart/alternative; boundary=a",
            "",
            "--a",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "Here is the receipt =E2=80=93 thanks.",
            "",
            "On Sun, 1 Mar 2026, Ana wrote:",
            "> Could you send it?",
            "--a",
            "Content-Type: text/html",
            "",
            "<p>Here is the receipt</p>",
            "--a--",
            "--m",
            'Content-Type: image/png; name="../../receipt.png"',
            "Content-Transfer-Encoding: base64",
            "Content-ID: <r@x.example>",
            "Content-Disposition: inline",
            "",
            png,
            "--m--",
            "",
        )
    )
    assert said.sender == Address("email", "joe@x.example", verified=True, display="Joe")
    assert said.conversation == "joe@x.example"
    assert said.subject == "Re: charged twïce"
    assert said.text == "Here is the receipt – thanks."
    assert said.quoted == "On Sun, 1 Mar 2026, Ana wrote:\n> Could you send it?"
    assert said.html == "<p>Here is the receipt</p>"
    assert said.sent_at == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert (said.external_id, said.in_reply_to) == ("1@x.example", "e-1@demo.example")
    assert said.references == ("0@x.example", "e-1@demo.example")
    [file] = said.files
    assert (file.name, file.media_type, file.data) == ("receipt.png", "image/png", b"\x89PNG")
    assert (file.inline, file.content_id) == (True, "r@x.example")
    assert not said.automatic
    assert said.unread == ""


def test_html_alone_is_read_as_text() -> None:
    said = reading(mail("Content-Type: text/html", "", "<div>I was <b>charged</b><br>twice</div>"))
    assert said.text == "I was charged\ntwice"
    assert said.html == "<div>I was <b>charged</b><br>twice</div>"


def test_old_mail_without_mime() -> None:
    said = reading(mail("", "I was charged twice"))
    assert (said.text, said.html, said.files) == ("I was charged twice", "", ())
    assert said.sent_at == RECEIVED


# --- who it is from ------------------------------------------------------------------------------


def test_reply_to_and_return_path_are_no_identity() -> None:
    said = reading(mail("Reply-To: boss@demo.example", "", "hi"), path="bounces@list.example")
    assert said.sender.value == said.conversation == "joe@x.example"


@pytest.mark.parametrize(
    ("sender", "named"),
    [
        ("help@demo.example", "Reply-To: Kim <kim@x.example>"),
        ("No-Reply@forms.example", "Reply-To: Kim <kim@x.example>"),
        ("group@x.example", "List-Id: <group>\r\nX-Original-From: Kim <kim@x.example>"),
    ],
)
def test_where_from_is_no_author_it_is_whom_the_message_names_instead(
    sender: str, named: str
) -> None:
    said = reading(mail(named, "", "hi", sender=sender))
    assert said.sender == Address("email", "kim@x.example", verified=False, display="Kim")
    assert said.conversation == "kim@x.example"


def test_nobody_becomes_another_by_a_field() -> None:
    said = reading(mail("X-Original-From: kim@x.example", "Reply-To: kim@x.example", "", "hi"))
    assert (said.sender.value, said.sender.verified) == ("joe@x.example", True)
    looped = reading(mail("Reply-To: help@demo.example", "", "hi", sender="help@demo.example"))
    assert looped.sender.value == "help@demo.example"
    assert looped.automatic


def test_from_any_other_peer_nothing_vouches() -> None:
    passed = "Authentication-Results: edge.example; dmarc=pass header.from=x.example"
    assert reading(mail(passed, "", "hi")).sender.verified
    assert not reading(mail(passed, "", "hi"), trusted=False).sender.verified


def test_failed_authentication_is_not_authenticated() -> None:
    failed = "Authentication-Results: edge.example; dmarc=fail header.from=x.example"
    said = reading(mail(failed, "", "hi"))
    assert said.sender == Address("email", "joe@x.example", verified=False, display="Joe")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"", "no From field"),
        (b"From: a@x.example\r\nFrom: b@x.example\r\n", "several From fields"),
        (b"From : a@x.example\r\nFrom: a@x.example\r\n", "several From fields"),
        (b"From: a@x.example, b@x.example\r\n", "a From field that names not exactly one address"),
        (b"From: \xff\xfe\r\n", "a From field without a valid address"),
    ],
)
def test_a_message_from_nobody_is_a_stranger_of_its_own(head: bytes, why: str) -> None:
    one, other = reading(head + b"\r\nhi"), reading(head + b"\r\nhello")
    assert one.unread == why
    assert one.text == "hi"
    assert one.sender.value.endswith(f"@{NOBODY}")
    assert not one.sender.verified
    assert one.sender.value == one.conversation != other.conversation
    assert reading(head + b"\r\nhi") == one


def test_two_addresses_in_one_field_are_never_verified() -> None:
    said = reading(mail("", "hi", sender="boss@demo.example <eve@x.example>"))
    assert said.sender == Address("email", "eve@x.example")
    assert said.unread == "a From field with another address beside its address"


# --- what cannot be read -------------------------------------------------------------------------


def test_without_an_id_there_is_a_stable_one() -> None:
    one, same = reading(b"From: joe@x\r\n\r\nhi"), reading(b"From: joe@x\r\n\r\nhi")
    assert one.external_id == same.external_id
    assert one.external_id != reading(b"From: joe@x\r\n\r\nho").external_id


def test_an_unknown_charset_and_encoding_are_named_and_the_rest_is_read() -> None:
    said = reading(
        mail(
            "Content-Type: text/plain; charset=klingon-1",
            "Content-Transfer-Encoding: x-zip",
            "",
            "I was charged twice",
        )
    )
    assert said.text == "I was charged twice"
    assert said.unread == "unknown transfer encoding; unknown charset “klingon-1”"


def test_text_without_end_is_cut_and_said() -> None:
    for lines in (["", "x" * 3_000_000], ["Content-Type: text/html", "", "<p>x" * 1_500_000]):
        said = reading(mail(*lines))
        assert len(said.text) <= MAX_TEXT
        assert len(said.html) <= MAX_TEXT
        assert said.unread == "text beyond 300,000 characters"


def test_a_text_that_is_cut_is_not_cut_amid_a_character() -> None:
    said = reading(mail("", *["Grüße, " * 20] * 40_000))
    assert len(said.text) == MAX_TEXT
    assert said.text.replace("\n", "").replace("Grüße, ", "").strip("Grüße, ") == ""


def test_sealed_mail_is_a_file_and_said() -> None:
    said = reading(mail("Content-Type: application/pkcs7-mime; name=smime.p7m", "", "MIIB"))
    assert (said.text, said.files[0].name) == ("", "smime.p7m")
    assert said.unread == "encrypted content (S/MIME)"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\windows\\\\x.exe", "x.exe"),
        ("a\u202etxt.exe", "atxt.exe"),
        (".htaccess", ".htaccess"),
        ("x" * 500, "x" * 200),
        ("", "unnamed"),
        ("/", "unnamed"),
    ],
)
def test_a_file_has_a_name_for_display_only(name: str, shown: str) -> None:
    said = reading(mail(f'Content-Type: application/pdf; name="{name}"', "", "x"))
    assert [file.name for file in said.files] == [shown]


def test_a_forwarded_message_is_a_file() -> None:
    said = reading(mail("Content-Type: message/rfc822", "", "From: ann@x.example", "", "hi"))
    assert (said.text, said.files[0].name) == ("", "message.eml")


def test_nothing_in_a_line_breaks_it() -> None:
    said = reading(mail("Subject: =?utf-8?q?a=0D=0ABcc:_x=00=1B[31m?=", "", "x\0\x1b[31m\x85y"))
    assert said.subject == "a Bcc: x[31m"
    assert said.text == "x[31my"


# --- anything at all -----------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        b"From: joe@x.example",
        b'From: (((((<@"',
        b"Message-ID: <<<>>>",
        b"Date: 99 Foo 99999 99:99:99 +9999",
        b"References: <a@b> <c",
        b"Subject: =?utf-8?b?////?= =?x?q?=?= =?utf-16?b?2AA=?=",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: multipart/alternative; boundary*0=b; boundary*1*=''%00",
        b"Content-Type: text/html; charset=utf-7",
        b'Content-Type: text/plain; charset="utf-8\0"',
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: x-uuencode",
        b"Content-Disposition: attachment; filename*=utf-16''%FF%FE",
        b'Authentication-Results: a; (((("dkim=pass',
        b"begin 644 ../../x",
        b"--b",
        b"--b--",
        b" folded",
        b"",
        b"> quoted",
        b"On a wrote:",
        b"<div><b a=1><p>&#x110000;<script>",
    ]
)


@given(
    st.lists(LINES | st.binary(max_size=60), max_size=60), st.sampled_from([b"\r\n", b"\n", b"\r"])
)
@example([], b"\n")
@example([b""], b"\r\n")
@example([bytes(range(256))], b"\n")
@settings(deadline=None, max_examples=300)
def test_any_message_is_read(lines: list[bytes], newline: bytes) -> None:
    message = newline.join(lines)
    said = reading(message)
    size = len(message)
    for text in (said.text, said.quoted, said.html, said.subject, said.sender.display, said.unread):
        text.encode()
        assert not set(text) & {"\0", "\x1b", "\r"}
        assert len(text) <= 4 * size + 1000
    assert said.external_id
    assert said.sender.value == said.conversation
    assert said.sent_at.tzinfo is UTC
    assert sum(len(file.data) for file in said.files) <= size
    assert reading(message) == said
