"""Performs effects: sends to customers' channels, shows cards on agents' desks.

Every effect belongs to a lane (a customer's handle, or an agent) and lanes keep order: what waits
for a retry holds up its own lane and no other.  What is owed lies in the store until its outcome is
in the journal, so a stop at any moment loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from omniroute.channel import Channel
from omniroute.core.effects import AnyEffect, Change, Deliver, Present, Recall
from omniroute.desk import Card, Desk
from omniroute.errors import StoreError
from omniroute.logged import concerning, ids_of
from omniroute.runtime.changing import Changing
from omniroute.runtime.clock import Clock
from omniroute.runtime.delivery import Ask, Delivery, External, Halted
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.pauses import Pauses
from omniroute.runtime.presenting import Presenting
from omniroute.runtime.rows import Owed, owed
from omniroute.runtime.spool import Spool
from omniroute.runtime.whereabouts import Whereabouts
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 60.0  # seconds until an effect is tried again after the store failed
CALL: Final = 120.0  # seconds that a platform may take to answer
GRACE: Final = 4.0  # seconds that a stop waits for platforms that are being called


class Outbox:
    """Lanes of effects."""

    def __init__(
        self,
        reader: Reader,
        spool: Spool,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        desks: Mapping[str, Desk],
        files: Files,
        clock: Clock,
        *,
        card: Callable[[Present], Awaitable[Card]],
        names: Callable[[str], str],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        call: float = CALL,
        grace: float = GRACE,
        unanswered: Callable[[float], Awaitable[None]] = asyncio.sleep,
        external: External | None = None,
        ask: Ask | None = None,
    ) -> None:
        """*call* is how long a platform may take, *grace* how long a stop waits for one.

        Both in seconds.  *unanswered* waits before an offer is shown on a second desk.
        *external* names a message by the platform's id; *ask* asks other nodes about one.
        """
        self._reader, self._inbox = reader, inbox
        self._sleep, self._grace = sleep, grace
        self._delivery = Delivery(
            reader,
            spool,
            inbox,
            channels,
            files,
            clock,
            names=names,
            sleep=sleep,
            timeout=call,
            external=external,
            ask=ask,
        )
        self._changing = Changing(reader, inbox, channels, clock, sleep=sleep, timeout=call)
        self.whereabouts = Whereabouts()
        self._presenting = Presenting(
            inbox,
            desks,
            clock,
            card=card,
            sleep=sleep,
            timeout=call,
            whereabouts=self.whereabouts,
            wait=unanswered,
        )
        self._lanes: dict[str, deque[Deliver | Present | Change]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._started = False

    def recover(
        self,
        doubtful: Callable[[Owed], bool] = lambda owed: False,
        *,
        lost: bool = False,
        unsure: bool = False,
    ) -> None:
        """Take up what an earlier process left.  Call it before anything new can be committed.

        *doubtful* says what another node may have sent without our having a note of it; *lost*
        that what our notes are about may yet be decided again; *unsure* that others are to be
        asked about all.
        """
        after, found = "", list[Owed]()
        while rows := self._reader.scan("o/", after):
            found += [owed(row) for _, row in rows]
            after = rows[-1][0]
        found.sort(key=lambda one: (one.seq, one.place))
        self._delivery.recover({one.effect.id: doubtful(one) for one in found}, lost)
        if unsure:
            self._delivery.doubt(one.effect.id for one in found)
        effects = [one.effect for one in found]
        self.take(effect for effect in effects if not isinstance(effect, Recall))
        self.take(effect for effect in effects if isinstance(effect, Recall))

    def start(self) -> None:
        """Perform from now on."""
        self._started = True
        for lane in self._lanes:
            self._run(lane)

    def take(self, effects: Iterable[AnyEffect]) -> None:
        """Perform these, each in its lane; after a stop they wait in the store."""
        if self._delivery.halted:
            return
        for effect in effects:
            if isinstance(effect, Recall):
                self._recall(effect)
                continue
            lane = "@" + effect.agent if isinstance(effect, Present) else effect.handle
            self._lanes.setdefault(lane, deque()).append(effect)
            if self._started:
                self._run(lane)

    def doubt(self, effects: Iterable[str]) -> None:
        """Another node may have sent these, by id, in a journal that is lost: it is asked."""
        self._delivery.doubt(effects)

    @property
    def depth(self) -> int:
        """How many effects wait to be performed."""
        return sum(len(lane) for lane in self._lanes.values())

    def halt(self) -> None:
        """Begin nothing more: the store is in doubt, or somebody else performs the effects now."""
        self._delivery.halted = True

    async def stop(self) -> None:
        """Stop; whatever is not done is done after the next start.

        A platform that is being called is waited for, a while: to cut it off would leave in doubt
        whether the customer has the message.
        """
        self.halt()
        self._presenting.stop()
        calling = self._delivery.calling.intersection(self._tasks.values())
        tasks = list(self._tasks.values())
        for task in tasks:
            if task not in calling:
                task.cancel()
        if calling:
            await asyncio.wait(calling, timeout=self._grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def in_doubt(self) -> set[str]:
        """What of the effects that are owed may have reached a customer.  After `stop`."""
        return await self._delivery.in_doubt()

    def _recall(self, effect: Recall) -> None:
        """Stop what still waits to be sent; what has been settled meanwhile has left."""
        if any(one.id == effect.effect for lane in self._lanes.values() for one in lane):
            self._delivery.recall(effect)
        else:
            self._inbox.forget("o/" + effect.id)

    def _run(self, lane: str) -> None:
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.create_task(self._work_off(lane), name=f"lane {lane}")

    async def _work_off(self, lane: str) -> None:
        waiting, pauses = self._lanes[lane], Pauses(FIRST, LONGEST)
        try:
            while waiting and not self._delivery.halted:
                with concerning(ids_of(waiting[0])):
                    try:
                        await self._perform(waiting[0])
                    except StoreError as error:
                        log.error("effect %s waits: %s", waiting[0].id, error)
                        await self._sleep(pauses.next())
                        continue
                    except Halted:
                        return
                    except Exception:
                        log.exception("effect %s could not be performed", waiting[0].id)
                waiting.popleft()
                pauses = Pauses(FIRST, LONGEST)
        finally:
            del self._lanes[lane], self._tasks[lane]

    async def _perform(self, effect: Deliver | Present | Change) -> None:
        match effect:
            case Deliver():
                await self._delivery.deliver(effect)
            case Change():
                await self._changing.change(effect)
            case Present():
                await self._presenting.present(effect)
