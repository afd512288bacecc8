"""Passes on to the writer what a browser or a platform asks of a node that follows.

Method, path, headers, cookies and body go as they came, and the answer comes back as it is made, so
that live pages stay live.  With them goes who asked and how, signed with the nodes' common key: the
writer counts attempts to sign in by it, and takes it from nobody else.  What was passed on once is
not passed on again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx2 as httpx
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

VIA: Final = "x-omniroute-via"
FRESH: Final = 60  # seconds that what was signed holds, whatever the clocks of two machines say
CONNECT: Final = 2.0  # seconds
OPEN: Final = 1000  # requests at a time
HOP_BY_HOP: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
    b"trailer", b"expect", b"transfer-encoding", b"upgrade", VIA.encode(),
})  # fmt: skip
"""What is said of one connection, not of the request (RFC 9110, 7.6.1)."""


class Via(msgspec.Struct, frozen=True):
    """Who asked a node that follows, when (s since the epoch), and over what."""

    client: str
    scheme: str
    at: int


class Unreached(Exception):
    """The writer cannot be asked, so it has not been."""


class Relay:
    """From the first request to `close`; *key* is the nodes' own."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._closing = asyncio.Event()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=CONNECT),
            limits=httpx.Limits(max_connections=OPEN, max_keepalive_connections=32),
            follow_redirects=False,
            trust_env=False,
        )
        for name in list(self._client.headers):  # what the browser sent is all that is sent
            del self._client.headers[name]

    async def pass_on(self, request: Request, writer: str) -> Response:
        """The answer of the node at *writer*.  Raises `Unreached`.

        Nothing is asked a second time: what broke off may have been done.
        """
        if VIA in request.headers:
            raise Unreached("the node that was asked does not write either")
        asked = self._client.build_request(
            request.method,
            httpx.URL(writer).copy_with(raw_path=_target(request)),
            headers=[*_end_to_end(request.headers.raw), (VIA.encode(), self._signed(request))],
            content=request.stream() if _has_body(request) else None,
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreached(f"{writer} cannot be reached: {error}") from None
        except httpx.HTTPError as error:
            log.warning("a request that was passed on broke off: %s", type(error).__name__)
            return Response("The node that writes did not answer.\n", 502, media_type="text/plain")
        except ClientDisconnect:
            return Response(status_code=499)
        passed = StreamingResponse(self._as_it_comes(answer), answer.status_code)
        passed.raw_headers = _end_to_end(answer.headers.raw)
        return passed

    async def _as_it_comes(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """The bytes of an answer, until its end or ours."""
        closing = asyncio.create_task(self._closing.wait())
        chunks = answer.aiter_raw()
        chunk = asyncio.ensure_future(anext(chunks, None))
        try:
            while True:
                await asyncio.wait({chunk, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not chunk.done() or (data := chunk.result()) is None:
                    return
                chunk = asyncio.ensure_future(anext(chunks, None))
                yield data
        except httpx.HTTPError as error:
            log.info("an answer that was passed on broke off: %s", type(error).__name__)
        finally:
            for task in (chunk, closing):
                task.cancel()
            await asyncio.gather(chunk, closing, return_exceptions=True)
            await answer.aclose()

    def end(self) -> None:
        """End what is under way: live pages come back by themselves."""
        self._closing.set()

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    def _signed(self, request: Request) -> bytes:
        client = request.client.host if request.client else ""
        said = msgspec.json.encode(Via(client, request.url.scheme, int(time.time())))
        return said + b" " + _mac(self._key, said, request.method, _target(request))


class Relayed:
    """The writer's site: a request that another node passed on is the one that came there."""

    def __init__(self, app: ASGIApp, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._app, self._key, self._clock = app, key, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (via := self._via(scope)) is not None:
            client = scope.get("client") or ("", 0)
            scope = {**scope, "client": (via.client, client[1]), "scheme": via.scheme}
        await self._app(scope, receive, send)

    def _via(self, scope: Scope) -> Via | None:
        """Who asked, if a node of ours says so, and just now."""
        given = dict(scope["headers"]).get(VIA.encode())
        if given is None:
            return None
        said, _, mac = given.rpartition(b" ")
        target = scope.get("raw_path", b"") + (b"?" if scope["query_string"] else b"")
        right = _mac(self._key, said, scope["method"], target + scope["query_string"])
        if not said or not hmac.compare_digest(mac, right):
            return None
        via = msgspec.json.decode(said, type=Via)
        return via if abs(self._clock() - via.at) <= FRESH else None


def _mac(key: bytes, said: bytes, method: str, target: bytes) -> bytes:
    parts = msgspec.json.encode([said.decode("latin-1"), method, target.decode("latin-1")])
    return hmac.digest(key, parts, hashlib.sha256).hex().encode()


def _target(request: Request) -> bytes:
    """Path and query as they were written."""
    query = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return path + b"?" + query if query else path


def _end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {
        name.strip().lower()
        for key, value in headers
        if key.lower() == b"connection"
        for name in value.split(b",")
    }
    return [(k, v) for k, v in headers if k.lower() not in HOP_BY_HOP and k.lower() not in named]


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers
