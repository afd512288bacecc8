"""Updates on their way to the bot: numbered, kept until confirmed, polled for or pushed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from omniroute_telegram.testing.world import ApiError, Json

BY_DEFAULT = frozenset(
    ("message", "edited_message", "callback_query", "my_chat_member", "channel_post")
)
"""What a bot gets that never said what it wants; reactions and members must be asked for."""


class Updates:
    """The queue of one bot."""

    def __init__(self) -> None:
        self.waiting: list[Json] = []
        self.allowed: frozenset[str] = BY_DEFAULT
        self.webhook: Json = {}  # url, secret_token, when one is set
        self.confirmed = 0  # the highest update id that will not come again
        self.news = asyncio.Event()
        self._last = 1000
        self._poll: asyncio.Event | None = None
        self._poller = 0

    def put(self, kind: str, content: Json) -> int:
        """Queue an update of a kind; 0 if the bot did not ask for those."""
        return self.tell_of(kind, content) if kind in self.allowed else 0

    def tell_of(self, kind: str, content: Json) -> int:
        """Queue an update whether or not the bot asked for its kind, as of one that is new."""
        self._last += 1
        self.waiting.append({"update_id": self._last, kind: content})
        self._ring()
        return self._last

    def again(self, update: Json) -> None:
        """Have an update delivered once more, as Telegram does when it did not hear our yes."""
        self.waiting.insert(0, update)
        self._ring()

    def swap(self) -> None:
        """Have the next two come in the wrong order."""
        self.waiting[:2] = self.waiting[:2][::-1]

    def _ring(self) -> None:
        self.news.set()
        if self._poll is not None:
            self._poll.set()

    async def get(self, offset: int, limit: int, wait: float) -> Sequence[Json]:
        """getUpdates: an offset confirms everything before it; a second poller ends the first."""
        if self.webhook:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poller += 1
        mine = self._poller
        if self._poll is not None:
            self._poll.set()
        if offset > 0:
            self.confirmed = max(self.confirmed, offset - 1)
            self.waiting = [u for u in self.waiting if u["update_id"] >= offset]
        elif offset < 0:
            self.waiting = self.waiting[offset:]
        try:
            async with asyncio.timeout(wait):
                while not self.waiting and mine == self._poller:
                    self._poll = asyncio.Event()
                    await self._poll.wait()
        except TimeoutError:
            pass
        if mine != self._poller:
            described = "terminated by other getUpdates request"
            raise ApiError(409, f"Conflict: {described}; make sure that only one bot is running")
        return self.waiting[: max(1, min(limit, 100))]

    def info(self) -> dict[str, Any]:
        """getWebhookInfo."""
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.waiting),
        }
