"""An account that checks its senders itself, and says what DNS lacks for its own mail."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from plugins.email.tests.authentication.names import NameServer
from plugins.email.tests.authentication.signing import MAIL, PUBLIC, signed

from omniroute import ConfigError, Health, Inbound, Intake, Secret, Site
from omniroute_email.channel import EmailChannel
from omniroute_email.checking import Checking, with_dns
from omniroute_email.settings import Config
from omniroute_email.testing import ImapServer


class Kept(Intake, Protocol):
    kept: dict[str, bytes]


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as server:
        server.says("s._domainkey.x.example", "TXT", f"v=DKIM1; k=rsa; p={PUBLIC}")
        yield server


@pytest.fixture
def made(tmp_path: Path, server: NameServer) -> Callable[..., EmailChannel]:
    def channel(**settings: object) -> EmailChannel:
        host, port = server.address
        given = {
            "addresses": ["help@demo.example"],
            "listen_port": 0,
            "trusted_edges": [],
            "verify": True,
            "dns_servers": [f"{host}:{port}"],
            **settings,
        }
        config = Config(**given)  # type: ignore[arg-type]
        return EmailChannel("email", config, Site(tmp_path, "http://x", "Demo Desk"))

    return channel


async def received(channel: EmailChannel, spool: Kept, *mails: bytes) -> list[Inbound]:
    """What comes of mails that a stranger's server hands over."""
    listening = asyncio.create_task(channel.listen(spool))
    await channel.ready.wait()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", channel.port) as client:
            for mail in mails:
                client.sendmail("joe@x.example", ["help@demo.example"], mail)

    await asyncio.to_thread(send)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return [
        said
        for raw in spool.kept.values()
        for said in channel.parse(raw)
        if isinstance(said, Inbound)
    ]


async def test_a_signed_mail_is_from_whom_it_says(
    made: Callable[..., EmailChannel], spool: Kept
) -> None:
    forged = signed().replace(b"twice", b"never").replace(b"<1@", b"<2@")
    genuine, fake = await received(made(), spool, signed(), forged)
    assert (genuine.sender.value, genuine.sender.verified) == ("joe@x.example", True)
    assert (fake.sender.value, fake.sender.verified) == ("joe@x.example", False)


async def test_a_forged_copy_does_not_stand_for_the_real_one(
    made: Callable[..., EmailChannel], spool: Kept
) -> None:
    copy, real = await received(made(), spool, MAIL, signed(), signed())
    assert (copy.sender.verified, real.sender.verified) == (False, True)


async def test_fetched_mail_is_known_by_its_signature(
    made: Callable[..., EmailChannel], spool: Kept
) -> None:
    async with ImapServer() as mailbox:
        await mailbox.put(signed())
        await mailbox.put(MAIL.replace(b"<1@", b"<2@"))
        channel = made(
            imap_host="127.0.0.1",
            imap_port=mailbox.port,
            imap_tls=False,
            imap_username="help",
            imap_password=Secret("hunter2"),
        )
        fetching = asyncio.create_task(channel.listen(spool))
        await channel.ready.wait()
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
    said = [found for raw in spool.kept.values() for found in channel.parse(raw)]
    assert [found.sender.verified for found in said if isinstance(found, Inbound)] == [True, False]


async def test_unless_it_is_set_nobody_is_checked(
    made: Callable[..., EmailChannel], server: NameServer, spool: Kept
) -> None:
    [said] = await received(made(verify=False), spool, signed())
    assert not said.sender.verified
    assert server.asked == []


async def test_while_dns_is_down_mail_is_kept_all_the_same(
    made: Callable[..., EmailChannel], server: NameServer, spool: Kept
) -> None:
    server.silent |= {"s._domainkey.x.example", "x.example", "_dmarc.x.example"}
    [said] = await received(made(verify_timeout=0.1), spool, signed())
    assert (said.text, said.sender.verified) == ("I was charged twice.", False)


async def test_the_check_says_what_dns_lacks(server: NameServer) -> None:
    host, port = server.address
    config = Config(addresses=["help@demo.example"], dns_servers=[f"{host}:{port}"])
    checking = Checking(config, "channels.email")
    well = Health(True, "mail comes in")
    told = with_dns(well, "demo.example", await checking.missing("demo.example"))
    assert told.ok
    assert told.found == (
        'mail comes in; DNS of demo.example lacks SPF (demo.example TXT "v=spf1 mx -all"), '
        'DMARC (_dmarc.demo.example TXT "v=DMARC1; p=quarantine"), MX (demo.example MX 10 …)'
    )
    server.says("demo.example", "TXT", "v=spf1 mx -all")
    server.says("demo.example", "MX", "10 mail.demo.example.")
    server.says("_dmarc.demo.example", "TXT", "v=DMARC1; p=reject")
    checking = Checking(config, "channels.email")  # which remembers nothing yet
    assert with_dns(well, "demo.example", await checking.missing("demo.example")) == well
    server.broken.add("other.example")
    assert await checking.missing("other.example") == ["any answer: no DNS server says anything"]
    checking.verifier.close()


@pytest.mark.parametrize(
    ("servers", "fault"),
    [
        (["dns.example"], "“dns.example” is no address"),
        (["192.0.2.1:99999"], "“192.0.2.1:99999” has no port like that"),
        (["192.0.2.1:0"], "“192.0.2.1:0” has no port like that"),
        (["[2001:db8::1"], "“[2001:db8::1” is no address"),
    ],
)
def test_a_dns_server_that_is_none(servers: list[str], fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Checking(Config(addresses=["help@demo.example"], dns_servers=servers), "channels.email")
    assert raised.value.place == "channels.email.dns_servers"
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    "text", ["192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53"]
)
def test_a_dns_server_by_its_address(text: str) -> None:
    Checking(Config(addresses=["a@x.example"], dns_servers=[text]), "x").verifier.close()
