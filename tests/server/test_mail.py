"""Mail as it comes from the world: taken or refused in plain words, and never lost."""

import re
import smtplib
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.server.house import ADDRESS, House, Running

from omniroute.testing.server_process import until

MIB = 1024 * 1024


def nested(depth: int) -> bytes:
    """A message in a message in a message."""
    inner = b"Subject: the innermost\r\n\r\nHere I am\r\n"
    for number in range(depth):
        boundary = b"b%d" % number
        inner = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b--\r\n' % (
            boundary,
            boundary,
            inner,
            boundary,
        )
    return inner


ODD: dict[str, bytes] = {
    "nothing at all": b"",
    "empty lines": b"\r\n\r\n\r\n",
    "every byte there is": b"From: odd-bytes@mail.example\r\n\r\n" + bytes(range(256)),
    "no sender": b"Subject: who am I\r\n\r\nHello\r\n",
    "two senders": b"From: a@mail.example\r\nFrom: b@mail.example\r\n\r\nHello\r\n",
    "no end of the headers": b"From: no-end@mail.example\r\nSubject: x",
    "a charset that is none": (
        b"From: klingon@mail.example\r\n"
        b"Content-Type: text/plain; charset=klingon-1\r\n\r\nQapla'\r\n"
    ),
    "base64 that is none": (
        b"From: base64@mail.example\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!*** not base64\r\n"
    ),
    "a boundary that never comes": (
        b"From: unclosed@mail.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nHi"
    ),
    "parts nested too deep": b"From: nested@mail.example\r\n" + nested(120),
    "a date that no calendar has": (
        b"From: date@mail.example\r\nDate: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nHello\r\n"
    ),
    "a subject in encoded words that hide a header": (
        b"From: words@mail.example\r\nSubject: =?utf-8?q?x=0D=0ABcc=3A_all=40x?=\r\n\r\nHello\r\n"
    ),
    "a header without an end": b"From: header@mail.example\r\nX: " + b"x" * 50_000 + b"\r\n\r\nHi",
}


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD.keys())
def test_odd_mail_is_taken_and_shown_or_laid_aside_with_a_reason(
    running: Running, raw: bytes
) -> None:
    threads, letters = len(running.threads()), len(running.dead_letters())
    running.raw_mail(raw, sender="bounce@mail.example")
    until("it is somewhere", 10, lambda: running.settled() == threads + letters + 1)
    for letter in running.dead_letters()[letters:]:
        assert letter["why"]


def test_what_could_not_be_read_is_said_beside_what_could(running: Running) -> None:
    running.raw_mail(b"From: deep@mail.example\r\nSubject: deep\r\n" + nested(120))
    row = running.thread_of("deep@mail.example")
    (message,) = running.customer_lines(row["id"])
    assert message["subject"] == "deep"
    assert message["unread"]


# --- others in the conversation (reliability I1, I5) ---


def mail(sender: str, text: str, *fields: str) -> bytes:
    lines = [f"From: {sender}", "To: help@desk.example", *fields, "", text]
    return "\r\n".join(lines).encode()


def test_who_is_in_copy_lands_in_the_thread_and_who_is_not_does_not(running: Running) -> None:
    joe, ana, eve = "cc-joe@mail.example", "cc-ana@mail.example", "cc-eve@mail.example"
    asked = mail(joe, "our order is late", f"Cc: {ana}", "Message-ID: <cc-1@mail.example>")
    running.raw_mail(asked, sender=joe)
    thread = running.thread_of(joe)["id"]
    answers = "In-Reply-To: <cc-1@mail.example>"
    # Whoever knows the message and was not named has a thread of their own, and so has a subject.
    running.raw_mail(mail(eve, "add me", answers, f"Subject: Re: [#{thread}]"), sender=eve)
    assert running.thread_of(eve)["id"] != thread
    running.raw_mail(mail(ana, "it was order 4711", answers), sender=ana)

    def said() -> list[tuple[str, str]]:
        items = running.local.get(f"/api/threads/{thread}")["items"]
        return [(i["kind"], i["text"]) for i in items if i["kind"] in ("customer", "participant")]

    both = [("customer", "our order is late"), ("participant", "it was order 4711")]
    until("both are in one thread", 15, lambda: said() == both)
    page = running.local.get(f"/api/threads/{thread}")
    assert page["replying_to"].startswith(joe)
    assert [one["address"] for one in page["participants"]] == [ana]
    assert page["copies"] == []
    assert all(row["name"] != ana for row in running.threads())


