"""Mail fetched from a real IMAP server, by STARTTLS and with TLS from the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from plugins.email.tests.dovecot import TLS, Dovecot, dovecot

from omniroute import Secret, Site
from omniroute.testing.intake import Notebook
from omniroute_email.channel import EmailChannel
from omniroute_email.envelope import unpack
from omniroute_email.settings import Config

pytestmark = pytest.mark.dovecot

GENUINE = "Authentication-Results: mx.demo.example; dmarc=pass header.from=x.example"
FORGED = "Authentication-Results: mx.demo.example; dmarc=fail header.from=x.example"


@pytest.fixture(scope="module")
def server(dovecot_program: str) -> Iterator[Dovecot]:
    with dovecot(dovecot_program) as running:
        yield running


def mail(number: int, *lines: str) -> bytes:
    head = [f"Message-ID: <{number}@x.example>", "From: joe@x.example", "To: help@demo.example"]
    return "\r\n".join([*lines, *head, "", f"hello {number}", ""]).encode()


def channel(folder: Path, server: Dovecot, **settings: object) -> EmailChannel:
    given = {
        "addresses": ["help@demo.example"],
        "authserv_id": "mx.demo.example",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_ca": str(TLS / "certificate.pem"),
        "imap_username": "help",
        "imap_password": Secret("hunter2"),
        "imap_processed_folder": "Done",
    }
    config = Config(**{**given, **settings})  # type: ignore[arg-type]
    return EmailChannel("email", config, Site(folder, "http://x", "Demo Desk"))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  what changes is another process's folder
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("from_start", [False, True], ids=["starttls", "from-start"])
async def test_mail_is_fetched_as_it_comes_and_put_aside(
    server: Dovecot, tmp_path: Path, from_start: bool
) -> None:
    number = 10 * (1 + from_start)
    spool, before = Notebook(), len(server.names(".Done"))  # of the other run, if it was here
    port = server.tls_port if from_start else server.port
    fetching = channel(tmp_path, server, imap_port=port, imap_tls_from_start=from_start)
    server.put(f"{number}", mail(number, GENUINE))
    task = asyncio.create_task(fetching.listen(spool))
    try:
        await until(lambda: len(spool.kept) == 1)
        server.put(f"{number + 1}", mail(number + 1, FORGED))  # the server tells of it (IDLE)
        await until(lambda: len(spool.kept) == 2)
        await until(lambda: len(server.names(".Done")) == before + 2)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    said = [one for raw in spool.kept.values() for one in fetching.parse(raw)]
    assert [unpack(raw)[1] for raw in spool.kept.values()] == [
        mail(number, GENUINE), mail(number + 1, FORGED),
    ]  # fmt: skip
    assert [one.sender.verified for one in said] == [True, False]  # type: ignore[union-attr]
    assert server.names() == []


async def test_a_certificate_that_nobody_stands_for_is_not_believed(
    server: Dovecot, tmp_path: Path
) -> None:
    fetching = channel(tmp_path, server, imap_ca="", imap_port=server.tls_port,
                       imap_tls_from_start=True)  # fmt: skip
    task = asyncio.create_task(fetching.listen(Notebook()))
    try:
        await until(lambda: fetching._fetcher is not None and fetching._fetcher.trouble is not None
                    and "imap_ca" in fetching._fetcher.trouble.fix)  # fmt: skip
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
