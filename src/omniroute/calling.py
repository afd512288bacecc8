"""Calling a platform over HTTP: one call, and every way in which that can fail, in our words.

Whether a call was heard decides what the engine does next: what never left us is simply tried
again, and what may have been done is marked as a possible repeat.  Of an error only the name of its
kind is told, since addresses and headers may hold what is secret.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from omniroute.errors import NotAuthorised, Rejected, Retry
from omniroute.settings import Secret

if TYPE_CHECKING:
    import httpx2 as httpx  # imported when it is needed, so that the command line stays quick

# These write whole addresses into the log at lower levels, with people's ids in them.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

DAY: Final = 86_400.0
QUIET: Final = ("GET", "HEAD", "OPTIONS")  # methods that change nothing (RFC 9110, 9.2.1)


def seconds_to_wait(said: str, now: float) -> float | None:
    """What ``Retry-After`` asks for: s, a day at most; None where it cannot be read.

    It may be a number or a date (RFC 9110, section 10.2.3); *now* is in s since the epoch.

    >>> seconds_to_wait("17", 0), seconds_to_wait("Thu, 01 Jan 1970 00:01:30 GMT", 60)
    (17.0, 30.0)
    >>> seconds_to_wait("soon", 0)
    """
    if said.isascii() and said.replace(".", "", 1).isdigit():  # some give parts of a second
        return min(float(said), DAY)
    try:
        then = parsedate_to_datetime(said)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)  # dates of HTTP are in GMT
        return min(max(then.timestamp() - now, 0.0), DAY)
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform said; *headers* by their names in small letters."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.status < 300

    @property
    def said(self) -> dict[str, Any]:
        """The JSON object in it; an empty one where there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Calls:
    """The way to a platform, which *name* calls as people do, at *base_url*.

    Each call carries *bearer*, or the *login* and its password.  *patience* (s) is how long the
    platform may be silent; a call is given up after twice that.  Of an answer at most *largest*
    bytes are read.  A server without TLS is one of one's own, and is reached without a proxy.
    """

    def __init__(
        self,
        name: str,
        base_url: str = "",
        *,
        bearer: Secret | None = None,
        login: tuple[str, Secret] | None = None,
        patience: float = 20.0,
        largest: int = 4 * 1024 * 1024,
    ) -> None:
        self._name, self._base = name, base_url.rstrip("/")
        self._bearer, self._login = bearer, login
        self._patience, self._largest = patience, largest
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections while inside."""
        async with self._new() as self._client:
            try:
                yield
            finally:
                self._client = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """For what `call` does not do: a client of httpx, which sends no credentials by itself.

        It is the one that is open, or one for this time (a doctor's `check`).
        """
        if self._client is not None:
            yield self._client
            return
        async with self._new() as client:
            yield client

    def _new(self) -> httpx.AsyncClient:
        import httpx2 as httpx

        outside = not self._base.startswith("http://")
        timeout = httpx.Timeout(self._patience, connect=self._patience / 2)
        return httpx.AsyncClient(timeout=timeout, trust_env=outside, verify=outside)

    @property
    def credentials(self) -> dict[str, str]:
        """The header that opens the platform, if one is needed."""
        if self._bearer is not None:
            return {"Authorization": f"Bearer {self._bearer.reveal()}"}
        if self._login is not None:
            known = f"{self._login[0]}:{self._login[1].reveal()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(known).decode()}"}
        return {}

    async def call(self, method: str, path: str, **more: Any) -> Answer:
        """Make one call to *path* below the base, or to a whole address; *more* as httpx takes it.

        Any answer is one, a no as well: see `failure`.  Redirects are not followed.  Raises
        `Retry` where none came.
        """
        import httpx2 as httpx

        url = path if "://" in path else f"{self._base}/{path.lstrip('/')}" if path else self._base
        headers = {**self.credentials, **more.pop("headers", {})}
        try:
            async with (
                asyncio.timeout(2 * self._patience),
                self.client() as client,
                client.stream(method, url, headers=headers, **more) as answer,
            ):
                known = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, known, await self._read(answer))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Retry(f"{self._name} cannot be reached: {type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise Rejected(f"{self._name} has no address that can be called") from error
        except (httpx.HTTPError, TimeoutError) as error:  # it may have heard us
            said = f"{self._name} did not answer: {type(error).__name__}"
            raise Retry(said, in_doubt=method not in QUIET) from error

    async def _read(self, answer: httpx.Response) -> bytes:
        """The answer to its end: one that breaks off was perhaps a yes."""
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > self._largest:
                break
        return bytes(body[: self._largest])

    def failure(
        self, answer: Answer, fix: str, why: str = "", *, method: str = "POST"
    ) -> Retry | Rejected | NotAuthorised:
        """The error to raise for an answer that is no yes.

        *fix* is what the admin does where credentials no longer serve; *why* the platform's own
        words.  Whoever knows more of a platform's errors looks at those first.
        """
        status = answer.status
        if status in (401, 403):
            return NotAuthorised(fix)
        if status == 429:
            wait = seconds_to_wait(answer.headers.get("retry-after", ""), time.time())
            return Retry(f"{self._name} asks us to wait", wait)
        if status >= 500:
            said = f"{self._name} has trouble: {status}"
            return Retry(said, in_doubt=method not in QUIET)
        return Rejected(f"{self._name} refused it: {why[:200] or f'status {status}'}")
