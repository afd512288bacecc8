"""SMTP with TLS from the start (RFC 8314), as at port 465.

The handshake comes before there is a session, so it is counted and bounded like one: whoever
connects and says nothing must not hold more connections, nor for longer, than anybody else.
"""

from __future__ import annotations

import asyncio
import ssl

from omniroute_email.reception import Reception
from omniroute_email.session import Session


class Handshake(asyncio.Protocol):
    """A connection until it is encrypted; then a `Session` goes on with it."""

    def __init__(self, reception: Reception, loop: asyncio.AbstractEventLoop) -> None:
        self.peer = ""  # IP address
        self._reception, self._loop = reception, loop
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        return self._task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()  # what comes now is for TLS
        self._transport = transport
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) and name else ""
        if self._reception.enter(self):
            self.hang_up()  # nothing can be said that is not encrypted
            self._reception.leave(self)
        else:
            self._task = self._loop.create_task(self._encrypt(transport))

    def connection_lost(self, error: Exception | None) -> None:
        self._reception.leave(self)

    def say_goodbye(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _encrypt(self, transport: asyncio.Transport) -> None:
        certificate = self._reception.certificate
        assert certificate is not None  # or this port would not be served
        session = Session(self._reception, self._loop, encrypted=True)
        try:
            encrypted = await self._loop.start_tls(
                transport,
                session,
                certificate.context(),
                server_side=True,
                ssl_handshake_timeout=self._reception.config.idle_timeout,
            )
        except (OSError, ssl.SSLError):
            return  # a peer that cannot, or is gone, is nobody's error
        finally:
            self._reception.leave(self)
        if encrypted is not None and not encrypted.is_closing():
            session.connection_made(encrypted)
