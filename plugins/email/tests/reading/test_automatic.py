"""Machines that write, by what shows them."""

from __future__ import annotations

import pytest

from omniroute_email.reading.automatic import Automatic, Kind, automatic
from omniroute_email.reading.headers import Headers

OURS = frozenset({"help@demo.example"})


def seen(
    *fields: tuple[str, str],
    subject: str = "",
    path: str | None = "joe@x.example",
    sender: str = "joe@x.example",
) -> Automatic | None:
    return automatic(Headers(fields), subject=subject, return_path=path, sender=sender, ours=OURS)


def test_a_person_wrote() -> None:
    assert seen(("subject", "hi"), ("auto-submitted", "no"), ("precedence", "normal")) is None
    assert seen(subject="Office hours?") is None
    assert seen(path=None) is None


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("auto-submitted", "auto-replied (vacation)", Kind.REPLY),
        ("auto-submitted", "auto-generated; owner-email=joe@x", Kind.GENERATED),
        ("x-autoreply", "yes", Kind.REPLY),
        ("x-autorespond", "Re: your mail", Kind.REPLY),
        ("precedence", "auto_reply", Kind.REPLY),
        ("precedence", "BULK", Kind.BULK),
        ("precedence", "list", Kind.LIST),
        ("list-id", "<news.x.example>", Kind.LIST),
        ("list-unsubscribe", "<mailto:off@x.example>", Kind.LIST),
        ("x-beenthere", "news@x.example", Kind.LIST),
        ("x-auto-response-suppress", "All", Kind.GENERATED),
        ("feedback-id", "1:2:3", Kind.BULK),
        ("x-loop", "joe@x.example", Kind.LOOP),
        ("content-type", 'multipart/report; report-type="delivery-status"', Kind.REPORT),
        ("x-failed-recipients", "kim@x.example", Kind.REPORT),
        ("return-path", "<>", Kind.REPORT),
    ],
)
def test_a_field_shows_a_machine(field: str, value: str, kind: Kind) -> None:
    found = seen((field, value))
    assert found is not None
    assert found.kind is kind
    assert found.because


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Order 1182",
        "Out of Office Re: Order",
        "Re: Auto-Reply: Order",
        "[Autoreply] Order",
        "Automatische Antwort: Bestellung",
        "Abwesenheitsnotiz: Bestellung",
        "Réponse automatique : commande",
        "Respuesta automática: pedido",
        "Автоответ: заказ",
        "自動応答: 注文",
    ],
)
def test_a_subject_shows_an_absence(subject: str) -> None:
    found = seen(subject=subject)
    assert found is not None
    assert found.kind is Kind.REPLY


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("help@demo.example", Kind.LOOP),
        ("no-reply@x.example", Kind.GENERATED),
        ("noreply+12@x.example", Kind.GENERATED),
        ("mailer-daemon@x.example", Kind.GENERATED),
        ("postmaster@x.example", Kind.GENERATED),
    ],
)
def test_a_sender_shows_a_machine(sender: str, kind: Kind) -> None:
    found = seen(sender=sender)
    assert found is not None
    assert found.kind is kind


def test_a_null_return_path_shows_a_machine() -> None:
    for path in ("", "<>"):
        found = seen(path=path)
        assert found is not None
        assert found.because == "a null return path"


def test_a_loop_is_a_machine() -> None:
    assert seen(*[("received", "x")] * 50) is None
    found = seen(*[("received", "x")] * 51)
    assert found is not None
    assert found.kind is Kind.LOOP
