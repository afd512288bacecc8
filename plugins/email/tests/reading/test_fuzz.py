"""Mail made up from the parts that mail is made of, cut and damaged as the world does it.

Quick in the suite; with `--hypothesis-profile=long`, pytest tries for some minutes.  What it finds
becomes a test of its own beside what it is about.
"""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute_email.report import fields_of

CHARSETS = [
    "utf-8",
    "utf-7",
    "utf-16",
    "iso-2022-jp",
    "gb18030",
    "shift_jis",
    "klingon-1",
    "zip",
    "",
]
TYPES = [
    "text/plain", "text/html", "text/enriched", "text/richtext", "text/calendar",
    "application/ms-tnef; name=winmail.dat", "message/rfc822", "message/delivery-status",
    "text/rfc822-headers", "message/feedback-report", "application/pkcs7-mime",
    "application/octet-stream; name*0*=utf-8''a; name*1=b", "image/png", "", "text", "/",
]  # fmt: skip
MULTI = [
    "mixed",
    "alternative",
    "related",
    "report; report-type=delivery-status",
    "digest",
    "signed",
]
NAMES = [
    "Subject", "From", "To", "Date", "Message-ID", "References", "In-Reply-To", "Received",
    "Auto-Submitted", "Authentication-Results", "X-Failed-Recipients", "List-Id", "Return-Path",
    "Content-Disposition", "Content-ID", "X-Original-From",
]  # fmt: skip
LINES = [
    "Hello,", "> quoted", ">> twice", "On Mon, Ana <ana@x.example> wrote:", "-- ", "Joe", "",
    "-----Original Message-----", "From: Ana", "Sent: Monday", "To: Joe", "Subject: x",
    "Sent from my iPhone", "---------- Forwarded message ---------", "Von: Ana", "Am 1.3. schrieb",
    "<a@x.example>: 550 5.1.1 no such user", "Final-Recipient: rfc822; a@x.example",
    "Action: failed", "Status: 5.1.1", "BEGIN:VEVENT", "DTSTART:20260301T120000Z", "<div><p>",
    "<blockquote type=cite>", "&#x110000;&nbsp;", "begin 644 x", "=?utf-8?q?=00?=", "\x1b$B", ".",
    "(" * 50, "<" * 50, "a" * 500,
]  # fmt: skip

encodings: dict[str, Callable[[bytes], bytes]] = {
    "7bit": bytes,
    "8bit": bytes,
    "base64": base64.encodebytes,
    "quoted-printable": quopri.encodestring,
    "x-uuencode": lambda data: b"begin 644 x\n" + binascii.b2a_uu(data[:45]) + b"end\n",
    "unknown": bytes,
}
texts = st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=12).map("\n".join)
values = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["a <a@x.example>", "auto-replied", "<1@x> <2@x>", "x; dmarc=pass", "=?x?b?y"]),
    st.builds(
        "=?{}?{}?{}?=".format, st.sampled_from(CHARSETS), st.sampled_from("bqBQx"), st.text()
    ),
)
fields = st.lists(st.builds("{}: {}".format, st.sampled_from(NAMES), values), max_size=5)


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    """A part with a body."""
    kind, charset = draw(st.sampled_from(TYPES)), draw(st.sampled_from(CHARSETS))
    encoding = draw(st.sampled_from(sorted(encodings)))
    body = draw(st.binary(max_size=80) | texts.map(lambda text: text.encode("utf-8", "replace")))
    head = [*draw(fields), f"Content-Type: {kind}; charset={charset}; format=flowed"]
    head.append(f"Content-Transfer-Encoding: {encoding}")
    return "\n".join(head).encode("utf-8", "replace") + b"\n\n" + encodings[encoding](body)


def within(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Parts in a multipart, whose boundary is now and then that of another."""

    def joined(kind: str, boundary: str, head: list[str], inside: list[bytes], end: bytes) -> bytes:
        line = f"Content-Type: multipart/{kind}; boundary={boundary}"
        top = "\n".join([*head, line]).encode("utf-8", "replace") + b"\n\n"
        mark = b"--" + boundary.encode() + b"\n"
        return top + b"\n".join(mark + part for part in inside) + b"\n--" + boundary.encode() + end

    boundaries = st.sampled_from(["a", "b", "ab", "a--"])
    ends = st.sampled_from([b"--\n", b"\n", b""])
    lists = st.lists(parts, max_size=3)
    return st.builds(joined, st.sampled_from(MULTI), boundaries, fields, lists, ends)


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    """A message, perhaps with something changed, taken out or put in."""
    whole = draw(st.recursive(leaves(), within, max_leaves=6))
    newline = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    whole = whole.replace(b"\n", newline)
    for _ in range(draw(st.integers(0, 3))):
        at, out = draw(st.integers(0, len(whole))), draw(st.integers(0, 5))
        whole = whole[:at] + draw(st.binary(max_size=4)) + whole[at + out :]
    return whole


@settings(max_examples=settings().max_examples // 3)  # of the profile that was asked for
@given(mails())
def test_any_mail_is_read_and_what_is_read_is_clean(message: bytes) -> None:
    found = fields_of(message, "")
    for name in ("text", "reply", "quoted", "signature", "subject", "from_name", "unread"):
        text = found[name]
        assert isinstance(text, str)
        text.encode()  # no lone surrogates
        assert not set(text) & {"\0", "\x1b", "\r"}
        assert len(text) <= 20 * len(message) + 1000
    assert fields_of(message, "") == found


@given(texts)
def test_any_body_is_taken_apart_and_nothing_of_it_is_lost(text: str) -> None:
    for form in ("text", "html"):
        found = fields_of(text.encode("utf-8", "replace"), form)
        kept = f"{found['reply']}{found['quoted']}{found['signature']}"
        words = {word for word in str(found["text"]).split() if word.isalpha()}
        assert all(word in kept for word in words)
