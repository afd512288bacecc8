"""Where a signature begins, and what is none."""

from __future__ import annotations

import pytest

from omniroute_email.reading.visible.signature import start

SIGNATURES = [
    "-- \nJoe Miller\nMiller & Sons\nHigh Street 1",
    "--\nJoe",
    "—\nJoe Miller",
    "-----------\nJoe Miller\nT. +49 40 123456",
    "Kind regards\nJoe",
    "Kind regards,\n\nJoe Miller\nMiller & Sons\n+49 40 123456\nhttps://miller.example",
    "Mit freundlichen Grüßen\n\nJoe Müller",
    "Cordialement,\nJoe",
    "Med venlig hilsen\nSøren",
    "Pozdrawiam,\nJan",
    "С уважением,\nИван Петров",  # noqa: RUF001
    "Saludos cordiales\nJosé",
    "Thank you,\nNoam",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Get Outlook for Android<https://aka.example/x>",
    "Envoyé de mon iPhone",
    "iPhoneから送信",
    "-Joe Miller",
    "/John",
    "Joe Miller\njoe@x.example\n+49 40 123456\nwww.x.example",
    "Kind regards\nJoe\n\nSent from my iPhone",
    "Kind regards\nJoe\n\nThis e-mail and any attachments are confidential.\nIf you are not",
    "Diese E-Mail enthält vertrauliche Informationen.\nSind Sie nicht der Empfänger, so",
    "Please consider the environment before printing this e-mail.",
    "_______________________________________________\nhelp mailing list\nhelp@lists.example",
]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_begins_with_its_mark(signature: str) -> None:
    lines = f"I was charged twice.\nWhat now?\n\n{signature}\n".split("\n")
    assert "\n".join(lines[start(lines) :]) == f"{signature}\n"


@pytest.mark.parametrize(
    "text",
    [
        "I was charged twice.\n\n-- first on Monday, then on Friday\nplease look into this",
        "I was charged twice.\n\nThanks\n\nPS: I would like to have the money by Friday, please.",
        "I was charged twice.\n\nThanks\nwhen will I have my money?",
        "I was charged twice.\n\nThanks",
        "Charged:\n-Monday\n-Friday",
        "This e-mail is what you sent me.\n\nThis email and any other makes me angry.",
        "Sent from my desk, since it is easier than from my telephone.",
        "My order: 1182\nMy name: Joe\nMy city: Hamburg",
        "Where is it?\n\nThanks\nOrder 1182",
        "Order 1182 is broken\n--\nOrder 1183 is missing",
        "Please send it to\n- Hamburg, or:\n\n-Berlin",
        "Please call my wife:\n\nKim Miller\nkim@x.example\n+49 40 123456\nwww.x.example",
        "It came to me.\n\nSent from London",
        "Hello\n\nThis message is confidential, please tell nobody.\n\nSomebody has my card.",
        "Hello\n\nThis email and any before it got no answer. Please print the label again.",
        "Order\n1182 334 556 778\nplease cancel",
        "Kind regards\nJoe",
        "",
    ],
)
def test_without_a_mark_nothing_is_cut(text: str) -> None:
    lines = text.split("\n")
    assert start(lines) == len(lines)


def test_the_name_that_the_message_bears_begins_a_signature() -> None:
    lines = ["I was charged twice.", "", "Joe Miller", "Miller & Sons, Hamburg"]
    assert start(lines) == 4
    assert start(lines, "Joe Miller") == 2
    assert start(lines[:3], "Joe Miller") == 3  # a name alone is how people end a letter


def test_it_may_be_all_there_is_where_more_stands_elsewhere() -> None:
    lines = ["", "Kind regards", "Joe"]
    assert start(lines) == 3
    assert start(lines, whole=True) == 1
