"""The mail sink: a judge that forgets nothing it has said yes to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from omniroute.testing.mail_sink import MailSink


def mail(subject: str, text: str = "hello", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "help@desk.example", "joe@x", subject
    message["Message-ID"] = f"<{subject}@desk.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


async def send(port: int, *messages: EmailMessage) -> None:
    """Hand mails over in one connection, as a mail program would."""

    def post() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            for message in messages:
                smtp.send_message(message)

    await asyncio.to_thread(post)


async def test_what_is_sent_is_received_in_order() -> None:
    async with MailSink() as sink:
        await send(sink.port, mail("first", "Grüße 👋"), mail("second"))
        first, second = await sink.wait_for(2)
        assert (first["Subject"], second["Subject"]) == ("first", "second")
        assert first.get_content().strip() == "Grüße 👋"
        assert first["Message-ID"] == "<first@desk.example>"


async def test_whoever_waits_is_woken_by_what_comes() -> None:
    async with MailSink() as sink:
        waiting = asyncio.gather(sink.wait_for(1), sink.wait_for(2))
        await send(sink.port, mail("first"))
        await send(sink.port, mail("second"))
        one, two = await waiting
        assert [message["Subject"] for message in one] == ["first"]
        assert [message["Subject"] for message in two] == ["first", "second"]


async def test_waiting_for_what_does_not_come_has_an_end() -> None:
    async with MailSink() as sink:
        with pytest.raises(TimeoutError):
            await sink.wait_for(1, seconds=0.001)


async def test_a_mail_is_refused_on_demand_and_then_not_kept(tmp_path: Path) -> None:
    async with MailSink(record=tmp_path / "record") as sink:
        sink.answer = lambda: "451 come again"
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            await send(sink.port, mail("first"))
        sink.answer = lambda: "250 kept"
        await send(sink.port, mail("second"))
        assert [message["Subject"] for message in sink.received] == ["second"]
        assert len(lines(tmp_path / "record")) == 1


def lines(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


async def test_the_record_has_what_a_judge_asks_for(tmp_path: Path) -> None:
    async with MailSink(record=tmp_path / "record") as sink:
        await send(sink.port, mail("first", "Grüße"), mail("again", X_OmniRoute_Repeat="yes"))
    assert lines(tmp_path / "record") == [
        {
            "to": ["joe@x"],
            "message_id": "<first@desk.example>",
            "repeat": None,
            "subject": "first",
            "text": "Grüße\n",
        },
        {
            "to": ["joe@x"],
            "message_id": "<again@desk.example>",
            "repeat": "yes",
            "subject": "again",
            "text": "hello\n",
        },
    ]


async def test_a_mail_that_is_hard_to_read_is_kept_too(tmp_path: Path) -> None:
    strange = mail("strange")
    strange.replace_header("Content-Type", 'text/plain; charset="klingon"')
    only_html = EmailMessage()
    only_html["From"], only_html["To"] = "help@desk.example", "joe@x"
    only_html.set_content("<p>hello</p>", subtype="html")
    async with MailSink(record=tmp_path / "record") as sink:
        await send(sink.port, strange, only_html)
        await sink.wait_for(2)
    assert [line["text"] for line in lines(tmp_path / "record")] == ["hello\n", ""]


async def test_an_address_beyond_ascii_is_taken(tmp_path: Path) -> None:
    message = mail("first")
    message.replace_header("To", "jörg@bücher.example")
    async with MailSink(record=tmp_path / "record") as sink:
        await send(sink.port, message)
    assert lines(tmp_path / "record")[0]["to"] == ["jörg@bücher.example"]


async def test_a_client_that_stays_is_shown_the_door() -> None:
    async with MailSink() as sink:
        client = socket.create_connection(("127.0.0.1", sink.port))
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        assert (await loop.sock_recv(client, 100)).startswith(b"220")
    async with asyncio.timeout(10):
        assert await loop.sock_recv(client, 100) == b""
    client.close()


def test_as_a_process_its_record_survives_a_kill(tmp_path: Path) -> None:
    record = tmp_path / "record"
    command = [sys.executable, "-m", "omniroute.testing.mail_sink", "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("listening on 127.0.0.1:")
        with smtplib.SMTP("127.0.0.1", int(said.rpartition(":")[2]), timeout=10) as smtp:
            smtp.send_message(mail("first"))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                smtp.noop()
    assert [line["subject"] for line in lines(record)] == ["first"]
