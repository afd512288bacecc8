"""One node: everything between the raw bytes and the effects, started and stopped in order.

What is acknowledged survives any stop at any moment: `start` takes up what the last run left in
the spool and in the outbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from omniroute.channel import Channel
from omniroute.core.effects import Deliver, Present
from omniroute.core.inputs import AnyInput, Member, RulesLoaded, TeamLoaded
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.desk import Card, Desk, Door
from omniroute.errors import StoreError
from omniroute.hookspecs import Notice
from omniroute.plugins import Plugins
from omniroute.runtime.canned import canned
from omniroute.runtime.clock import Clock, SystemClock
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.loading import load
from omniroute.runtime.names import Names
from omniroute.runtime.outbox import Outbox
from omniroute.runtime.reading import ChannelIntake, Reading
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body
from omniroute.runtime.spool import DeadLetter, Spool
from omniroute.runtime.writer import Committed, Puts
from omniroute.stores.api import Store

log = logging.getLogger(__name__)

KEYS_KEPT: Final = 30 * 86_400_000  # ms for which a redelivery is known
UNTIL_READY: Final = 10.0  # seconds that the start waits for a channel to listen
BACKLOG: Final = 10_000  # notices kept for slow observers; older ones are dropped, and said so


@dataclass(slots=True)
class Parts:
    """What a node is made of; the composition root fills it in."""

    store: Store
    spool: Spool
    files: Files
    keyed: Keyed
    plugins: Plugins
    channels: Mapping[tuple[str, str], Channel]
    desks: Mapping[str, Desk]
    clock: Clock = field(default_factory=SystemClock)


class Node:
    """Spool, reading, inbox, outbox and the channels' listeners, as one."""

    def __init__(
        self,
        parts: Parts,
        *,
        card: Callable[[Present], Awaitable[Card]],
        names: Callable[[str], str],
        on_commit: Callable[[Committed], None] = lambda committed: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self.parts = parts
        self._on_commit = on_commit
        self.state: State = load(parts.store)
        self.inbox = Inbox(
            parts.store,
            self.state,
            parts.clock,
            deciders=parts.plugins.deciders,
            canned=self._canned,
            on_commit=self._committed,
            on_trouble=on_trouble,
        )
        self.reader = parts.store.reader()
        self.outbox = Outbox(
            self.reader,
            parts.spool,
            self.inbox,
            parts.channels,
            parts.desks,
            parts.files,
            parts.clock,
            card=card,
            names=names,
        )
        self.reading = Reading(
            parts.spool,
            self.inbox,
            parts.channels,
            parts.plugins,
            parts.keyed,
            Names(self.reader),
            parts.files,
            parts.clock,
        )
        self._notices: asyncio.Queue[Notice] = asyncio.Queue(BACKLOG)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, rules: RuleSet, sources: bytes, team: tuple[Member, ...]) -> None:
        """Take the rules and the team over, then what the last run left, then listen."""
        self.inbox.start()
        await self.adopt(rules, sources, team)
        self.outbox.start()
        self._run(self.reading.run(), "reading")
        self._run(self._observe(), "observers")
        self.parts.spool.sweep(self.parts.clock.now() - KEYS_KEPT)
        await asyncio.gather(*map(self._listen, self.parts.channels.values()))

    async def _listen(self, channel: Channel) -> None:
        """Have a channel listen; raises what it raises before it says that it is ready."""
        intake = ChannelIntake(self.parts.spool, channel, self.parts.clock)
        listening = asyncio.ensure_future(channel.listen(intake))
        ready = asyncio.ensure_future(intake.listening.wait())
        await asyncio.wait(
            {listening, ready}, timeout=UNTIL_READY, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        if listening.done():
            await listening
        self._run(listening, f"{channel.kind} “{channel.account}”")

    async def open_desks(self, door: Door) -> None:
        """Hand the desks the door."""
        for kind, desk in self.parts.desks.items():
            self._run(desk.start(door), f"desk {kind}")
        await asyncio.sleep(0)

    async def adopt(self, rules: RuleSet, sources: bytes, team: tuple[Member, ...]) -> None:
        """Decide by these rules and this team from now on."""
        at = self.parts.clock.now()
        puts: Puts = {f"r/{rules.version}": sources}
        await self.inbox.adopt(
            rules, puts, lambda now: RulesLoaded(f"rules/{rules.version}/{at}", now, rules.version)
        )
        await self.inbox.submit(lambda now: TeamLoaded(f"team/{rules.version}/{at}", now, team))

    async def retry(self, letter: int) -> None:
        """Read a dead letter again.  Raises `Refused` if there is none by that number."""
        self.reading.again(await self.parts.spool.revive(letter))

    async def dead_letters(self) -> list[DeadLetter]:
        """What could not be read or decided."""
        return await self.parts.spool.dead()

    async def stop_listening(self) -> None:
        """Take nothing more in: channels, desks, reading and observers end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def stop(self) -> None:
        """Stop listening and decide what was taken in; what is left waits on disk."""
        await self.stop_listening()
        await self.outbox.stop()
        await self.inbox.stop()

    async def close(self) -> None:
        """Close spool and store, when nobody reads them any more."""
        await self.parts.spool.close()
        self.reader.close()
        self.parts.store.close()

    def _run(self, work: Awaitable[None], name: str) -> None:
        async def watched() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("%s has stopped", name)

        self._tasks.append(asyncio.create_task(watched(), name=name))

    def _canned(self, effect: Deliver, input: AnyInput) -> Puts:
        """The text of an automatic reply, as a row; on the writer's thread."""
        facts = getattr(input, "facts", {})
        language = str(facts.get("message.language") or "")
        text = canned(self.state.rules, effect.reply, language, input.at)
        return {"b/" + effect.message: encode(Body(text=text, sent_at=input.at))}

    def _committed(self, committed: Committed) -> None:
        self.outbox.take(committed.effects)
        self._on_commit(committed)
        if self.parts.plugins.observed:
            for notice in notices(committed):
                if self._notices.full():
                    log.error("observers are too slow; a notice is dropped")
                    with contextlib.suppress(asyncio.QueueEmpty):
                        self._notices.get_nowait()
                self._notices.put_nowait(notice)

    async def _observe(self) -> None:
        while True:
            await self.parts.plugins.notify(await self._notices.get())


def notices(committed: Committed) -> list[Notice]:
    """What observers are told of a commit."""
    first = committed.head[0] - len(committed.entries) + 1
    return [
        Notice(
            first + number,
            entry.at,
            type(event).__name__,
            getattr(event, "thread", None),
            {name: getattr(event, name) for name in event.__struct_fields__},
        )
        for number, entry in enumerate(committed.entries)
        for event in entry.ev
    ]


def files_of(database: Path) -> dict[str, Path]:
    """Where a node on one database file keeps what."""
    return {
        "database": database,
        "spool": database.with_suffix(".spool"),
        "views": database.with_suffix(".views"),
        "accounts": database.with_suffix(".accounts"),
        "key": database.with_suffix(".key"),
        "socket": database.with_suffix(".sock"),
        "files": database.with_suffix(".files"),
        "channels": database.with_suffix(".channels"),
    }
