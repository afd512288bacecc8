"""The app's Home of each agent: what is theirs, kept in step while somebody may be looking.

Slack does not say who looks.  Whoever opened their Home within the hour is taken to, and gets a
new one when something has changed, not oftener than every few seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from omniroute import Door, NotAuthorised, Refused, Rejected, Retry
from omniroute_slack import forms
from omniroute_slack.connection import Connection

log = logging.getLogger(__name__)

LOOKS: Final = 3_600_000  # ms for which an opened Home is kept in step
CALM: Final = 5.0  # s between two looks at what has changed


class Homes:
    """Homes that were opened lately."""

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connection, self._clock, self._sleep = connection, clock, sleep
        self._open: dict[str, tuple[str, str, int]] = {}  # by account: agent, name, when
        self._shown: dict[str, str] = {}
        self._news = asyncio.Event()

    async def opened(self, door: Door, user: str, agent: str, name: str) -> None:
        """Somebody opened their Home.  Raises as calls do."""
        self._shown.pop(user, None)
        self._open[user] = agent, name, self._clock()
        await self._publish(door, user)

    async def follow(self, door: Door) -> None:
        """Keep them in step until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(door))
            group.create_task(self._refresh(door))

    async def _listen(self, door: Door) -> None:
        async for _ in door.changes():
            self._news.set()

    async def _refresh(self, door: Door) -> None:
        while True:
            await self._news.wait()
            await self._sleep(CALM)
            self._news.clear()
            for user, (_, _, at) in list(self._open.items()):
                if self._clock() - at > LOOKS:
                    del self._open[user]
                    self._shown.pop(user, None)
                    continue
                try:
                    await self._publish(door, user)
                except (Refused, Rejected, Retry, NotAuthorised) as error:
                    log.info("a Home is behind: %s", error)

    async def _publish(self, door: Door, user: str) -> None:
        agent, name, _ = self._open[user]
        view = forms.home(name, await door.mine(agent)) if agent else forms.stranger()
        looks = json.dumps(view, sort_keys=True)
        if self._shown.get(user) != looks:
            await self._connection.call("views.publish", user_id=user, view=view)
            self._shown[user] = looks
