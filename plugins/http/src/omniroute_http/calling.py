"""Calling an integration's webhook: one request, and every way in which that can fail."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from omniroute import Answer, Calls, Rejected
from omniroute_http import wire
from omniroute_http.settings import Integration
from omniroute_http.signing import signed

LONGEST_ANSWER: Final = 65_536  # bytes that are read of an answer


class Webhook:
    """The way to one integration; *place* is where its settings stand."""

    def __init__(self, integration: Integration, place: str) -> None:
        self._integration, self._place = integration, place
        self._name = place.rpartition(".")[2]
        self._calls = Calls(self._name, integration.webhook, largest=LONGEST_ANSWER)

    def open(self) -> AbstractAsyncContextManager[None]:
        """Keep connections open meanwhile."""
        return self._calls.open()

    async def tell(self, id: str, item: wire.Item) -> None:
        """Tell *item*, under a name that is the same for each attempt at it.

        Raises `Retry`, `Rejected` or `NotAuthorised`.
        """
        body = msgspec.json.encode(item)
        headers = signed(self._integration.secrets, id, int(time.time()), body)
        headers["Content-Type"] = "application/json"
        answer = await self._calls.call("POST", "", content=body, headers=headers)
        if 300 <= answer.status < 400:
            raise Rejected(f"{self._name} sends us elsewhere; correct {self._place}.webhook")
        if not answer.ok:
            fix = (
                f"{self._name} does not know our signature; give it the secret that stands in"
                f" {self._place}.secret, or put its own there"
            )
            raise self._calls.failure(answer, fix, _reason(answer))


def _reason(answer: Answer) -> str:
    """The integration's own words, if it has any."""
    try:
        return msgspec.json.decode(answer.body, type=wire.Problem).text
    except msgspec.DecodeError:
        return ""
