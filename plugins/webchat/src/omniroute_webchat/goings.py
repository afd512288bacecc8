"""Who has gone: no window of theirs has been open for a while.

A browser that reloads, or changes its network, is back within a second or two; so nobody counts as
gone before the time that the settings give.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import Protocol

import msgspec

from omniroute import Busy, Intake
from omniroute_webchat.parse import Said, key
from omniroute_webchat.sessions import Session
from omniroute_webchat.streams import Streams

log = logging.getLogger(__name__)


class Ear(Protocol):
    """Where the intake is found while the channel listens."""

    intake: Intake | None


class Goings:
    """Waits, for each browser that no longer listens, whether it comes back."""

    def __init__(self, after: float, streams: Streams, ear: Ear) -> None:
        """*after* so many seconds; 0: nobody ever counts as gone."""
        self._after, self._streams, self._ear = after, streams, ear
        self._waiting: dict[str, asyncio.Task[None]] = {}  # by conversation

    def perhaps(self, session: Session) -> None:
        """A window of theirs was closed."""
        conversation = session.conversation
        if not self._after or self._ear.intake is None or self._streams.listening(conversation):
            return
        if (before := self._waiting.pop(conversation, None)) is not None:
            before.cancel()
        since = int(time.time() * 1000)
        self._waiting[conversation] = asyncio.create_task(self._wait(session, since))

    async def _wait(self, session: Session, since: int) -> None:
        await asyncio.sleep(self._after)
        self._waiting.pop(session.conversation, None)
        intake = self._ear.intake
        if intake is None or self._streams.listening(session.conversation):
            return
        said = Said(
            f"left-{uuid.uuid4()}", session.visitor, session.conversation, "", since,
            session.sub, session.email, session.name, session.joined, left=True,
        )  # fmt: skip
        try:
            await intake.accept(msgspec.json.encode(said), key=key(said))
        except Busy:
            log.warning("webchat: that somebody left is not noted, as the intake is full")
