"""A store may forget its last commits: how a node notices, and hands in again what they decided.

A Redis whose primary dies may go on with a replica that lacks the last commits.  So nothing leaves
the spool when it is decided: it leaves when it is *stable*, which is when the archive has the
commit, or the store has still had it after its horizon.  How far the archive is, its writer says;
that counts while the journal has the very record that the archive was at, number and hash, for an
archive may have gone on in a journal that was lost.

Each node knows the latest head that it has seen.  Where the journal has no such record any more it
is another journal: whatever the spool has kept is new again.  An input is known by its key, so what
survived is answered as it was, and only the rest is decided.  Where the store has let go of its
first records, a node that was away for long asks the archive for the one that it knows.

Decisions may differ then.  What was sent in the journal that is gone has its notes in the spool of
the node that sent it, and is not sent again: who writes asks the others (`runtime.witnesses`), and
marks what one may have sent, or all, whenever it is handed in, where one cannot be asked.  What
agents did there is not in any spool: it is gone, and said to be.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import Final, TypeAlias

from omniroute.core.state import State
from omniroute.errors import StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.spool import Spool
from omniroute.runtime.spool_kept import Known
from omniroute.runtime.trouble import Trouble
from omniroute.runtime.witnesses import Witnesses
from omniroute.stores.api import GENESIS, Head, Moved
from omniroute.stores.exchange import ALIVE, Exchange, Heard

log = logging.getLogger(__name__)

PACE: Final = 2.0  # seconds between a writer's looks
TIDY: Final = 10_000  # ms between two looks for what has become stable
UNSURE: Final = 60_000  # ms after a loss in which what is sent may be a repeat
MET: Final = int(ALIVE * 1000) // 10  # ms after which it is noted again who was there
GAP: Final = 100  # threads' numbers that are left out where others may have been given


Stands: TypeAlias = Callable[[], tuple[Head, int]]
"""The last record of the journal that a writer stands on, and a time (ms) that is not after it."""


class Keeping:
    """One node's part in it; where the store forgets nothing, there is nothing to do."""

    def __init__(
        self,
        spool: Spool,
        exchange: Exchange,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*sleep* waits for other nodes to speak."""
        self.witnesses = Witnesses(spool, exchange, sleep)
        self._here = False  # whether the server was seen to be the one on which a writer began
        self._stands: Stands = lambda: (GENESIS, 0)
        self._spool, self._exchange, self._clock = spool, exchange, clock
        self.horizon = exchange.horizon
        self._tidied = clock.now()
        self.before_feeding: Callable[[], Awaitable[object]] = _nothing
        """Called before what is kept is handed in again; may raise `StoreError`: then it is not."""
        self.archived: Callable[[], Head] = _nowhere
        """What the archive has, where this node writes; `GENESIS` without one."""
        self.has_been: Callable[[Head], bool] = _unknown
        """Whether the archive has this record; asked of one that has left the store."""
        if self.horizon:
            spool.keep(clock.now)

    @property
    def lost(self) -> bool:
        """Whether something was lost that lately that all our notes of sends count again."""
        return bool(self._spool.losses)

    @property
    def unsure(self) -> bool:
        """Whether we began that lately after a loss that others may have sent what is owed."""
        known = self._spool.known
        return bool(known.unsure) and known.unsure + self.horizon > self._clock.now()

    async def begin(self, state: State, stands: Stands) -> int:
        """Before *state*'s node begins to write: the first number that a new thread may get.

        0 where that is simply the next.  *stands* tells where its journal is.  Raises `StoreError`.
        """
        if not self.horizon:
            return 0
        self._stands = stands
        await asyncio.to_thread(self._exchange.archived, self.archived())
        heard = await self.look()
        now = self._clock.now()
        # Who wrote before may have decided and sent more than this journal has, unless the server
        # is the same since then; then so may whoever wrote before them.
        await self._begin(now, anew=not heard.holds)
        known = self._spool.known
        if known.unsure != now or (heard.holds and state.tenure.node in ("", self._spool.name)):
            return 0
        return max(state.counters.next_thread, known.thread) + GAP

    async def _begin(self, now: int, *, anew: bool = False) -> None:
        """Be a writer on the server as it is; *anew*: after a loss of our own."""
        head, since = self._stands()
        began = await asyncio.to_thread(self._exchange.begin, now, head, since)
        if began is None:
            raise Moved(head, self._spool.known.head)
        await self.witnesses.testify(began)
        self.witnesses.asks(began)
        self._here = False
        # What was decided by others is answered as they did, and is done by then: it is in this.
        known = self._spool.known
        head = max(known.head, head, key=itemgetter(0))  # both are in the journal
        await self._spool.note_now(known._replace(head=head, unsure=now if anew else began.at))
        await self._spool.meet({self._spool.name}, now)

    def may_repeat(self, came: int | None = None) -> bool:
        """Whether what is decided now may have been sent before, in a journal that is lost.

        So it is for a while, and whenever it is about what *came* (ms) before that, by the clock of
        whichever node: one that was away hands in again what was decided then.
        """
        unsure = self._spool.known.unsure
        now = self._clock.now() if came is None else min(came, self._clock.now())
        return bool(unsure) and unsure + UNSURE > now

    def note(self, head: Head, thread: int = 0) -> None:
        """Know of *head*, before anything that is decided there is said to be done."""
        if self.horizon:
            known = self._spool.known
            self._spool.note(Known(head, max(thread, known.thread), known.unsure))

    async def look(self) -> Heard:
        """Hear what there is, and hand in again what is lost.  Raises `StoreError`."""
        name, known = self._spool.name, self._spool.known
        head = known.head if self.horizon else GENESIS
        heard = await asyncio.to_thread(self._exchange.hear, name, head)
        if not heard.holds and await self._was_away(head, heard):
            return heard._replace(holds=True)
        if not heard.holds:
            await self.before_feeding()
            await asyncio.to_thread(self._exchange.clear, name)  # it is handed over anew
            found = Known(heard.head, known.thread, known.unsure)
            loss = await self._spool.feed_again(self._clock.now(), found)
            log.critical(
                "the store has forgotten what it had taken: its journal, known up to record %d, is"
                " another, at %d; %d messages from this disk are handed in again, what agents did"
                " in between is gone",
                *loss[1:],
            )
        else:
            await self._tidy(heard.archived)
        await self._bear_in_mind(heard)
        return heard

    async def _bear_in_mind(self, heard: Heard) -> None:
        """What to say and whom to ask, when the store has forgotten something."""
        if not heard.began.at:
            return  # until a writer begins, we do not know what it may have forgotten
        self._here = True
        await self.witnesses.testify(heard.began)
        now, met = self._clock.now(), self._spool.met
        here = heard.nodes | {self._spool.name}
        if any(now - met.get(node, 0) >= MET for node in here):
            await self._spool.meet(here, now)

    async def _was_away(self, known: Head, heard: Heard) -> bool:
        """Whether what we know has left the store for the archive, in this very journal.

        What has left it had been compared: before the store's first record both are the same.
        """
        if known[0] >= heard.first or not await asyncio.to_thread(self.has_been, known):
            return False
        log.info(
            "this node was away from record %d on, which only the archive has by now; the journal"
            " is the same and at %d: nothing is lost",
            known[0],
            heard.head[0],
        )
        self.note(heard.head)
        return True

    async def _tidy(self, archived: int) -> None:
        """Let go of what has become stable, now and then."""
        if self.horizon and self._clock.now() - self._tidied >= TIDY:
            self._tidied = self._clock.now()
            await self._spool.forget(self._tidied - self.horizon, archived)

    async def watch(
        self,
        lost: Callable[[StoreError], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Call *lost* if the journal is not the one that we write; for a writer, until cancelled.

        Only `look` hands in again, when the writer starts anew on what the store has.
        """
        trouble = Trouble(log, "nobody can say whether the store has forgotten something")
        said = GENESIS
        while self.horizon:
            await sleep(PACE)
            known = self._spool.known.head
            try:
                if (at := self.archived()) != said:
                    await asyncio.to_thread(self._exchange.archived, at)
                    said = at
                heard = await asyncio.to_thread(self._exchange.hear, self._spool.name, known)
                if not heard.holds:
                    return lost(Moved(known, heard.head))
                if self._here and not heard.began.at:
                    await self._begin(self._clock.now())  # it has forgotten nothing of ours
                await self._bear_in_mind(heard)
                await self._tidy(heard.archived)
                trouble.over()
            except StoreError as error:
                trouble.met(error)
        return None


async def _nothing() -> None:
    """Nobody has anything to do."""


def _nowhere() -> Head:
    """There is no archive."""
    return GENESIS


def _unknown(at: Head) -> bool:
    """There is nobody to ask."""
    return False
