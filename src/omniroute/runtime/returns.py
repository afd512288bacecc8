"""Messages of ours that came back after the platform had taken them.

A delivery leaves a row that says to which thread and message its effect belonged; a report that
names the effect turns into the same input as a delivery that failed at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from omniroute.channel import Channel, Undelivered
from omniroute.core.inputs import Delivered
from omniroute.errors import OmniRouteError
from omniroute.logged import concerning
from omniroute.runtime.equivalence import canonical
from omniroute.runtime.inbox import Work
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Failure, Reached, Sent
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

PAUSE: Final = 0.1  # seconds between looks at a delivery that has not been noted down yet
LOOKS: Final = 20
LONGEST_REASON: Final = 500


class UnknownReturn(OmniRouteError):
    """A report on a message that this server did not send, or no longer knows."""


class Returns:
    """Makes inputs of reports."""

    def __init__(
        self, reader: Reader, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._reader, self._sleep = reader, sleep

    async def works(self, channel: Channel, reports: Sequence[Undelivered]) -> list[Work]:
        """What to decide for *reports*.

        Raises `StoreError`, and `UnknownReturn` for one that belongs to nothing: people must see
        it, since a customer may be waiting for an answer that never came.
        """
        found = [await self._work(channel, report) for report in reports]
        return [work for work in found if work is not None]

    async def _work(self, channel: Channel, report: Undelivered) -> Work | None:
        effect = report.of.partition(".")[0]  # a long answer goes out in parts
        sent = await self._sent(effect) if effect else None
        if sent is None:
            raise UnknownReturn(f"a report on a message that is not known here: {report.reason}")
        if not report.permanent:
            # Somebody is still trying; the agent hears of it if that fails.
            with concerning(thread=sent.thread):
                log.info("%s “%s”: delivery of %s is late", channel.kind, channel.account, effect)
            return None
        outcome = "complained" if report.complaint else "bounced"
        thread, message = sent.thread, sent.message
        copy = self._copy(sent, report.to)
        handle = "" if copy else sent.handle

        def make(at: int) -> Delivered:
            # However many reports come of one recipient, in whatever words: it is told once.
            key = f"returned/{effect}/{outcome}/{copy}"
            return Delivered(key, at, effect, thread, outcome, message=message, handle=handle)

        return Work(make, {"x/" + effect: encode(Failure(report.reason[:LONGEST_REASON]))})

    def _copy(self, sent: Sent, to: str) -> str:
        """The handle of one in copy who was not reached; empty if it is whom the answer was for."""
        keys = {f"p/{handle}": handle for handle in sent.copies} if to else {}
        for key, row in (self._reader.get(list(keys)) if keys else {}).items():
            reached = msgspec.json.decode(row, type=Reached)
            if canonical(reached.kind, reached.value) == canonical(reached.kind, to):
                return keys[key]
        return ""

    async def _sent(self, effect: str) -> Sent | None:
        """What was sent; a report that overtakes our own note of it waits for that a little."""
        keys = ["s/" + effect, "o/" + effect]
        rows = self._reader.get(keys)
        for _ in range(LOOKS):
            if "o/" + effect not in rows:
                break
            await self._sleep(PAUSE)
            rows = self._reader.get(keys)
        row = rows.get("s/" + effect)
        return None if row is None else msgspec.json.decode(row, type=Sent)
