"""Messages passed on, in the text or whole, and who wrote them first."""

from __future__ import annotations

import pytest

from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.forwarded import Forwarded
from omniroute_email.reading.mail import examine

KIM = Mailbox("kim@x.example", "Kim")


def found(subject: str, text: str) -> Forwarded | None:
    head = "From: Ana <ana@demo.example>\nContent-Type: text/plain; charset=utf-8\n"
    return examine(f"{head}Subject: {subject}\n\n{text}".encode()).forwarded


@pytest.mark.parametrize(
    "announced",
    [
        "------- Forwarded message ------\nFrom: Kim <kim@x.example>\nDate: Sun\nSubject: Order",
        "Begin forwarded message:\n\n> From: Kim <kim@x.example>\n> Subject: Order\n> Date: Sun",
        "-------- Weitergeleitete Nachricht --------\nBetreff: Order\nVon: Kim <kim@x.example>",
        "-------- Message transféré --------\nDe : Kim <kim@x.example>\nObjet : Order",
        "---------- Mensaje reenviado ---------\nDe: Kim <kim@x.example>\nAsunto: Order",
        "---------- 转发的邮件 ----------\n发件人: Kim <kim@x.example>\n主题: Order",
    ],
)
def test_it_is_announced(announced: str) -> None:
    assert found("x", f"Please help.\n\n{announced}\n\nI was charged twice.") == Forwarded(
        KIM, "Order", "I was charged twice."
    )


@pytest.mark.parametrize("subject", ["Fwd: Order", "FW: Order", "WG: Order", "TR: Order"])
def test_the_subject_announces_it(subject: str) -> None:
    text = "Please help.\n\nFrom: Kim [mailto:kim@x.example]\nSent: Sunday\nTo: Ana\n\nCharged."
    assert found(subject, text) == Forwarded(KIM, "", "Charged.")
    assert found("Re: Order", text) is None


def test_it_is_attached() -> None:
    mail = (
        "From: ana@demo.example\nSubject: {}\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\n{}\n--b\nContent-Type: message/rfc822\n\n"
        "From: Kim <kim@x.example>\nSubject: Order\n\nI was charged twice.\n--b--\n"
    )
    whole = Forwarded(KIM, "Order", "I was charged twice.")
    assert examine(mail.format("Fwd: Order", "see below").encode()).forwarded == whole
    assert examine(mail.format("Order", "").encode()).forwarded == whole
    assert examine(mail.format("Order", "here is a mail").encode()).forwarded is None


@pytest.mark.parametrize(
    "text",
    [
        "I want to forward this.\n\nFrom: London\nTo: Paris\nSubject: travel",
        "---------- Forwarded message ---------\nno head follows",
        "Begin forwarded message:\n\nFrom: \nSubject: Order",
    ],
)
def test_nobody_is_named(text: str) -> None:
    forwarded = found("x", text)
    assert forwarded is None
