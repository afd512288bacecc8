"""What Meta gives out for a while only: the bytes of files, and what people call themselves.

It is fetched before an event is kept, side by side for all that came in one post, and never for
long: Meta waits for our yes, and comes again for want of one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx2 as httpx

from omniroute import NotAuthorised, Rejected, Retry
from omniroute_meta.envelope import Fetched
from omniroute_meta.graph import Elsewhere, Graph, TooLarge
from omniroute_meta.memory import Latest

log = logging.getLogger(__name__)

FETCH: Final = 12.0  # s for a file
ASK: Final = 3.0  # s for a name
AT_ONCE: Final = 4  # files of one account: each lies in memory
KNOWN: Final = 10_000  # names that are remembered
SUFFIXES: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4",
    "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "application/pdf": ".pdf",
}  # fmt: skip
TYPES: Final = {
    "image": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4",
    "file": "application/octet-stream",
}  # fmt: skip
LATE: Final = "Meta did not give it out in time; ask for it again"


class Fetching:
    """One account's."""

    def __init__(self, graph: Graph, most: int) -> None:
        self._graph, self._most = graph, most
        self._room = asyncio.Semaphore(AT_ONCE)
        self._names: Latest[str, str] = Latest(KNOWN)

    async def media(self, files: Sequence[Mapping[str, Any]]) -> tuple[Fetched, ...]:
        """Files of WhatsApp's, which are asked for by their ids."""
        return tuple(await asyncio.gather(*map(self._medium, files)))

    async def links(self, files: Sequence[Mapping[str, Any]]) -> tuple[Fetched, ...]:
        """Files of Messenger's and Instagram's, which have an address."""
        return tuple(await asyncio.gather(*map(self._link, files)))

    async def _medium(self, file: Mapping[str, Any]) -> Fetched:
        kind = str(file.get("mime_type", "")).partition(";")[0] or "application/octet-stream"
        name = str(file.get("filename") or f"file{SUFFIXES.get(kind, '')}")
        try:
            async with asyncio.timeout(FETCH):
                found = await self._graph.call("GET", str(file["id"]))
        except (Rejected, NotAuthorised, Retry) as error:
            return Fetched(name, kind, fault=f"Meta does not give it out: {error}")
        except TimeoutError:
            return Fetched(name, kind, fault=LATE)
        if int(found.get("file_size", 0)) > self._most:
            return Fetched(name, kind, fault=self._too_large())
        return await self._download(str(found.get("url", "")), name, kind, with_token=True)

    async def _link(self, file: Mapping[str, Any]) -> Fetched:
        url = str(file["payload"]["url"])
        kind = TYPES[str(file["type"])]
        name = unquote(PurePosixPath(urlsplit(url).path).name) or f"file{SUFFIXES.get(kind, '')}"
        return await self._download(url, name, kind, with_token=False)

    async def _download(self, url: str, name: str, kind: str, *, with_token: bool) -> Fetched:
        try:
            async with self._room, asyncio.timeout(FETCH):
                data = await self._graph.download(url, self._most, with_token=with_token)
        except TooLarge:
            return Fetched(name, kind, fault=self._too_large())
        except Elsewhere:
            return Fetched(name, kind, fault="its address is none of Meta's")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as error:
            log.warning("a customer's file did not come: %s", type(error).__name__)
            return Fetched(name, kind, fault=LATE)
        return Fetched(name, kind, data)

    def _too_large(self) -> str:
        return f"it is larger than the {self._most} bytes that are taken"

    def forget(self, who: str) -> None:
        """Somebody's name is to be forgotten."""
        self._names.pop(who, None)

    async def name(self, who: str, fields: str) -> str:
        """What somebody calls themselves; empty where Meta does not say."""
        if who not in self._names:
            try:
                async with asyncio.timeout(ASK):
                    said = await self._graph.call("GET", who, params={"fields": fields})
            except (Rejected, NotAuthorised, Retry, TimeoutError):
                said = {}
            self._names.put(who, str(said.get("name") or said.get("username") or ""))
        return self._names[who]
