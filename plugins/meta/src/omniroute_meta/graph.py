"""The Graph API: every call goes through here, its failures in our words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from omniroute import Retry, Secret
from omniroute_meta.failures import failure

# These write addresses with people's ids into the log at lower levels.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

PATIENCE: Final = 20.0  # s that Meta may take for an answer


class TooLarge(Exception):
    """A file has more bytes than are taken."""


class Graph:
    """One account's way to Meta."""

    def __init__(self, token: Secret, api_url: str, place: str) -> None:
        self._token, self._api, self._place = token, api_url.rstrip("/"), place
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections while this lasts."""
        async with self._new() as self._client:
            try:
                yield
            finally:
                self._client = None

    def _new(self) -> httpx.AsyncClient:
        abroad = self._api.startswith("https://")  # one of one's own is reached without a proxy
        return httpx.AsyncClient(timeout=PATIENCE, trust_env=abroad, verify=abroad)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[httpx.AsyncClient]:
        """The one that is open while we listen, or one for a single call."""
        if self._client is not None:
            yield self._client
            return
        async with self._new() as client:
            yield client

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    async def call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Make one call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        url = f"{self._api}/{path}"
        try:
            async with self._connection() as client:
                answer = await client.request(method, url, headers=self._headers, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Retry(f"Meta cannot be reached: {type(error).__name__}") from error
        except httpx.HTTPError as error:  # it may have heard us
            raise Retry(f"Meta did not answer: {type(error).__name__}", in_doubt=True) from error
        said = _json(answer)
        if answer.is_success:
            return said
        fault = said.get("error")
        told: Mapping[str, Any] = fault if isinstance(fault, dict) else {}
        raise failure(answer.status_code, told, answer.headers, self._place)

    async def download(self, url: str, most: int, *, with_token: bool) -> bytes:
        """The bytes behind an address that Meta gave.

        Raises `TooLarge`, `httpx.HTTPError`, or `TimeoutError`.
        """
        headers = self._headers if with_token else {}
        async with (
            asyncio.timeout(PATIENCE),
            self._connection() as client,
            client.stream("GET", url, headers=headers, follow_redirects=not with_token) as answer,
        ):
            answer.raise_for_status()
            data = bytearray()
            async for chunk in answer.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise TooLarge
            return bytes(data)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
