"""An answer that a mail server took and could not deliver: the agent who wrote it hears why."""

import email
import email.policy
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from tests.server.house import House, Running

from omniroute.testing.server_process import free_port, until


class SendingHouse(House):
    """One whose answers go out, to a mail server of the test's own."""

    def accounts(self) -> str:
        self.out = getattr(self, "out", 0) or free_port()
        sending = f'smtp_host = "127.0.0.1"\nsmtp_port = {self.out}\nsmtp_starttls = false\n'
        bounces = 'bounce_address = "bounces@desk.example"\n'
        return super().accounts().replace("[channels.site]", f"{sending}{bounces}[channels.site]")


class Received:
    """The mail server's memory: return path and bytes of each mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []

    async def handle_DATA(  # noqa: N802  aiosmtpd finds it by this name
        self, server: object, session: object, envelope: Any
    ) -> str:
        self.mails.append((envelope.mail_from, envelope.content))
        return "250 kept"


def answered(running: Running, thread: int) -> Any:
    """The answer in a thread."""
    items = running.local.get(f"/api/threads/{thread}")["items"]
    return next(item for item in items if item["kind"] == "reply")


def bounce(sent: Message) -> bytes:
    """What a mail system says of a message that nobody has a mailbox for."""
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\n"
        "To: bounces@desk.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; joe@mail.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n--b\r\n"
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent['Message-ID']}\r\n--b--\r\n"
    ).encode()


def test_a_bounce_becomes_not_sent_at_the_answer_and_no_message(tmp_path: Path) -> None:
    house, received = SendingHouse(tmp_path), Received()
    sink = Controller(received, hostname="127.0.0.1", port=house.out)
    sink.start()
    try:
        with house.running() as running:
            comes_back(running, received)
    finally:
        sink.stop()


def comes_back(running: Running, received: Received) -> None:
    ana = running.agent("ana")
    running.mail("joe@mail.example", "Order 1182", "I was charged twice")
    (row,) = running.wait_for_threads(1)
    assert ana.do({"do": "Take", "thread": row["id"]})["ok"]
    assert ana.do({"do": "Reply", "thread": row["id"], "text": "It is refunded", "seen": 1})["ok"]
    until("the answer is out", 10, lambda: received.mails)
    until("we know it", 10, lambda: answered(running, row["id"])["state"] == "sent")
    envelope, raw = received.mails[0]
    sent = email.message_from_bytes(raw, policy=email.policy.default)
    assert envelope.startswith("bounces+")
    running.raw_mail(bounce(sent), sender="")
    until("it came back", 10, lambda: answered(running, row["id"])["state"] == "failed")
    assert answered(running, row["id"])["reason"] == "joe@mail.example: 550 5.1.1 no such user"
    assert len(running.customer_lines(row["id"])) == 1
    assert [thread["id"] for thread in running.threads()] == [row["id"]]
    assert running.dead_letters() == []
    running.raw_mail(bounce(sent).replace(b"@desk.example>", b"@other.example>"), sender="")
    until("another's report is set aside", 10, running.dead_letters)


def test_a_ticket_number_in_a_subject_joins_nobodys_thread(running: Running) -> None:
    running.mail("rhea@mail.example", "Order 1182", "I was charged twice")
    thread = running.thread_of("rhea@mail.example")["id"]
    running.mail("eve@mail.example", f"Re: [#{thread}] Order 1182", "Send it to my account")
    assert running.thread_of("eve@mail.example")["id"] != thread
    assert len(running.customer_lines(thread)) == 1
