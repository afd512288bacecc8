"""A desk of fifty agents on a real store, and a stream of messages for it to decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from omniroute.bench import sample
from omniroute.core.inputs import RulesLoaded, StatusDeclared, TeamLoaded
from omniroute.core.model import Status
from omniroute.runtime.inbox import Inbox, Work
from omniroute.runtime.loading import load
from omniroute.runtime.writer import Answered
from omniroute.stores.api import Store
from omniroute.stores.sqlite import SqliteStore

AGENTS: Final = 50
ONLINE: Final = 30
KNOWN: Final = 500  # customers with an open thread from the start
PATIENCE: Final = 0.02  # seconds between two handfuls of the stream


class Desk:
    """An inbox on a store, with a team and rules, and customers to write to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rules = sample.rules()
        self.inbox = Inbox(store, load(store), sample.SteadyClock())
        self._numbers = iter(range(1_000_000_000))
        self._customers = KNOWN

    async def open(self) -> None:
        """Begin the day: rules, team, who is here, and customers who have written before."""
        rules, inbox = self._rules, self.inbox
        inbox.start()
        await inbox.adopt(rules, {}, lambda at: RulesLoaded("rules", at, rules.version))
        team = sample.team(AGENTS)
        await inbox.submit(lambda at: TeamLoaded("team", at, team))
        for member in team[:ONLINE]:
            await inbox.submit(partial(_online, member.id))
        await self.decide([self._work(customer) for customer in range(KNOWN)])

    async def decide(self, works: Sequence[Work]) -> None:
        """Have *works* decided and committed.  Raises what kept one of them from it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = len(works)

        def decided(answer: Answered | Exception) -> None:
            nonlocal left
            left -= 1
            if isinstance(answer, Exception) and not done.done():
                done.set_exception(answer)
            elif left == 0 and not done.done():
                done.set_result(None)

        for work in works:
            work.done = decided
            self.inbox.put(work)
        await done

    def works(self, count: int) -> list[Work]:
        """Messages: of ten, seven from new customers and three from known ones."""
        return [self._work(customer) for customer in self._writers(count)]

    @asynccontextmanager
    async def busy(self, rate: int) -> AsyncIterator[None]:
        """Inside the block, *rate* messages a second come and are decided."""
        stream = asyncio.create_task(self._stream(rate))
        try:
            yield
        finally:
            stream.cancel()
            with suppress(asyncio.CancelledError):
                await stream

    async def close(self) -> None:
        """End the day."""
        await self.inbox.stop()
        self.store.close()

    async def _stream(self, rate: int) -> None:
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while True:
            due = int((loop.time() - began) * rate) - sent
            # An inbox that cannot keep up has the stream wait for it: no more than it can take.
            if due > 0 and self.inbox.depth < due:
                for work in self.works(due):
                    self.inbox.put(work)
                sent += due
            await asyncio.sleep(PATIENCE)

    def _writers(self, count: int) -> Iterator[int]:
        for number in range(count):
            if number % 10 < 7:
                self._customers += 1
                yield self._customers
            else:
                yield number * 7 % KNOWN

    def _work(self, customer: int) -> Work:
        said = sample.said(next(self._numbers), customer)
        return Work(lambda at: sample.message(self._rules, said, at), sample.puts(said))


@asynccontextmanager
async def opened(
    folder: Path, around: Callable[[Store], Store] = lambda store: store
) -> AsyncIterator[Desk]:
    """A desk on a store in *folder*, its day begun; *around* may put something before the store."""
    async with opened_on(around(SqliteStore(folder / "desk.sqlite3"))) as desk:
        yield desk


@asynccontextmanager
async def opened_on(store: Store) -> AsyncIterator[Desk]:
    """The same on any store, which is closed in the end."""
    desk = Desk(store)
    await desk.open()
    try:
        yield desk
    finally:
        await desk.close()


def _online(agent: str, at: int) -> StatusDeclared:
    return StatusDeclared(f"status/{agent}", at, agent, Status.ONLINE)
