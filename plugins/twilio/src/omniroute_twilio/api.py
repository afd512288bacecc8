"""Twilio's API: every call goes through here, and its failures come out in our words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from omniroute import Answer, Calls, NotAuthorised, Rejected
from omniroute_twilio.failures import Cause, cause_of
from omniroute_twilio.settings import Account

Pairs = Sequence[tuple[str, str]]
TOKEN_FIX: Final = (
    "copy account SID and primary auth token from the first page of Twilio's console into"  # noqa: S105
    " {place}.account_sid and {place}.auth_token"
)
UNKNOWN: Final = (20003, 20005)
"""Codes that say that it is the credentials."""


class Refusal(Rejected):
    """Twilio's no, with its *cause*."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.reason, by_content=cause.by_content)
        self.cause = cause


class Api:
    """One account's way to Twilio."""

    def __init__(self, config: Account, place: str) -> None:
        self._place = place
        self.home = f"{config.api_url.rstrip('/')}/2010-04-01/Accounts/{config.account_sid}"
        self.calls = Calls("Twilio", self.home, login=(config.account_sid, config.auth_token))

    def open(self) -> AbstractAsyncContextManager[None]:
        """Keep connections while inside."""
        return self.calls.open()

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
        answer = await self.calls.call(method, url, data=sent or None, params=query or None)
        if not answer.ok:
            raise self._failure(answer, method)
        return answer.said

    def _failure(self, answer: Answer, method: str) -> Exception:
        """What an answer means that is no yes."""
        status, said, fix = answer.status, answer.said, TOKEN_FIX.format(place=self._place)
        code = said.get("code")
        if code in UNKNOWN:
            return NotAuthorised(fix)
        if status in (401, 429) or status >= 500:
            return self.calls.failure(answer, fix, method=method)
        number = code if isinstance(code, int) else 0
        return Refusal(cause_of(number, str(said.get("message", ""))[:200] or f"{status}"))
