"""Calling an integration's webhook: one request, and every way in which that can fail."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import msgspec

from omniroute import NotAuthorised, Rejected, Retry
from omniroute_http import wire
from omniroute_http.settings import Integration
from omniroute_http.signing import signed

WAIT: Final = aiohttp.ClientTimeout(total=20, connect=10)  # s
LONGEST_ANSWER: Final = 65_536  # bytes that are read of an answer
_BEFORE_IT_WAS_HEARD: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


class Webhook:
    """The way to one integration; *place* is where its settings stand."""

    def __init__(self, integration: Integration, place: str) -> None:
        self._integration, self._place = integration, place
        self._name = place.rpartition(".")[2]
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections open meanwhile."""
        async with self._made() as self._session:
            try:
                yield
            finally:
                self._session = None

    async def tell(self, id: str, item: wire.Item) -> None:
        """Tell *item*, under a name that is the same for each attempt at it.

        Raises `Retry`, `Rejected` or `NotAuthorised`.
        """
        body = msgspec.json.encode(item)
        headers = signed(self._integration.secrets, id, int(time.time()), body)
        headers["Content-Type"] = "application/json"
        try:
            async with (
                self._connected() as session,
                session.post(
                    self._integration.webhook,
                    data=io.BytesIO(body),
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                self._understand(answer, await _whole(answer))
        except _BEFORE_IT_WAS_HEARD as error:
            said = f"{self._name} cannot be reached: {type(error).__name__}"
            raise Retry(said) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            said = f"{self._name} did not answer: {type(error).__name__}"
            raise Retry(said, in_doubt=True) from error

    def _understand(self, answer: aiohttp.ClientResponse, body: bytes) -> None:
        match answer.status:
            case status if 200 <= status < 300:
                return
            case 401 | 403:
                raise NotAuthorised(
                    f"{self._name} does not know our signature; give it the secret that stands in"
                    f" {self._place}.secret, or put its own there"
                )
            case 429:
                after = _seconds(answer.headers.get("retry-after", ""))
                raise Retry(f"{self._name} asks us to wait", after)
            case status if 300 <= status < 400:
                raise Rejected(f"{self._name} sends us elsewhere; correct {self._place}.webhook")
            case status if status < 500:
                raise Rejected(f"{self._name} refused it: {_reason(body) or f'status {status}'}")
            case status:
                raise Retry(f"{self._name} has trouble: status {status}", in_doubt=True)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiohttp.ClientSession]:
        """The session that is open while we listen, or one for a single call (`check`)."""
        if self._session is not None:
            yield self._session
            return
        async with self._made() as session:
            yield session

    def _made(self) -> aiohttp.ClientSession:
        # A server of one's own is reached without a proxy.
        through = self._integration.webhook.startswith("https://")
        return aiohttp.ClientSession(timeout=WAIT, trust_env=through)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """What was answered, to its end: one that breaks off was perhaps a yes."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            break
    return bytes(body)


def _seconds(text: str) -> float | None:
    """What `Retry-After` says in seconds; a date leaves it to the engine."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def _reason(body: bytes) -> str:
    """The integration's own words, if it has any."""
    try:
        said = msgspec.json.decode(body, type=wire.Problem)
    except msgspec.DecodeError:
        return ""
    return said.text[:200]