def test_a_mail_of_30_mb_is_refused_before_it_is_sent(running: Running) -> None:
    refusal = pytest.raises(smtplib.SMTPSenderRefused)
    with smtplib.SMTP("127.0.0.1", running.house.smtp) as smtp, refusal as refused:
        smtp.sendmail("big@mail.example", [ADDRESS], b"x" * 30 * MIB)
    assert refused.value.smtp_code == 552
    assert_takes_mail(running, "after-30-declared@mail.example")


def test_one_that_does_not_say_how_large_it_is_is_refused_when_it_shows(running: Running) -> None:
    with smtplib.SMTP("127.0.0.1", running.house.smtp) as smtp:
        smtp.helo()  # without extensions: no SIZE is declared
        smtp.mail("big@mail.example")
        smtp.rcpt(ADDRESS)
        code, _ = smtp.data((b"x" * 998 + b"\r\n") * (30 * MIB // 1000))
    assert code == 552
    assert_takes_mail(running, "after-30@mail.example")


def test_mail_for_nobody_is_refused(running: Running) -> None:
    refusal = pytest.raises(smtplib.SMTPRecipientsRefused)
    with smtplib.SMTP("127.0.0.1", running.house.smtp) as smtp, refusal as refused:
        smtp.sendmail("joe@mail.example", ["nobody@desk.example"], b"Subject: x\r\n\r\nx")
    assert refused.value.recipients == {"nobody@desk.example": (550, b"5.1.1 No such mailbox here")}


def test_what_is_no_smtp_harms_nobody(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.house.smtp), timeout=10) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\n" + bytes(range(256)) * 10 + b"\r\n" * 20)
        assert b"500 " in wire.recv(65536) + wire.recv(65536)
    assert_takes_mail(running, "after-http@mail.example")


def assert_takes_mail(running: Running, sender: str) -> None:
    running.mail(sender, "Hello", "Is everything all right?")
    assert running.thread_of(sender)


# --- dead letters ---


def test_letters_whose_account_is_gone_wait_until_it_is_back(tmp_path: Path) -> None:
    house = House(tmp_path)
    acknowledged: list[str] = []
    with house.running() as running:
        running.process.kill()
        running.process.start(crash_at="store.before_commit:2")
        while running.process.is_alive():
            with suppress(OSError, smtplib.SMTPException):
                running.mail("joe@mail.example", "Refund", f"question {len(acknowledged)}")
                acknowledged.append(f"question {len(acknowledged)}")
        house.write(house.settings().replace("[channels.help]", "[channels.support]"))
        running.process.start()

        def found() -> int:
            decided: int = sum(row["turns"] for row in running.threads())
            return decided + len(running.dead_letters())

        until("each is decided or laid aside", 10, lambda: found() >= len(acknowledged))
        letters = running.dead_letters()
        assert letters
        assert {letter["why"] for letter in letters} == {
            "there is no email channel “help” any more"
        }
        assert retried(running, letters[0]) == "new"
        until("it is laid aside again", 10, lambda: len(running.dead_letters()) == len(letters))

        assert running.process.stop() == 0
        house.write()
        running.process.start()
        for letter in letters:
            retried(running, letter)
        thread = running.thread_of("joe@mail.example")["id"]
        until("they are read", 10, lambda: len(running.customer_lines(thread)) >= len(acknowledged))
        assert sorted(line["text"] for line in running.customer_lines(thread)) == acknowledged
        assert running.dead_letters() == []


def retried(running: Running, letter: dict[str, Any]) -> str:
    answer = running.local.post(f"/api/admin/dead-letters/{letter['id']}/retry")
    return str(answer["state"])


def test_a_letter_that_is_none(running: Running) -> None:
    di = running.agent("frieda")
    for number in ("9999", "x"):
        answer = di.call(
            "POST", f"/api/admin/dead-letters/{number}/retry", "{}", "application/json"
        )
        assert answer.status in (404, 409, 422)
        assert re.search(r"no (new entry|dead letter)", answer.json["text"])
