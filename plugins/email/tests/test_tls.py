"""SMTP under TLS: what peers who encrypt meet, and those who try to slip something in before."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

from omniroute import ConfigError, Intake, Site
from omniroute.testing.server_process import free_port
from omniroute_email.certificate import Certificate
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import Envelope
from omniroute_email.rate import Rate
from omniroute_email.reception import Reception
from omniroute_email.settings import Config

CHAIN, KEY = (Path(__file__).parent / "tls" / name for name in ("certificate.pem", "key.pem"))
MAIL = b"From: Joe <joe@x.example>\r\nMessage-ID: <1@x.example>\r\n\r\nI was charged twice\r\n"


class Kept(Intake, Protocol):
    mails: list[tuple[Envelope, bytes]]


Serve = Callable[..., Awaitable[tuple[Reception, int]]]


@pytest.fixture
def certificate() -> Certificate:
    return Certificate(CHAIN, KEY, "channels.email")


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CHAIN))


async def test_a_message_comes_encrypted(
    serve: Serve, spool: Kept, certificate: Certificate
) -> None:
    reception, port = await serve(certificate=certificate)

    def send() -> None:
        with smtplib.SMTP("localhost", port) as client:
            client.starttls(context=trusting())
            client.ehlo()
            assert not client.has_extn("starttls")
            for _ in range(2):
                client.sendmail("joe@x.example", ["help@demo.example"], MAIL)

    await asyncio.to_thread(send)
    [(envelope, message)] = spool.mails
    assert (envelope.peer in ("127.0.0.1", "::1"), message) == (True, MAIL)
    await gone(reception)


async def test_a_message_comes_encrypted_from_the_start(
    serve: Serve, spool: Kept, certificate: Certificate
) -> None:
    encrypted = free_port()
    reception, plain = await serve(certificate=certificate, tls_port=encrypted)

    def send() -> None:
        with smtplib.SMTP_SSL("localhost", encrypted, context=trusting()) as client:
            client.ehlo()
            assert not client.has_extn("starttls")
            client.sendmail("joe@x.example", ["help@demo.example"], MAIL)
        with smtplib.SMTP("localhost", plain) as client:
            client.sendmail("joe@x.example", ["help@demo.example"], MAIL)

    await asyncio.to_thread(send)
    assert [message for _, message in spool.mails] == [MAIL]  # it is the same one
    await gone(reception)


async def test_before_it_is_encrypted_a_connection_counts_as_any_other(
    serve: Serve, certificate: Certificate
) -> None:
    encrypted = free_port()
    reception, _ = await serve(
        certificate=certificate, tls_port=encrypted, max_connections=1, idle_timeout=0.2
    )
    silent, writer = await asyncio.open_connection("127.0.0.1", encrypted)
    while not reception.count:  # noqa: ASYNC110  what changes is a plain number
        await asyncio.sleep(0)
    refused, other = await asyncio.open_connection("127.0.0.1", encrypted)
    assert await refused.read() == b""
    assert await silent.read() == b""  # cut off when it had said nothing for so long
    for end in (writer, other):
        end.close()
    await gone(reception)


@pytest.mark.parametrize("said", [b"EHLO x\r\n", b"", b"\x16\x03\x01\x00\x05"])
async def test_what_is_no_tls_harms_nobody(
    serve: Serve, spool: Kept, certificate: Certificate, said: bytes
) -> None:
    encrypted = free_port()
    reception, _ = await serve(certificate=certificate, tls_port=encrypted)
    reader, writer = await asyncio.open_connection("127.0.0.1", encrypted)
    writer.write(said)
    writer.write_eof()
    await reader.read()
    writer.close()
    await gone(reception)


async def test_without_a_certificate_no_tls_is_offered(serve: Serve) -> None:
    _, port = await serve()

    def ask() -> tuple[int, bytes]:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.ehlo()
            assert not client.has_extn("starttls")
            return client.docmd("STARTTLS")

    assert (await asyncio.to_thread(ask))[0] == 454


async def test_what_was_said_before_tls_counts_for_nothing(
    serve: Serve, spool: Kept, certificate: Certificate
) -> None:
    """Commands slipped in behind STARTTLS, in the clear, are never carried out."""
    _, port = await serve(certificate=certificate)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"EHLO eve.example\r\n")
    while (await reader.readline())[3:4] == b"-":
        pass
    writer.write(b"MAIL FROM:<eve@x.example>\r\n")
    await reader.readline()
    writer.write(b"STARTTLS\r\nRCPT TO:<help@demo.example>\r\n")
    assert (await reader.readline()).startswith(b"220")
    await writer.start_tls(trusting(), server_hostname="localhost")
    writer.write(b"RCPT TO:<help@demo.example>\r\n")
    assert (await reader.readline()).startswith(b"503")
    writer.close()
    assert spool.mails == []


async def test_a_peer_whose_handshake_fails_is_let_go(
    serve: Serve, certificate: Certificate
) -> None:
    reception, port = await serve(certificate=certificate)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"EHLO x.example\r\nSTARTTLS\r\n")
    await reader.readuntil(b"220 Ready to start TLS\r\n")
    writer.write(b"this is no TLS\r\n")
    await reader.read()
    writer.close()
    await gone(reception)


async def gone(reception: Reception) -> None:
    """Each session is counted in once, and out."""
    while reception.count:  # noqa: ASYNC110  what changes is a plain number
        await asyncio.sleep(0)


def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    shutil.copy(CHAIN, chain)
    shutil.copy(KEY, key)
    certificate = Certificate(chain, key, "channels.email")
    first = certificate.context()
    assert certificate.context() is first
    chain.write_bytes(CHAIN.read_bytes() + b"\n")
    second = certificate.context()
    assert second is not first
    chain.write_text("nonsense")
    assert certificate.context() is second
    assert "renewed certificate" in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {"tls_certificate": "/nowhere.pem"},
        {"tls_key": str(KEY)},
        {"tls_certificate": __file__},
        {"tls_port": 465},
    ],
)
async def test_what_is_no_certificate_is_named(
    settings: dict[str, object], spool: Intake, tmp_path: Path
) -> None:
    config = Config(addresses=["help@demo.example"], listen_port=0, **settings)  # type: ignore[arg-type]
    channel = EmailChannel("email", config, Site(tmp_path, "http://x"))
    with pytest.raises(ConfigError, match=r"channels\.email\.tls_certificate"):
        await channel.listen(spool)


# --- how much a peer may send -----------------------------------------------------------------


async def test_a_peer_nobody_knows_is_slowed_down_and_our_own_servers_are_not(
    serve: Serve, spool: Kept
) -> None:
    for edges, last in ([], 450), (["127.0.0.0/8"], 250):
        _, port = await serve(trusted_edges=edges, max_messages_per_minute=2)

        def ask(port: int = port) -> list[int]:
            with smtplib.SMTP("127.0.0.1", port) as client:
                client.ehlo()
                answers = []
                for _ in range(3):
                    answers.append(client.mail("joe@x.example")[0])
                    client.rset()
                return answers

        assert await asyncio.to_thread(ask) == [250, 250, last]


def test_a_minute_later_it_may_go_on() -> None:
    rate = Rate(2)
    assert [rate.allows("a", at) for at in (0, 1, 2, 59_999)] == [True, True, False, False]
    assert rate.allows("b", 2)
    assert rate.allows("a", 60_000)
    assert rate.allows("a", 0), "a clock that is set back blocks nobody"
