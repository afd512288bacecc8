"""Sends events to whoever subscribed, in the manner of Standard Webhooks.

Each subscription has a line of its own, so a receiver that hangs delays itself alone.  Events of
one thread (or customer, or agent) arrive in their order, one after the other; those of different
ones side by side.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec

from omniroute.application.authorize import Actor
from omniroute.application.feed import Happening
from omniroute.application.webhooks import NewWebhook, Waiting, Webhooks, WebhookView
from omniroute.errors import StoreError
from omniroute.runtime.rows import Body, Reached
from omniroute.server.outgoing import Answered, Unreachable
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

SIDE_BY_SIDE: Final = 8  # events on their way to one receiver
LONGEST_PAUSE: Final = 60.0  # seconds, whatever is due
TROUBLE: Final = 5.0  # seconds until the file is asked again that could not be

_body = msgspec.json.Decoder(Body)
_reached = msgspec.json.Decoder(Reached)


class Posts(Protocol):
    """What calls receivers: `Outgoing`."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send *body* to *url*.  Raises `Unreachable`."""


class Sender:
    """From `run` until it is cancelled."""

    def __init__(
        self, webhooks: Webhooks, outgoing: Posts, reader: Reader, clock: Callable[[], int]
    ) -> None:
        self._webhooks, self._outgoing, self._reader = webhooks, outgoing, reader
        self._clock = clock
        self._bell = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There may be something new; on the event loop."""
        self._bell.set()

    async def run(self) -> None:
        """Send what happens, as it happens."""
        try:
            while True:
                self._bell.clear()
                try:
                    pause = await self._round()
                except (StoreError, OSError) as error:
                    log.error("webhooks: cannot be looked at: %s", error)
                    pause = TROUBLE
                try:
                    await asyncio.wait_for(self._bell.wait(), pause)
                except TimeoutError:
                    pass
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _round(self) -> float:
        """Hand out what is new, have idle lines go on; how long (s) to wait for the next round."""
        await self._webhooks.hand_out()
        for hook in await self._webhooks.active():
            if hook.id not in self._busy:
                task = asyncio.create_task(self.drain(hook), name=f"webhook {hook.id}")
                self._busy[hook.id] = task
                task.add_done_callback(functools.partial(self._idle, hook.id))
        due = await self._webhooks.next_due()
        return min(LONGEST_PAUSE, max(0.05, (due - self._clock()) / 1000)) if due else LONGEST_PAUSE

    def _idle(self, hook: str, done: asyncio.Task[None]) -> None:
        self._busy.pop(hook, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("webhook %s: %s", hook, error, exc_info=error)

    async def drain(self, hook: WebhookView) -> None:
        """Send what is due to one subscription, until nothing is."""
        while due := await self._webhooks.due(hook.id, SIDE_BY_SIDE):
            await asyncio.gather(*(self._send(hook, item) for item in due))

    async def _send(self, hook: WebhookView, item: Waiting) -> None:
        try:
            said = await asyncio.to_thread(self._said, item.event) if hook.personal else None
            answer = await self.post(hook, item.event, said)
        except Unreachable as error:
            await self._failed(hook, item, str(error))
            return
        if 200 <= answer.status < 300:
            await self._webhooks.sent(item)
        else:
            fault, gone = f"it answered {answer.status}", answer.status == HTTPStatus.GONE
            await self._failed(hook, item, fault, answer.after, gone=gone)

    async def _failed(
        self, hook: WebhookView, item: Waiting, error: str, after: int = 0, *, gone: bool = False
    ) -> None:
        if why := await self._webhooks.failed(item, error, after, gone=gone):
            log.error("webhook %s to %s is switched off: %s", hook.id, hook.url, why)

    async def post(
        self, hook: WebhookView, event: Happening, said: dict[str, Any] | None = None
    ) -> Answered:
        """Send one event.  Raises `Unreachable`."""
        body = payload(event, said)
        headers = signed(self._webhooks.key(hook.id), event.id, self._clock() // 1000, body)
        return await self._outgoing.post(hook.url, headers, body)

    def _said(self, event: Happening) -> dict[str, Any]:
        """What was said, by whom: read now, so that what was erased meanwhile is not told."""
        handle = str(event.data.get("handle", ""))
        rows = self._reader.get([f"b/{event.message}", f"p/{handle}"])
        found: dict[str, Any] = {}
        if (row := rows.get(f"b/{event.message}")) is not None:
            body = _body.decode(row)
            found |= {"text": body.text, "subject": body.subject}
        if (row := rows.get(f"p/{handle}")) is not None:
            reached = _reached.decode(row)
            found |= {"address": reached.value, "kind": reached.kind, "name": reached.display}
        return found


class Hooks:
    """What admins and programs do with webhooks."""

    def __init__(self, webhooks: Webhooks, sender: Sender, clock: Callable[[], int]) -> None:
        self._webhooks, self._sender, self._clock = webhooks, sender, clock

    async def make(
        self, by: Actor, url: str, types: tuple[str, ...] = (), personal: bool = False
    ) -> NewWebhook:
        """As `Webhooks.make`."""
        return await self._webhooks.make(by, url, types, personal)

    async def list(self, by: Actor) -> list[WebhookView]:
        """As `Webhooks.list`."""
        return list(await self._webhooks.list(by))

    async def delete(self, by: Actor, id: str) -> None:
        """As `Webhooks.delete`."""
        await self._webhooks.delete(by, id)

    async def enable(self, by: Actor, id: str) -> WebhookView:
        """As `Webhooks.enable`."""
        return await self._webhooks.enable(by, id)

    async def test(self, by: Actor, id: str) -> str:
        """Send an event that says nothing; what became of it, empty if it was taken."""
        hook, now = await self._webhooks.get(by, id), self._clock()
        try:
            answer = await self._sender.post(hook, Happening(f"test.{now}", "webhook.test", now))
        except Unreachable as error:
            return str(error)
        return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"


def payload(event: Happening, said: dict[str, Any] | None = None) -> bytes:
    """The body of a webhook: type, time, and what is particular to it."""
    about = {"thread": event.thread, "customer": event.customer, "agent": event.agent}
    data = {name: value for name, value in about.items() if value}
    if event.message:
        data["message"] = event.message
    if said is not None:
        data["said"] = said
    at = datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds")
    told = {"id": event.id, "type": event.type, "timestamp": at, "data": {**event.data, **data}}
    return msgspec.json.encode(told)


def signed(key: bytes, id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers that say who sends *body*, and when (s since the epoch).

    Standard Webhooks 1.0: HMAC-SHA256 of id, time and body, in base64.
    """
    said = b".".join((id.encode(), str(at).encode(), body))
    signature = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "OmniRoute",
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }
