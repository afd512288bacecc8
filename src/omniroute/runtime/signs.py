"""Signs that somebody is writing right now, both ways: shown at once, and never kept.

A sign that is late is worthless, so none waits for anything: where one came a moment ago, where
the platform is away or the thread is not at hand, it is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from omniroute.channel import Address, Cap, Channel, Types
from omniroute.core.state import State
from omniroute.core.states import OPEN
from omniroute.logged import concerning
from omniroute.runtime.clock import Clock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.patience import within
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

CALM: Final = 3000  # ms between two signs about one thread, in one direction
PATIENCE: Final = 3.0  # s that a platform may take
MOST: Final = 10_000  # threads whose last sign is remembered


class Signs:
    """Carries signs; *state* is looked at, never changed."""

    def __init__(
        self,
        reader: Reader,
        state: State,
        channels: Mapping[tuple[str, str], Channel],
        keyed: Keyed,
        clock: Clock,
    ) -> None:
        self._reader, self._state, self._channels = reader, state, channels
        self._keyed, self._clock = keyed, clock
        self._last: dict[tuple[str, int], int] = {}
        self.on_customer: Callable[[int], None] = lambda thread: None
        """Called when the customer of a thread is writing."""

    def customer(self, sender: Address) -> None:
        """A customer is writing: their open thread, if they have one, is told of."""
        handle = self._state.handles.get(self._keyed.handle(sender))
        known = self._state.customers.get(handle.customer) if handle is not None else None
        if known is not None and known.open is not None and self._may("in", known.open):
            self.on_customer(known.open)

    async def agent(self, thread: int) -> None:
        """An agent is writing: show that where the customer reads, if their platform can."""
        found = self._state.threads.get(thread)
        if found is None or found.phase not in OPEN:
            return
        rows = self._reader.get(["b/" + found.message, "p/" + found.handle])
        if len(rows) < 2:
            return
        body = msgspec.json.decode(rows["b/" + found.message], type=Body)
        to = msgspec.json.decode(rows["p/" + found.handle], type=Reached)
        channel = self._channels.get((body.channel, body.account))
        able: object = channel
        if channel is None or Cap.TYPING not in channel.caps or not isinstance(able, Types):
            return
        if not self._may("out", thread):
            return
        address = Address(to.kind, to.value, to.verified, to.display)
        try:
            await within(PATIENCE, able.show_typing(body.conversation, address))
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, it was a sign only
            with concerning(thread=thread, channel=channel.kind, account=channel.account):
                log.info("a sign of writing was not shown: %s", error)

    def _may(self, way: str, thread: int) -> bool:
        """Whether none has gone this way for a while; if so, one goes now."""
        now, last = self._clock.now(), self._last.get((way, thread), 0)
        if now - last < CALM:
            return False
        if len(self._last) >= MOST:
            self._last.clear()
        self._last[way, thread] = now
        return True
