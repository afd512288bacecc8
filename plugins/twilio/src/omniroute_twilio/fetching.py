"""Files that customers send: fetched from Twilio, and from nowhere else.

The addresses come in requests that Twilio has signed, and still only Twilio's own are gone to, each
step of a redirect included; elsewhere our credentials do not travel.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import httpx2 as httpx

from omniroute_twilio.api import Api
from omniroute_twilio.envelope import Fetched
from omniroute_twilio.settings import Account

log = logging.getLogger(__name__)

PATIENCE: Final = 12.0  # s for all files of one event: Twilio waits 15 for our yes
HOPS: Final = 4  # redirects that are followed
AT_ONCE: Final = 8  # files that are fetched at a time
_OURS: Final = re.compile(r"(?:[a-z0-9-]+\.)*(?:twilio\.com|twiliocdn\.com)")
_STORES: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")  # where Twilio's media lie
_NAME: Final = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)
_ENDINGS: Final = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp",
    "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/amr": "amr", "audio/mp4": "m4a",
    "video/mp4": "mp4", "video/3gpp": "3gp", "application/pdf": "pdf", "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}  # fmt: skip

Wanted = tuple[str, str, str]
"""Address, media type, and what it is called unless Twilio says."""


class Fetching:
    """Fetches for one account."""

    def __init__(self, config: Account, api: Api) -> None:
        self._config, self._api = config, api
        self._home = urlsplit(config.api_url)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def all(self, wanted: Iterable[Wanted]) -> tuple[Fetched, ...]:
        """Each of them, or why it is not here."""
        return tuple(await asyncio.gather(*(self._one(*one) for one in wanted)))

    async def _one(self, url: str, media_type: str, name: str) -> Fetched:
        called = f"{name}.{_ENDINGS[media_type]}" if media_type in _ENDINGS else name
        try:
            async with self._room, asyncio.timeout(PATIENCE):
                return await self._fetch(url, media_type, called)
        except _Refused as error:
            return Fetched(called, media_type, fault=str(error))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.warning("a customer's file did not come: %s", type(error).__name__)
            fault = "Twilio did not give it out in time; ask for it again"
            return Fetched(called, media_type, fault=fault)

    async def _fetch(self, url: str, media_type: str, name: str) -> Fetched:
        async with self._api.calls.client() as client:
            for _ in range(HOPS):
                headers = self._api.calls.credentials if self._check(url) else {}
                async with client.stream("GET", url, headers=headers) as answer:
                    if answer.is_redirect:
                        url = urljoin(url, answer.headers["location"])
                        continue
                    if answer.status_code != 200:
                        raise _Refused(f"Twilio does not give it out: {answer.status_code}")
                    data = await self._read(answer)
                    kind = answer.headers.get("content-type", "").partition(";")[0] or media_type
                    return Fetched(_named(answer) or name, kind, data)
        raise _Refused("Twilio sends us from one place to another")

    def _check(self, url: str) -> bool:
        """Whether our credentials may go there.  Raises for where nobody goes."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) == (self._home.scheme, self._home.netloc):
            return True
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.port not in (None, 443) or parts.username:
            raise _Refused("its address is none of Twilio's")
        if _OURS.fullmatch(host):
            return host.endswith("twilio.com")
        if _STORES.fullmatch(host):
            return False
        raise _Refused("its address is none of Twilio's")

    async def _read(self, answer: httpx.Response) -> bytes:
        data = bytearray()
        async for chunk in answer.aiter_bytes():
            data += chunk
            if len(data) > self._config.max_file:
                raise _Refused(f"it is larger than the {self._config.max_file} bytes that we take")
        return bytes(data)


class _Refused(Exception):
    """Why a file is not fetched."""


def _named(answer: httpx.Response) -> str:
    found = _NAME.search(answer.headers.get("content-disposition", ""))
    name = unquote(found.group(1)).replace("\\", "/").rpartition("/")[2] if found else ""
    return name.strip()[:200]


def media_of(params: dict[str, str]) -> Sequence[Wanted]:
    """The files of a message, as its webhook names them."""
    count = params.get("NumMedia", "0")
    found = []
    for number in range(min(int(count) if count.isdecimal() else 0, 10)):
        url = params.get(f"MediaUrl{number}", "")
        kind = params.get(f"MediaContentType{number}", "") or "application/octet-stream"
        if url:
            found.append((url, kind, f"file-{number + 1}"))
    return found
