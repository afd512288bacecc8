"""The channel as the engine meets it."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from omniroute import Address, Cap, Channel, ConfigError, Inbound, Intake, Site, Undelivered
from omniroute_email import omniroute_channels
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import Envelope, pack
from omniroute_email.settings import Config


class Kept(Intake, Protocol):
    kept: dict[str, bytes]


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., EmailChannel]:
    def channel(**settings: object) -> EmailChannel:
        given = {"addresses": ["help@demo.example"], "listen_port": 0, **settings}
        config = Config(**given)  # type: ignore[arg-type]
        return EmailChannel("email", config, Site(tmp_path, "http://x", "Demo Desk"))

    return channel


def test_it_is_a_channel_that_can_write_first(made: Callable[..., EmailChannel]) -> None:
    assert list(omniroute_channels()) == [EmailChannel]
    assert isinstance(made(), Channel)
    assert EmailChannel.kind == "email"
    assert Cap.START_CONVERSATION in EmailChannel.caps
    assert Cap.LIVE not in EmailChannel.caps
    assert len(made().routes()) == 1  # of the answers to questions


async def test_mail_goes_in_and_comes_out_read(
    made: Callable[..., EmailChannel], spool: Kept
) -> None:
    channel = made()
    listening = asyncio.create_task(channel.listen(spool))
    await channel.ready.wait()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", channel.port) as client:
            for _ in range(2):
                client.sendmail("joe@x.example", ["help@demo.example"], MAIL)

    await asyncio.to_thread(send)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert listening.cancelled()
    [raw] = spool.kept.values()
    [said] = channel.parse(raw)
    assert said == channel.parse(raw)[0]
    assert isinstance(said, Inbound)
    assert said.text == "I was charged twice"
    assert said.sender == Address("email", "joe@x.example", verified=True, display="Joe")
    assert said.conversation == "joe@x.example"
    assert said.external_id == "1@x.example"
    assert said.sent_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


MAIL = (
    "From: Joe <joe@x.example>\r\nTo: help@demo.example\r\nSubject: charged twice\r\n"
    "Date: Sun, 1 Mar 2026 13:00:00 +0100\r\n"
    "Message-ID: <1@x.example>\r\n\r\nI was charged twice\r\n"
)


def test_a_report_is_about_the_message_that_it_returns(made: Callable[..., EmailChannel]) -> None:
    channel = made()
    report = (
        "From: MAILER-DAEMON@mx.example\r\nTo: help@demo.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n\r\n"
        "Your message could not be delivered to:\r\n\r\n<kim@x.example>: 550 5.1.1 no such user"
        "\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
        "Message-ID: <e-1@demo.example>\r\n"
    )
    envelope = Envelope(peer="", trusted=True, mail_from="", rcpt_to=(), received_at=0)
    [said] = channel.parse(pack(envelope, report.encode()))
    assert isinstance(said, Undelivered)
    assert (said.of, said.permanent) == ("e-1", True)
    assert "550 5.1.1 no such user" in said.reason


def test_a_null_sender_with_a_subject_of_mail_systems_is_a_report(
    made: Callable[..., EmailChannel],
) -> None:
    mail = b"From: relay@mx.example\r\nSubject: Undeliverable: Order\r\n\r\n<kim@x.example>: gone"
    facts = {"peer": "", "trusted": True, "rcpt_to": (), "received_at": 0}
    for path, kind in (("", Undelivered), ("relay@mx.example", Inbound)):
        envelope = Envelope(mail_from=path, **facts)  # type: ignore[arg-type]
        [said] = made().parse(pack(envelope, mail))
        assert isinstance(said, kind)


def test_a_form_is_not_who_wrote(made: Callable[..., EmailChannel]) -> None:
    facts = {"mail_from": "w@shop.example", "rcpt_to": (), "received_at": 0, "peer": ""}
    envelope = Envelope(trusted=True, **facts)  # type: ignore[arg-type]
    mail = b"From: Shop <web@shop.example>\r\nReply-To: kim@x.example\r\n\r\nWhere is it?"
    [said] = made(forms=["web@shop.example"]).parse(pack(envelope, mail))
    [other] = made().parse(pack(envelope, mail))
    assert isinstance(said, Inbound)
    assert isinstance(other, Inbound)
    assert said.sender == Address("email", "kim@x.example", verified=False)
    assert other.sender.value == "web@shop.example"


FORWARDED = (
    b"From: Ana <ana@demo.example>\r\nMessage-ID: <f@demo.example>\r\nSubject: Fwd: Order\r\n"
    b"In-Reply-To: <0@x.example>\r\n\r\nPlease take this over.\r\n\r\n"
    b"---------- Forwarded message ---------\r\nFrom: Kim <kim@x.example>\r\nSubject: Order\r\n\r\n"
    b"I was charged twice"
)


@pytest.mark.parametrize("forwarders", [["@demo.example"], ["ana@demo.example"]])
def test_what_a_colleague_passes_on_is_from_the_customer_and_unverified(
    made: Callable[..., EmailChannel], forwarders: list[str]
) -> None:
    facts = {"mail_from": "ana@demo.example", "rcpt_to": (), "received_at": 0, "peer": ""}
    trusted = Envelope(trusted=True, **facts)  # type: ignore[arg-type]
    [said] = made(forwarders=forwarders).parse(pack(trusted, FORWARDED))
    assert isinstance(said, Inbound)
    assert said.sender == Address("email", "kim@x.example", verified=False, display="Kim")
    assert said.conversation == "kim@x.example"
    assert (said.in_reply_to, said.references) == ("", ())
    assert said.text.startswith("Please take this over.")
    assert said.text.endswith("I was charged twice")


def test_what_a_colleague_passes_on_whole_is_read_with_it(
    made: Callable[..., EmailChannel],
) -> None:
    mail = (
        b"From: Ana <ana@demo.example>\r\nSubject: Fwd: Order\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nPlease take this over.\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: Kim <kim@x.example>\r\n\r\n"
        b"I was charged twice\r\n--b--\r\n"
    )
    facts = {"mail_from": "ana@demo.example", "rcpt_to": (), "received_at": 0, "peer": ""}
    envelope = Envelope(trusted=True, **facts)  # type: ignore[arg-type]
    [said] = made(forwarders=["@demo.example"]).parse(pack(envelope, mail))
    assert isinstance(said, Inbound)
    assert said.sender.value == "kim@x.example"
    assert said.text == "Please take this over.\n\nI was charged twice"
    assert [file.name for file in said.files] == ["message.eml"]


def test_what_anybody_else_passes_on_is_from_them(made: Callable[..., EmailChannel]) -> None:
    facts = {"mail_from": "ana@demo.example", "rcpt_to": (), "received_at": 0, "peer": ""}
    for trusted, forwarders in ((True, []), (True, ["@other.example"]), (False, ["@demo.example"])):
        envelope = Envelope(trusted=trusted, **facts)  # type: ignore[arg-type]
        [said] = made(forwarders=forwarders).parse(pack(envelope, FORWARDED))
        assert isinstance(said, Inbound)
        assert said.sender.value == "ana@demo.example"


def test_files_are_read_without_an_account() -> None:
    fields = EmailChannel.read_file(MAIL.encode(), "")
    assert (fields["from_email"], fields["reply"]) == ("joe@x.example", "I was charged twice")
    assert EmailChannel.read_file(b"<p>yes</p>", "html")["reply"] == "yes"
    assert EmailChannel.read_file("j\u00e5\n\n-- \nJoe".encode(), "text")["signature"] == "-- \nJoe"


def test_what_is_no_mail_of_ours_raises(made: Callable[..., EmailChannel]) -> None:
    with pytest.raises(ValueError, match="not a spooled e-mail"):
        made().parse(b"hello")


def test_a_wrong_setting_stops_the_start(made: Callable[..., EmailChannel]) -> None:
    with pytest.raises(ConfigError, match=r"channels\.email\.addresses"):
        made(addresses=["nobody"])


async def test_check_says_what_is_missing(made: Callable[..., EmailChannel], spool: Kept) -> None:
    channel = made()
    assert not (await channel.check()).ok
    listening = asyncio.create_task(channel.listen(spool))
    await channel.ready.wait()
    health = await channel.check()
    assert (health.ok, health.fix) == (
        False,
        "set channels.email.smtp_host to the server that sends your mail",
    )
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_check_asks_the_server_that_sends(
    made: Callable[..., EmailChannel], spool: Kept
) -> None:
    relay = made()
    serving = asyncio.create_task(relay.listen(spool))
    await relay.ready.wait()
    channel = made(smtp_host="127.0.0.1", smtp_port=relay.port, smtp_starttls=False)
    listening = asyncio.create_task(channel.listen(spool))
    await channel.ready.wait()
    assert (await channel.check()).ok
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    health = await channel.check()
    assert not health.ok
    assert "channels.email.smtp_host" in health.fix
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
