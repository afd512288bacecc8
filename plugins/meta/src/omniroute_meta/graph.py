"""The Graph API: every call goes through here, its failures in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from omniroute import Calls, Secret
from omniroute_meta.failures import failure

PATIENCE: Final = 20.0  # s that Meta may take for an answer


class TooLarge(Exception):
    """A file has more bytes than are taken."""


class Graph:
    """One account's way to Meta."""

    def __init__(self, token: Secret, api_url: str, place: str) -> None:
        self._calls = Calls("Meta", api_url, bearer=token, patience=PATIENCE)
        self._place = place

    def open(self) -> AbstractAsyncContextManager[None]:
        """Keep connections while this lasts."""
        return self._calls.open()

    async def call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Make one call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        answer = await self._calls.call(method, path, **more)
        if answer.ok:
            return answer.said
        fault = answer.said.get("error")
        told: Mapping[str, Any] = fault if isinstance(fault, dict) else {}
        raise failure(answer.status, told, answer.headers, self._place)

    async def download(self, url: str, most: int, *, with_token: bool) -> bytes:
        """The bytes behind an address that Meta gave.

        Raises `TooLarge`, `httpx.HTTPError`, or `TimeoutError`.
        """
        headers = self._calls.credentials if with_token else {}
        async with (
            asyncio.timeout(PATIENCE),
            self._calls.client() as client,
            client.stream("GET", url, headers=headers, follow_redirects=not with_token) as answer,
        ):
            answer.raise_for_status()
            data = bytearray()
            async for chunk in answer.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise TooLarge
            return bytes(data)
