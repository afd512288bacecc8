"""Twilio's API: every call goes through here, and its failures come out in our words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from omniroute import NotAuthorised, Rejected, Retry
from omniroute_twilio.failures import Cause, cause_of
from omniroute_twilio.settings import Account

# These write addresses into the log at lower levels, and ours name the account.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Pairs = Sequence[tuple[str, str]]
TOKEN_FIX: Final = (
    "copy account SID and primary auth token from the first page of Twilio's console into"  # noqa: S105
    " {place}.account_sid and {place}.auth_token"
)
WAIT: Final = 5.0  # s after a 429 that does not say how long


class Refusal(Rejected):
    """Twilio's no, with its *cause*."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.reason, by_content=cause.by_content)
        self.cause = cause


class Api:
    """One account's way to Twilio."""

    def __init__(self, config: Account, place: str) -> None:
        self._config, self._place = config, place
        self._client: httpx.AsyncClient | None = None
        self.home = f"{config.api_url.rstrip('/')}/2010-04-01/Accounts/{config.account_sid}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections while inside."""
        async with self._new() as self._client:
            try:
                yield
            finally:
                self._client = None

    def _new(self) -> httpx.AsyncClient:
        known = httpx.BasicAuth(self._config.account_sid, self._config.auth_token.reveal())
        # A server of one's own is reached without a proxy.
        outside = self._config.api_url.startswith("https://")
        patience = httpx.Timeout(20, pool=30)
        return httpx.AsyncClient(auth=known, timeout=patience, trust_env=outside, verify=outside)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """The one that is open, or one for a single call (a doctor's `check`)."""
        if self._client is not None:
            yield self._client
        else:
            async with self._new() as client:
                yield client

    async def send(self, fields: Pairs) -> str:
        """Send a message; its SID.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        sent = await self.call("POST", f"{self.home}/Messages.json", fields)
        return str(sent.get("sid", ""))

    async def get(self, url: str, **query: str) -> Mapping[str, Any]:
        """Ask for something.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        return await self.call("GET", url, query=query)

    async def call(
        self, method: str, url: str, fields: Pairs = (), query: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """One call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        sent: dict[str, Any] = {}
        for name, value in fields:
            sent.setdefault(name, []).append(value)
        try:
            async with self.client() as client:
                answer = await client.request(method, url, data=sent or None, params=query or None)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Retry(f"Twilio cannot be reached: {type(error).__name__}") from error
        except httpx.HTTPError as error:  # it may have heard us
            name = type(error).__name__
            raise Retry(f"Twilio did not answer: {name}", in_doubt=method == "POST") from error
        self._look(answer, method)
        return _json(answer)

    def _look(self, answer: httpx.Response, method: str) -> None:
        """Raise what an answer means that is no yes."""
        status, said = answer.status_code, _json(answer) if answer.status_code >= 400 else {}
        code = said.get("code")
        if status == 401 or code in (20003, 20005):
            raise NotAuthorised(TOKEN_FIX.format(place=self._place))
        if status == 429:
            after = answer.headers.get("retry-after", "")
            raise Retry("Twilio asks us to wait", float(after) if after.isdecimal() else WAIT)
        if status >= 500:
            raise Retry(f"Twilio has trouble: {status}", in_doubt=method == "POST")
        if status >= 400:
            number = code if isinstance(code, int) else 0
            raise Refusal(cause_of(number, str(said.get("message", ""))[:200] or f"{status}"))


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
