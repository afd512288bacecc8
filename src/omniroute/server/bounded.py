"""A connection that holds no more of a request than it should, and waits no longer for it.

Until a request's head is whole it reaches no application, so it is bounded here: in bytes, since
the parser holds whatever has no end yet; and in time, since a peer that says a byte a minute would
keep its place for good.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST: Final = 64 * 1024  # bytes of a head, of trailers, and between chunks of a body; or one read
HEAD: Final = (
    30.0  # seconds from its first byte, or from the connection's, in which a head is whole
)
SILENCE: Final = 60.0  # seconds without a byte of a body that is waited for
LOOK: Final = 10.0  # seconds between two looks


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol within bounds."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self._heard = self.loop.time()
        self._in_head, self._in_body, self._answers = True, False, False
        self._unread = 0  # bytes that have led to nothing yet
        self._timer = self.loop.call_later(LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._in_head, self._since = True, self._heard
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._unread, self._in_head, self._in_body, self._answers = 0, False, True, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread, self._in_body = 0, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._answers = False
        super().on_response_complete()

    def look(self, now: float) -> None:
        """End the connection if at *now*, by the loop's clock, too much time has gone."""
        waits = self._in_body and not self.flow.read_paused
        if (self._in_head and now - self._since > HEAD) or (waits and now - self._heard > SILENCE):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _look(self) -> None:
        self.look(self.loop.time())
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(LOOK, self._look)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, unless an answer is under way, and hang up."""
        if self.transport.is_closing():
            return
        if not self._answers:
            said = status.phrase.encode()
            head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-length: {len(said)}\r\n"
            kind = b"content-type: text/plain\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode() + kind + said)
        self.transport.close()
