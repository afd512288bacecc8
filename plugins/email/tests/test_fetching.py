"""Mail fetched from an IMAP mailbox, over real sockets."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import pytest

from omniroute import Busy, ConfigError, Intake, Secret, Site
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import Envelope
from omniroute_email.fetching import Fetcher
from omniroute_email.imap import _quoted
from omniroute_email.settings import Config, mailboxes
from omniroute_email.testing import ImapServer

CHAIN, KEY = (Path(__file__).parent / "tls" / name for name in ("certificate.pem", "key.pem"))


class Kept(Intake, Protocol):
    kept: dict[str, bytes]
    failure: Exception | None
    asked: asyncio.Event
    open: asyncio.Event
    mails: list[tuple[Envelope, bytes]]


def mail(number: int, *lines: str) -> bytes:
    head = [f"Message-ID: <{number}@x.example>", "From: joe@x.example", "To: help@demo.example"]
    return "\r\n".join([*lines, *head, "", f"hello {number}", ""]).encode()


Made = Callable[..., EmailChannel]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def channel(server: ImapServer, **settings: object) -> EmailChannel:
        given = {
            "addresses": ["help@demo.example"],
            "imap_host": "127.0.0.1",
            "imap_port": server.port,
            "imap_tls": False,
            "imap_username": "help",
            "imap_password": Secret("hunter2"),
            "imap_interval": 0.01,
            "imap_timeout": 5.0,
        }
        config = Config(**{**given, **settings})  # type: ignore[arg-type]
        return EmailChannel("email", config, Site(tmp_path, "http://x", "Demo Desk"))

    return channel


@asynccontextmanager
async def listening(channel: EmailChannel, spool: Intake) -> AsyncIterator[None]:
    task = asyncio.create_task(channel.listen(spool))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  what changes is a plain number
            await asyncio.sleep(0.001)


def numbers(spool: Kept) -> list[str]:
    return [message.split(b"hello ")[1].strip().decode() for _, message in spool.mails]


async def test_what_nobody_has_read_comes_in_and_then_whatever_arrives(
    made: Made, spool: Kept
) -> None:
    async with ImapServer() as server:
        await server.put(mail(1))
        await server.put(mail(2), r"\Seen")
        channel = made(server)
        assert not (await channel.check()).ok
        async with listening(channel, spool):
            await channel.ready.wait()
            assert numbers(spool) == ["1"]
            assert "smtp_host" in (await channel.check()).fix
            await server.put(mail(3))
            await until(lambda: numbers(spool) == ["1", "3"])
            await server.until_told("IDLE", 2)
        assert [flags for _, flags in server.messages()] == [{r"\Seen"}] * 3
    envelope, _ = spool.mails[0]
    assert envelope.rcpt_to == ("help@demo.example",)
    assert (envelope.mail_from, envelope.trusted) == ("joe@x.example", False)


async def test_a_restart_goes_on_where_it_was_although_somebody_has_read_the_mail(
    made: Made, spool: Kept
) -> None:
    async with ImapServer() as server:
        async with listening(made(server), spool):
            await server.until_told("IDLE")
        await server.put(mail(1), r"\Seen")
        async with listening(made(server), spool):
            await until(lambda: numbers(spool) == ["1"])


async def test_nothing_is_marked_before_it_is_kept(made: Made, spool: Kept) -> None:
    async with ImapServer() as server:
        await server.put(mail(1))
        spool.failure = Busy("the disk is full")
        channel = made(server)
        async with listening(channel, spool):
            await spool.asked.wait()
            await until(lambda: (channel._fetcher is not None) and bool(channel._fetcher.trouble))
        assert server.messages()[0][1] == set()
        assert not any(told.startswith("UID STORE") for told in server.commands)
        spool.failure = None
        async with listening(made(server), spool):
            await until(lambda: numbers(spool) == ["1"])


async def test_after_the_server_was_restarted_it_goes_on(made: Made, spool: Kept) -> None:
    async with ImapServer() as server, listening(made(server), spool):
        await server.until_told("IDLE")
        server.hang_up()
        await server.put(mail(1))
        await until(lambda: numbers(spool) == ["1"])


async def test_a_mailbox_with_new_numbers_repeats_nothing_and_loses_nothing(
    made: Made, spool: Kept
) -> None:
    async with ImapServer() as server:
        await server.put(mail(1))
        async with listening(made(server), spool):
            await server.until_told("IDLE")
        await server.put(mail(2), r"\Seen")
        server.renumber()
        async with listening(made(server), spool):
            await until(lambda: numbers(spool) == ["1", "2"])
            await server.until_told("IDLE", 2)
            await server.put(mail(3))
            await until(lambda: numbers(spool) == ["1", "2", "3"])


@pytest.mark.parametrize(
    "extensions", [("IDLE", "MOVE", "UIDPLUS"), ("UIDPLUS",), ("IDLE",)], ids="-".join
)
async def test_fetched_mail_is_moved_where_the_settings_say(
    made: Made, spool: Kept, extensions: tuple[str, ...]
) -> None:
    async with ImapServer(extensions=extensions) as server:
        await server.put(mail(1))
        async with listening(made(server, imap_processed_folder="Done"), spool):
            await until(lambda: len(server.messages("Done")) == 1)
            await server.put(mail(2))
            await until(lambda: len(server.messages("Done")) == 2)
            await until(lambda: all(r"\Deleted" in flags for _, flags in server.messages()))
        assert numbers(spool) == ["1", "2"]


async def test_what_was_kept_and_not_moved_yet_is_moved_later(
    made: Made, spool: Kept, tmp_path: Path
) -> None:
    async with ImapServer() as server:
        async with listening(made(server, imap_processed_folder="Done"), spool):
            await server.until_told("IDLE")
        spool.open.clear()
        await server.put(mail(1))
        async with listening(made(server, imap_processed_folder="Done"), spool):
            await spool.asked.wait()
            del server.folders["Done"]
            spool.open.set()
            await server.until_told("UID MOVE")
        assert numbers(spool) == ["1"]
        server.folders["Done"] = []
        async with listening(made(server, imap_processed_folder="Done"), spool):
            await until(lambda: len(server.messages("Done")) == 1)
        assert numbers(spool) == ["1"]


async def test_it_comes_encrypted(made: Made, spool: Kept) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CHAIN, KEY)
    async with ImapServer(tls=context) as server:
        await server.put(mail(1))
        async with listening(made(server, imap_tls=True, imap_ca=str(CHAIN)), spool):
            await until(lambda: numbers(spool) == ["1"])
        assert server.commands.index("STARTTLS") < server.commands.index("AUTHENTICATE")


@pytest.mark.parametrize(
    ("settings", "found", "fix"),
    [
        ({"imap_password": Secret("wrong")}, "no mail can be fetched", "imap_password"),
        ({"imap_folder": "Nowhere"}, "no mail can be fetched", "channels.email.imap_folder"),
        (
            {"imap_processed_folder": "Gone"},
            "no mail can be fetched",
            "create it, or see channels.email.imap_processed_folder",
        ),
        ({"imap_tls": True}, "no mail can be fetched", "offers no TLS"),
        ({"imap_port": 1}, "cannot be reached", "channels.email.imap_host"),
    ],
    ids=["password", "folder", "aside", "tls", "port"],
)
async def test_check_says_what_is_wrong(
    made: Made, spool: Kept, settings: dict[str, object], found: str, fix: str
) -> None:
    async with ImapServer() as server:
        channel = made(server, **settings)
        async with listening(channel, spool):
            await until(lambda: channel._fetcher is not None)
            fetcher = channel._fetcher
            assert fetcher is not None
            first = fetcher.trouble
            await until(lambda: fetcher.trouble is not first)
            health = await channel.check()
    assert (health.ok, found in health.found, fix in health.fix) == (False, True, True), health
    assert "wrong" not in health.fix


def test_the_last_server_tells_who_it_came_from_and_for_whom(made: Made, tmp_path: Path) -> None:
    config = Config(addresses=["help@demo.example"], authserv_id="mx.demo.example")
    fetcher = Fetcher(config, mailboxes(config, "x"), None, Site(tmp_path, ""), "x")  # type: ignore[arg-type]
    envelope = fetcher.envelope_of(
        mail(1, "Return-Path: <Bounce@x.example>", "Delivered-To: Help@demo.example")
    )
    assert (envelope.mail_from, envelope.trusted) == ("bounce@x.example", True)
    assert envelope.rcpt_to == ("help@demo.example",)
    assert fetcher.envelope_of(mail(1, "Return-Path: <>")).mail_from == ""


def test_a_name_is_missing(made: Made) -> None:
    with pytest.raises(ConfigError, match=r"channels\.email\.imap_username"):
        made(ImapServer(), imap_username="", imap_port=143)


@pytest.mark.parametrize(
    ("name", "line"),
    [("INBOX", '"INBOX"'), ("Erledigt & gut", '"Erledigt &- gut"'), ("Gelöscht", '"Gel&APY-scht"')],
)
def test_folders_have_names_in_any_language(name: str, line: str) -> None:
    assert _quoted(name) == line


async def test_the_server_of_these_tests_serves_others_too() -> None:
    """The standard library's client, step by step."""
    async with ImapServer() as server:
        await server.put(mail(1))

        def use() -> tuple[object, object]:
            with imaplib.IMAP4("127.0.0.1", server.port) as client:
                client.login("help", "hunter2")
                client.select("INBOX")
                _, found = client.uid("SEARCH", "UNSEEN")
                _, body = client.uid("FETCH", "1", "(BODY.PEEK[])")
                return found[0], body[0][1]

        assert await asyncio.to_thread(use) == (b"1", mail(1))
