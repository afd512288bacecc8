"""The Graph API: every call goes through here, its failures in our words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from omniroute import Calls, Secret
from omniroute_meta.failures import failure

PATIENCE: Final = 20.0  # s that Meta may take for an answer
HOPS: Final = 4  # redirects that are followed
_METAS: Final = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:facebook|fbsbx|cdninstagram|instagram)\.com"
    r"|(?:[a-z0-9-]+\.)+(?:fbcdn|whatsapp)\.net"
)


class Elsewhere(Exception):
    """A file is said to lie where none of Meta's do."""


class TooLarge(Exception):
    """A file has more bytes than are taken."""


class Graph:
    """One account's way to Meta."""

    def __init__(self, token: Secret, api_url: str, place: str) -> None:
        self._calls = Calls("Meta", api_url, bearer=token, patience=PATIENCE)
        self._place, self._home = place, urlsplit(api_url)

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
        """The bytes behind an address that Meta gave, each step of a redirect being Meta's own.

        Raises `Elsewhere`, `TooLarge`, `httpx.HTTPError`, or `TimeoutError`.
        """
        headers = self._calls.credentials if with_token else {}
        async with asyncio.timeout(PATIENCE), self._calls.client() as client:
            for _ in range(HOPS):
                self._check(url)
                async with client.stream("GET", url, headers=headers) as answer:
                    if answer.is_redirect and not with_token:
                        url = urljoin(url, answer.headers["location"])
                        continue
                    answer.raise_for_status()
                    data = bytearray()
                    async for chunk in answer.aiter_bytes():
                        data += chunk
                        if len(data) > most:
                            raise TooLarge
                    return bytes(data)
        raise Elsewhere

    def _check(self, url: str) -> None:
        """Raise `Elsewhere` for what is no place of Meta's files."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) == (self._home.scheme, self._home.netloc):
            return
        if parts.scheme != "https" or not _METAS.fullmatch(parts.netloc):
            raise Elsewhere
