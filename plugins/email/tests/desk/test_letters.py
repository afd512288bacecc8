"""A mail to an agent, as its bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

import pytest

from omniroute import File
from omniroute_email.desk.letters import Letter, as_mail
from omniroute_email.desk.links import About

AT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
LETTER = Letter(
    key="desk-12-abcdef",
    to="ana@shop.example",
    about=About(12, 1, "abcdef"),
    subject="#12 Joe <b>Miller",
    banner="Replying sends to Joe Miller by Telegram.",
    said="I was <i>charged</i> twice\n\nand want it back",
    card=("● HIGH  #12", "Joe Miller · Telegram ✓"),
    links=(("Accept", "https://desk.example/x?a=1&b=2"),),
    sender="Joe Miller",
    footer="At the top: #help",
)


def sent(**more: Any) -> EmailMessage:
    from dataclasses import replace

    raw = as_mail(replace(LETTER, **more), "k3j2h1g0", "desk+1@x.example", "desk@x.example", "Shop",
                  AT)  # fmt: skip
    parsed: Any = BytesParser(policy=SMTP).parsebytes(raw)
    return parsed  # type: ignore[no-any-return]


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_first_line_says_what_an_answer_does() -> None:
    text = part(sent(), "plain")
    first = "Replying sends to Joe Miller by Telegram. Write above this line · k3j2h1g0"
    assert text.split("\n")[0] == first
    assert first in part(sent(), "html")
    assert text.endswith("Accept: https://desk.example/x?a=1&b=2\n\nAt the top: #help\n")


def test_nothing_that_came_from_outside_is_markup() -> None:
    page = part(sent(), "html")
    assert "<p>I was &lt;i&gt;charged&lt;/i&gt; twice</p>" in page
    assert 'href="https://desk.example/x?a=1&amp;b=2"' in page
    assert "● HIGH" in page


def test_it_is_answered_at_its_own_address_and_stays_in_one_conversation() -> None:
    first = sent()
    assert (first["Reply-To"], first["In-Reply-To"]) == ("Shop <desk+1@x.example>", None)
    assert str(first["From"]) == "Joe Miller · Shop <desk@x.example>"
    assert first["Message-ID"] == "<desk-12-abcdef@x.example>"
    later = sent(
        key="desk-12-abcdef-1", within="desk-12-abcdef@x.example", answers="q@shop.example"
    )
    assert later["In-Reply-To"] == "<q@shop.example>"
    assert "<desk-12-abcdef@x.example>" in str(later["References"])
    assert later["Subject"] == f"Re: {LETTER.subject}"


@pytest.mark.parametrize(
    ("automatic", "marked"),
    [("generated", "auto-generated"), ("replied", "auto-replied"), ("", None)],
)
def test_what_no_person_wrote_is_marked(automatic: str, marked: str | None) -> None:
    assert sent(automatic=automatic)["Auto-Submitted"] == marked


def test_files_go_along() -> None:
    mail = sent(files=(File("receipt.pdf", "application/pdf", b"%PDF"),))
    assert [file.get_filename() for file in mail.iter_attachments()] == ["receipt.pdf"]
