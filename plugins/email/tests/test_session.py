"""SMTP as peers speak it, well and badly, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import shutil
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Protocol

import aiosmtplib
import pytest

from omniroute import Busy, Intake
from omniroute_email.envelope import Envelope
from omniroute_email.reception import Reception
from omniroute_email.server import serving
from omniroute_email.session import LEAST_PACE, delivery_key
from omniroute_email.settings import Config, mailboxes

MAIL = b"From: Joe <joe@x.example>\r\nMessage-ID: <1@x.example>\r\n\r\nI was charged twice\r\n"
ENVELOPE = ("EHLO x.example", "MAIL FROM:<joe@x.example>", "RCPT TO:<help@demo.example>")


class Kept(Intake, Protocol):
    kept: dict[str, bytes]
    failure: Exception | None
    mails: list[tuple[Envelope, bytes]]


Serve = Callable[..., Awaitable[tuple[Reception, int]]]


class Peer:
    """A client that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.heard: list[str] = []

    async def hears(self) -> str:
        """The next answer, its last line only; empty when the server has hung up."""
        while line := (await self._reader.readline()).decode().rstrip():
            self.heard.append(line)
            if line[3:4] != "-":
                return line
        return ""

    async def says(self, *commands: str | bytes) -> str:
        answer = ""
        for command in commands:
            await self.pours(
                command + b"\r\n" if isinstance(command, bytes) else f"{command}\r\n".encode()
            )
            answer = await self.hears()
        return answer

    async def pours(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def sends(self, data: bytes) -> str:
        """A whole transaction; *data* goes over the line as it is."""
        assert (await self.says(*ENVELOPE, "DATA")).startswith("354")
        await self.pours(data)
        return await self.hears()


async def until(true: Callable[[], bool]) -> None:
    """Let the server work until something is so."""
    while not true():  # noqa: ASYNC110  what changes is a plain number
        await asyncio.sleep(0)


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = Peer(reader, writer)
    try:
        assert (await client.hears())[:3] in ("220", "421")
        yield client
    finally:
        writer.close()


async def test_an_answer_repeats_nothing_but_letters_of_what_a_peer_said(serve: Serve) -> None:
    _, port = await serve()
    async with peer(port) as joe:
        assert await joe.says(b"\x00\x1b[2J\rEHLO x") == (
            '500 Error: command "??[2J?EHLO" not recognized'
        )


async def test_a_message_is_kept_with_what_the_session_knew(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    async with peer(port) as joe:
        assert await joe.sends(MAIL + b".\r\n") == "250 2.6.0 Message kept"
    [(envelope, message)] = spool.mails
    assert message == MAIL
    assert (envelope.peer, envelope.trusted) == ("127.0.0.1", True)
    assert envelope.mail_from == "joe@x.example"
    assert envelope.rcpt_to == ("help@demo.example",)
    assert envelope.received_at > 1_700_000_000_000


async def test_smtplib_sends_with_attachments_and_eight_bits(serve: Serve, spool: Kept) -> None:
    _, port = await serve()

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            body = MAIL + "Grüße\r\n".encode()
            client.sendmail("joe@x.example", ["help@demo.example"], body, ["BODY=8BITMIME"])

    await asyncio.to_thread(send)
    [(_, message)] = spool.mails
    assert message.endswith("Grüße\r\n".encode())


async def test_aiosmtplib_sends_from_an_international_address(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=port, local_hostname="x.example"
    ) as client:
        options = ["SMTPUTF8"]
        await client.sendmail("jörg@x.example", "help@demo.example", MAIL, mail_options=options)
    assert spool.mails[0][0].mail_from == "jörg@x.example"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_sends(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    curl = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", f"smtp://127.0.0.1:{port}"),
        *("--mail-from", "joe@x.example", "--mail-rcpt", "help@demo.example"),
        *("--upload-file", "-"),
        stdin=asyncio.subprocess.PIPE,
    )
    await curl.communicate(MAIL + b".a line that begins with a dot\r\n")
    assert curl.returncode == 0
    assert spool.mails[0][1] == MAIL + b".a line that begins with a dot\r\n"


async def test_an_empty_message_and_dots_arrive_as_they_were_sent(
    serve: Serve, spool: Kept
) -> None:
    _, port = await serve()
    async with peer(port) as joe:
        assert (await joe.sends(b".\r\n")).startswith("250")
        assert (await joe.sends(b"..\r\n...\r\na..\r\n..b\r\n\r\n.\r\n")).startswith("250")
    assert [message for _, message in spool.mails] == [b"", b".\r\n..\r\na..\r\n.b\r\n\r\n"]


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n.\n"]
)
async def test_incident_16_no_message_can_be_smuggled_inside_another(
    serve: Serve, spool: Kept, end: bytes
) -> None:
    _, port = await serve()
    inner = b"MAIL FROM:<eve@x.example>\r\nRCPT TO:<help@demo.example>\r\nDATA\r\nforged\r\n"
    async with peer(port) as eve:
        assert (await eve.sends(MAIL + b"text" + end + inner + b".\r\n")).startswith("250")
        assert (await eve.says("QUIT")).startswith("221")
    [(_, message)] = spool.mails
    assert inner in message


async def test_the_end_is_found_however_the_bytes_are_cut(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    stuffed = MAIL + b"\r\n..\r\n...\r\n\r\n.\r\n"
    async with peer(port) as joe:
        for cut in range(len(stuffed)):
            assert (await joe.says(*ENVELOPE, "DATA")).startswith("354")
            await joe.pours(stuffed[:cut])
            await asyncio.sleep(0)
            await joe.pours(stuffed[cut:])
            assert (await joe.hears()).startswith("250")
    assert {message for _, message in spool.mails} == {MAIL + b"\r\n.\r\n..\r\n\r\n"}


async def test_commands_may_follow_the_message_at_once(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    async with peer(port) as joe:
        assert (await joe.sends(MAIL + b".\r\nNOOP\r\nQUIT\r\n")).startswith("250 2.6.0")
        assert [await joe.hears(), await joe.hears(), await joe.hears()] == [
            "250 OK",
            "221 Bye",
            "",
        ]
    assert len(spool.kept) == 1


async def test_lines_longer_than_any_standard_allows_are_kept(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    long = MAIL + b"x" * 1_000_000 + b"\0\xff\r\n"
    async with peer(port) as joe:
        assert (await joe.sends(long + b".\r\n")).startswith("250")
    assert spool.mails[0][1] == long


# --- what we do not take --------------------------------------------------------------------------


async def test_an_unknown_mailbox_is_refused_and_the_session_goes_on(
    serve: Serve, spool: Kept
) -> None:
    _, port = await serve()
    async with peer(port) as joe:
        await joe.says("EHLO x", "MAIL FROM:<joe@x.example>")
        assert await joe.says("RCPT TO:<nobody@demo.example>") == "550 5.1.1 No such mailbox here"
        assert (await joe.says("DATA")).startswith("503")
        assert (await joe.says("RCPT TO:<HELP@Demo.Example>")).startswith("250")


async def test_a_message_declared_too_large_is_refused_before_it_comes(serve: Serve) -> None:
    _, port = await serve(max_size=100_000)
    async with peer(port) as joe:
        await joe.says("EHLO x")
        assert "250-SIZE 100000" in joe.heard
        assert (await joe.says("MAIL FROM:<joe@x.example> SIZE=100001")).startswith("552")
        assert (await joe.says("MAIL FROM:<joe@x.example> SIZE=100000")).startswith("250")


class Watched(Reception):
    """A reception that remembers the most it ever held."""

    most = 0

    def crowded(self) -> bool:
        self.most = max(self.most, self.held)
        return super().crowded()


@pytest.mark.parametrize("line", [b"x" * 78 + b"\r\n", b"x" * 80], ids=["lines", "one line"])
async def test_a_message_too_large_is_refused_without_being_held(spool: Kept, line: bytes) -> None:
    config = Config(addresses=["help@demo.example"], listen_port=0, max_size=1_000_000)
    reception = Watched(config, mailboxes(config, "channels.email"), spool)
    async with serving(reception, "channels.email") as port, peer(port) as joe:
        assert (await joe.sends(line * 400_000 + b"\r\n.\r\n")) == "552 5.3.4 Message too large"
        assert (await joe.sends(MAIL + b".\r\n")).startswith("250")
    assert reception.most < 1_200_000
    assert reception.held == 0
    assert [message for _, message in spool.mails] == [MAIL]


async def test_unfinished_messages_of_many_peers_do_not_fill_the_memory(
    serve: Serve, spool: Kept
) -> None:
    reception, port = await serve(max_size=100_000)  # four of these may be under way
    async with AsyncExitStack() as stack:
        first, *others, last = [await stack.enter_async_context(peer(port)) for _ in range(5)]
        for client in (first, *others):
            await client.says(*ENVELOPE, "DATA")
            held = reception.held
            await client.pours(b"x" * 98_000)
            await until(partial(exceeds, reception, held + 90_000))
        await last.says(*ENVELOPE, "DATA")
        await last.pours(b"x" * 98_000)
        assert await last.says(b"\r\n.") == "452 4.3.1 Too busy now"
        assert (await first.says(b"\r\n.")).startswith("250")
    assert len(spool.kept) == 1


def exceeds(reception: Reception, size: int) -> bool:
    return reception.held > size


async def test_too_many_recipients_are_put_off(serve: Serve) -> None:
    _, port = await serve(max_recipients=2)
    async with peer(port) as joe:
        assert (await joe.says(*ENVELOPE, ENVELOPE[2])).startswith("250")
        assert (await joe.says(ENVELOPE[2])).startswith("452 4.5.3")


async def test_endless_commands_end_the_session(serve: Serve) -> None:
    _, port = await serve(max_commands=5)
    async with peer(port) as joe:
        assert (await joe.says("EHLO x", *["NOOP"] * 5)).startswith("250")
        assert (await joe.says("NOOP")).startswith("421")
        assert await joe.hears() == ""


@pytest.mark.parametrize(
    "command",
    [
        b"MAIL FROM:<",
        b"MAIL FROM:",
        b"MAIL FROM:<>x",
        b"MAIL FROM:<a<b>@c>",
        b"MAIL FROM:\xff\xfe",
        b"MAIL FROM:<joe@x> SIZE=x",
        b"MAIL FROM:<joe@x> SIZE=" + b"9" * 300,
        b"MAIL FROM:<joe@x> BODY=BINARYMIME",
        b"MAIL",
        b"RCPT TO:<\0@demo.example>",
        b"RCPT TO:<" + b"a" * 400 + b">",
        b"RCPT TO:<>",
        b"VRFY \xff",
        b"AUTH PLAIN AAAA",
        b"STARTTLS",
        b"BDAT 1 LAST",
        b"\x16\x03\x01\x02",
        b"GET / HTTP/1.1",
        b"",
        b"x" * 70_000,
    ],
)
async def test_a_strange_command_gets_an_answer_and_no_more(serve: Serve, command: bytes) -> None:
    _, port = await serve()
    async with peer(port) as eve:
        await eve.says("EHLO x")
        answer = await eve.says(command)
        assert answer[:1] in ("2", "4", "5")
        assert "Error:" not in answer or "Exception" not in answer
        assert (await eve.says("RSET")).startswith("250")


async def test_a_bounce_has_no_return_path(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    async with peer(port) as mta:
        await mta.says(
            "EHLO x", "MAIL FROM:<>", "RCPT TO:<@relay.example:help@demo.example>", "DATA"
        )
        assert (await mta.says(b"text\r\n.")).startswith("250")
    assert spool.mails[0][0].mail_from == ""


# --- when it cannot be kept -----------------------------------------------------------------------


async def test_busy_means_come_again(serve: Serve, spool: Kept) -> None:
    _, port = await serve()
    spool.failure = Busy("the disk is full")
    async with peer(port) as joe:
        assert (await joe.sends(MAIL + b".\r\n")).startswith("452 4.3.1")
        spool.failure = None
        assert (await joe.sends(MAIL + b".\r\n")).startswith("250")


async def test_a_fault_of_ours_is_logged_and_not_told(
    serve: Serve, spool: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    _, port = await serve()
    spool.failure = RuntimeError("secret place")
    async with peer(port) as joe:
        answer = await joe.sends(MAIL + b".\r\n")
        assert answer == "451 4.3.0 Something failed here, please come again later"
    assert "secret place" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


async def test_nothing_is_kept_of_a_message_that_breaks_off(serve: Serve, spool: Kept) -> None:
    reception, port = await serve()
    async with peer(port) as joe:
        await joe.says(*ENVELOPE, "DATA")
        await joe.pours(MAIL)
        await until(partial(exceeds, reception, 0))
    await until(lambda: not exceeds(reception, 0))
    assert spool.kept == {}


async def test_no_session_tells_the_log_who_writes_to_whom(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, port = await serve()
    async with peer(port) as joe:
        await joe.sends(MAIL + b".\r\n")
    assert "joe@x.example" not in caplog.text


# --- slow peers -----------------------------------------------------------------------------------


async def test_a_silent_peer_is_cut_off(serve: Serve) -> None:
    _, port = await serve(idle_timeout=0.1)
    async with peer(port) as silent:
        assert await silent.hears() == ""
    async with peer(port) as trickling:
        await trickling.says(*ENVELOPE, "DATA")
        await trickling.pours(b"a few bytes")
        assert await trickling.hears() == ""


@pytest.mark.slow
async def test_a_slow_peer_who_gets_on_is_not(serve: Serve, spool: Kept) -> None:
    _, port = await serve(idle_timeout=1.0)
    async with peer(port) as slow:
        await slow.says(*ENVELOPE, "DATA")
        for _ in range(12):
            await slow.pours(b"x" * LEAST_PACE)
            await asyncio.sleep(0.2)
        assert (await slow.says(b"\r\n.")).startswith("250")


# --- the same message again -----------------------------------------------------------------------


def key(message: bytes, **facts: object) -> str:
    given = {"peer": "127.0.0.1", "trusted": True, "mail_from": "joe@x.example"}
    rest = {"rcpt_to": ("help@demo.example",), "received_at": 0}
    return delivery_key(Envelope(**{**given, **rest, **facts}), message)  # type: ignore[arg-type]


def test_incident_24_a_redelivery_has_the_same_key_whatever_relays_have_added() -> None:
    assert key(b"Received: by relay\r\n" + MAIL, received_at=7) == key(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        key(MAIL.replace(b"<1@", b"<2@")),
        key(MAIL + b"more"),
        key(MAIL, rcpt_to=("sales@demo.example",)),
        key(MAIL, mail_from="ann@x.example"),
        key(MAIL, trusted=False),
    ],
)
def test_another_message_has_another_key(other: str) -> None:
    assert other != key(MAIL)


def test_without_an_id_two_people_may_write_the_same_words() -> None:
    joe, ann = (b"From: %b\r\nMessage-ID:\r\nX: y\r\n\r\nok\r\n" % who for who in (b"joe", b"ann"))
    assert key(joe) != key(ann)


def test_an_id_in_the_text_is_none() -> None:
    assert key(b"From: joe\r\n\r\nMessage-ID: <1@x>\r\n") != key(
        b"From: ann\r\n\r\nMessage-ID: <1@x>\r\n"
    )
