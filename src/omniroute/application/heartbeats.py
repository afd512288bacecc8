"""Desks that know whether anybody is there: the browser's live stream is its sign of life.

A page that is closed may be opened again at once, so a desk counts as left only after a while
without any stream.  Desks that cannot tell (a chat program, a mailbox) send nothing here; they
count as there until a card cannot be shown (routing.md 2.6).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from omniroute.application.ports import Inbox
from omniroute.core.inputs import DeskSignal
from omniroute.errors import StoreError
from omniroute.logged import concerning

log = logging.getLogger(__name__)


class Heartbeats:
    """Streams that are open, by agent; *patience* says how long (s) a desk may be without any."""

    def __init__(
        self,
        inbox: Inbox,
        desk: str,
        patience: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._inbox, self._desk, self._patience, self._sleep = inbox, desk, patience, sleep
        self._open: Counter[str] = Counter()
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._saying: set[asyncio.Task[None]] = set()

    @contextmanager
    def there(self, agent: str) -> Iterator[None]:
        """While a stream of theirs is open, the agent is at this desk."""
        self._open[agent] += 1
        if (leaving := self._leaving.pop(agent, None)) is not None:
            leaving.cancel()
        elif self._open[agent] == 1:
            self._start(self._say(agent, up=True))
        try:
            yield
        finally:
            self._open[agent] -= 1
            if not self._open[agent]:
                del self._open[agent]
                self._leaving[agent] = self._start(self._leave(agent))

    async def stop(self) -> None:
        """Say nothing more: the streams end because we do."""
        tasks = list(self._saying)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return task

    async def _leave(self, agent: str) -> None:
        await self._sleep(self._patience())
        self._leaving.pop(agent, None)
        await self._say(agent, up=False)

    async def _say(self, agent: str, *, up: bool) -> None:
        key = f"desk/{self._desk}/{secrets.token_hex(8)}"
        try:
            await self._inbox.submit(lambda at: DeskSignal(key, at, agent, self._desk, up))
        except StoreError as error:
            with concerning(agent=agent):
                log.warning("at the %s desk, or not: not recorded: %s", self._desk, error)
