"""Answers as HTML."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from omniroute import Address, File, Outbound
from omniroute_email.compose import compose
from omniroute_email.markup import as_html

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def body(text: str) -> str:
    return as_html(text).split("<body>\n")[1].split("\n</body>")[0]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello", "<p>Hello</p>"),
        ("Hello\r\nJoe\n\n\nBye\n", "<p>Hello<br>\nJoe</p>\n<p>Bye</p>"),
        ("1 < 2 & <script>", "<p>1 &lt; 2 &amp; &lt;script&gt;</p>"),
        (
            "See https://x.ex/a?b=1&c=2.",
            '<p>See <a href="https://x.ex/a?b=1&amp;c=2">https://x.ex/a?b=1&amp;c=2</a>.</p>',
        ),
        (
            'https://x.example/"onclick=',
            '<p><a href="https://x.example/">https://x.example/</a>&quot;onclick=</p>',
        ),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
    ],
)
def test_text_becomes_paragraphs_and_links_and_nothing_else(text: str, html: str) -> None:
    assert body(text) == html


def test_a_mail_holds_both_and_its_files_beside_them() -> None:
    out = Outbound(
        "e1", "", Address("email", "joe@x.example"), "Grüße", files=(File("a", "image/png", b"x"),)
    )
    raw = compose(out, "help@demo.example", "Desk", NOW, html=True)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, email.message.EmailMessage)
    types = [part.get_content_type() for part in mail.walk()]
    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "Grüße"
    assert "<p>Grüße</p>" in html.get_content()
    assert raw.isascii()
    assert b"text/html" not in compose(out, "help@demo.example", "Desk", NOW)
