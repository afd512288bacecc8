"""A mail server that keeps what it is given: what stands behind an e-mail channel in tests.

Run as ``python -m omniroute.testing.mail_sink --port 2526 --record FILE`` it is a process of its
own, whose record survives whatever happens to the server under test: one JSON line per message,
written and fsynced before the sender hears 250.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from omniroute.testing.connections import let_go


class MailSink:
    """Takes every mail.  Use as an async context manager; `port` is known inside."""

    def __init__(self, port: int = 0, record: Path | None = None) -> None:
        self.port = port
        self.received: list[EmailMessage] = []
        self.answer: Callable[[], str] = lambda: "250 kept"
        self._record = record
        self._stack = AsyncExitStack()
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> MailSink:
        serving = serving_smtp(self, self.port, enable_SMTPUTF8=True)
        self.port = await self._stack.enter_async_context(serving)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def handle_DATA(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, unless a test has it refused."""
        answer = self.answer()
        if not answer.startswith("250"):
            return answer
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        # our own mail, composed a moment ago: the modern policy is safe here
        message: Any = BytesParser(policy=POLICY).parsebytes(raw)
        if self._record is not None:
            _keep(self._record, envelope, message)
        self.received.append(message)
        self._arrived.set()
        return answer

    async def wait_for(self, count: int, seconds: float | None = 20.0) -> list[EmailMessage]:
        """The first *count* mails, once they are here.  Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.received[:count]


def _keep(record: Path, envelope: Envelope, message: EmailMessage) -> None:
    line = json.dumps(
        {
            "to": envelope.rcpt_tos,
            "message_id": message["Message-ID"],
            "repeat": message["X-OmniRoute-Repeat"],
            "subject": message["Subject"],
            "text": _text(message),
        }
    )
    with record.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _text(message: EmailMessage) -> str:
    """The text, with ``\\n`` as the only line end; a charset that nobody knows is no obstacle."""
    body = message.get_body(("plain",))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except LookupError:
        text = bytes(body.get_payload(decode=True)).decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


@asynccontextmanager
async def serving_smtp(
    handler: object, port: int = 0, secure: ssl.SSLContext | None = None, /, **options: Any
) -> AsyncIterator[int]:
    """Serve SMTP on this machine with aiosmtpd's *options*; gives the port.

    TLS is spoken from the first byte with *secure*.  When the block ends, so has every connection.
    """
    loop = asyncio.get_running_loop()
    known: set[asyncio.Transport] = set()

    def connection() -> SMTP:
        return _Connection(known, handler, loop=loop, **options)

    server = await loop.create_server(connection, "127.0.0.1", port, ssl=secure)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await let_go([server], lambda: known)


class _Connection(SMTP):
    """A connection that is known for as long as it lasts."""

    def __init__(self, known: set[asyncio.Transport], handler: object, **more: Any) -> None:
        super().__init__(handler, **more)
        self._known = known

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._known.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._known.difference_update([t for t in self._known if t.is_closing()])


async def serve(port: int, record: Path) -> None:
    """Take mail until stopped."""
    async with MailSink(port, record) as sink:
        print(f"listening on 127.0.0.1:{sink.port}", flush=True)  # noqa: T201 - its one output
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Keep every mail that arrives.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.record))
