"""From raw bytes in the spool to inputs for the writer, in the order they came.

What a channel's `parse` cannot read becomes a dead letter with its reason.  An entry leaves the
spool only when everything read from it is committed.  While the store fails, what it would not take
is handed in again and nothing new overtakes it; where nobody knows what the store has taken, or
another has taken over, reading ends and the entries stay where they are.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, Protocol

from omniroute.channel import Address, Channel, Inbound, StandsIn, Undelivered
from omniroute.desk import Workplace
from omniroute.errors import Busy, OmniRouteError, Refused, Rejected, StoreError
from omniroute.logged import concerning
from omniroute.runtime.backlog import Announces, Backlog
from omniroute.runtime.clock import Clock
from omniroute.runtime.inbounds import checked
from omniroute.runtime.inbox import Inbox, Work
from omniroute.runtime.isolation import Parser
from omniroute.runtime.messages import Messages
from omniroute.runtime.precedence import HANDFUL
from omniroute.runtime.returns import Returns
from omniroute.runtime.spool import Entry, Spool
from omniroute.runtime.suspects import DEATHS
from omniroute.runtime.writer import Answered
from omniroute.stores.api import InDoubt, Moved

log = logging.getLogger(__name__)

OUTSTANDING: Final = 1000  # messages handed in and not yet committed
SMALL: Final = 256 * 1024  # bytes that are parsed on the loop; larger ones in a thread
ATTENDED: Final = 64  # doings of agents that are under way at a time
AGAIN: Final = 2.0  # seconds until something is tried again after the store failed
LONGEST_REASON: Final = 2000  # characters


LATER: Final = "\x01later/"  # before the key of what the writer's channel is to take in itself


class ChannelIntake:
    """The engine's ear for one channel account."""

    def __init__(
        self,
        spool: Spool,
        channel: Channel,
        clock: Clock,
        writing: Callable[[Address], None] = lambda sender: None,
    ) -> None:
        self._spool, self._channel, self._clock = spool, channel, clock
        self._writing = writing
        self.listening = asyncio.Event()

    def ready(self) -> None:
        """Listening has begun."""
        self.listening.set()

    def writing(self, sender: Address) -> None:
        """See `omniroute.Intake`."""
        self._writing(sender)

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Keep *raw*; see `omniroute.Intake`."""
        channel = self._channel
        try:
            await self._spool.append(
                channel.kind, channel.account, raw, at=self._clock.now(), key=key
            )
        except StoreError as error:
            log.error("%s “%s” cannot take mail in: %s", channel.kind, channel.account, error)
            raise Busy("the disk cannot keep it now") from None


class StandInIntake(ChannelIntake):
    """That of a node which follows, for a channel that leaves what comes to the writer's."""

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Keep *raw* for `StandsIn.take_up`."""
        await super().accept(raw, key=f"{LATER}{key or secrets.token_hex(8)}")


class Watch(Protocol):
    """See `Suspects`."""

    def deadly(self, entry: int) -> bool:
        """Whether the process has died under *entry* as often as may be."""

    def begin(self, entry: int) -> None:
        """*entry* is being read."""

    def end(self, entry: int) -> None:
        """It has been read."""


class Source(Announces, Protocol):
    """What is read: a spool, or what other nodes took in."""

    @property
    def suspects(self) -> Watch:
        """Which entry was being read when the process died."""

    def done(self, ids: Iterable[int]) -> None:
        """See `Spool.done`."""

    async def bury(self, id: int, why: str) -> None:
        """See `Spool.bury`."""


async def _at_once(took: float) -> None:
    """For where nobody is to be given way to."""


class Reading:
    """Works off the spool, or what is like one."""

    def __init__(
        self,
        spool: Source,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        messages: Messages,
        returns: Returns,
        *,
        workplaces: Mapping[tuple[str, str], Workplace] | None = None,
        parsers: Mapping[tuple[str, str], Parser] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        give_way: Callable[[float], Awaitable[None]] = _at_once,
    ) -> None:
        """*give_way* is awaited between two handfuls of entries; see `Precedence`."""
        self._spool, self._channels = spool, channels
        self._messages, self._returns = messages, returns
        self._sleep, self._give_way = sleep, give_way
        self._backlog = Backlog(spool)
        self._workplaces = dict(workplaces or {})
        self._parsers = {} if parsers is None else parsers
        self._room = asyncio.Semaphore(ATTENDED)
        self._hand = _Hand(inbox, self._start, sleep)
        self._read_so_far: list[tuple[Work, Settled]] = []  # of this handful
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            while True:
                try:
                    await self._backlog.first()
                    began = asyncio.get_running_loop().time()
                    await self._read_some()
                    await self._give_way(asyncio.get_running_loop().time() - began)
                except StoreError as error:
                    log.error("reading waits: %s", error)
                    await self._sleep(AGAIN)
        finally:
            self._ended = True
            for task in self._tasks:
                task.cancel()

    async def _read_some(self) -> None:
        """Read a handful, or what there is, with a turn of the loop after each, and hand it in."""
        try:
            for _ in range(HANDFUL):
                entry = await self._backlog.first()
                with concerning(channel=entry.channel, account=entry.account):
                    await self._read(entry)
                self._backlog.pop()
                await asyncio.sleep(0)
                if not self._backlog.ready:
                    break
        except asyncio.CancelledError:
            self._read_so_far.clear()  # it lies in the spool, and perhaps nobody takes it any more
            raise
        finally:
            read, self._read_so_far = self._read_so_far, []
            for work, settled in read:
                await self._hand.put(work, settled)

    async def _read(self, entry: Entry) -> None:
        channel = self._channels.get((entry.channel, entry.account))
        if channel is None:
            why = f"there is no {entry.channel} channel “{entry.account}” any more"
            return await self._bury(entry.id, why)
        if entry.key.startswith(LATER):
            await self._room.acquire()
            return self._start(self._taken_up(channel, entry))
        suspects = self._spool.suspects
        if suspects.deadly(entry.id):
            log.error("%s “%s”: entry %d kills whoever reads it", *entry[1:3], entry.id)
            await self._bury(entry.id, f"the process died while reading it, {DEATHS} times")
            return suspects.end(entry.id)
        suspects.begin(entry.id)
        try:
            said = checked(channel, await self._parsed(channel, entry.raw))
            inbounds = [one for one in said if isinstance(one, Inbound)]
            reports = [one for one in said if isinstance(one, Undelivered)]
            works = await self._messages.works(channel, entry, inbounds)
            works += await self._returns.works(channel, reports)
        except StoreError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            # Its text may hold what somebody wrote: that belongs beside the letter, not in a log.
            kind = type(error).__name__
            log.warning("%s “%s”: entry %d is a dead letter: %s", *entry[1:3], entry.id, kind)
            return await self._bury(entry.id, _reason(error))
        finally:
            suspects.end(entry.id)
        if not works and said:
            return self._spool.done([entry.id])
        if not works:
            return await self._not_for_customers(entry)
        outcome = _Outcome(entry.id, len(works))
        for work in works:
            work.came = entry.at
        self._read_so_far += [(work, lambda error: self._settled(outcome, error)) for work in works]
        return None

    async def _parsed(self, channel: Channel, raw: bytes) -> object:
        elsewhere = self._parsers.get((channel.kind, channel.account))
        if elsewhere is not None:
            return await elsewhere.parse(raw)
        if len(raw) < SMALL:
            return channel.parse(raw)
        return await asyncio.to_thread(channel.parse, raw)

    async def _not_for_customers(self, entry: Entry) -> None:
        """What no customer said may be an agent's doing; they wait for nobody but themselves."""
        workplace = self._workplaces.get((entry.channel, entry.account))
        if workplace is None:
            return self._spool.done([entry.id])
        await self._room.acquire()
        return self._start(self._attended(workplace, entry))

    async def _attended(self, workplace: Workplace, entry: Entry) -> None:
        try:
            await workplace.attend(entry.raw)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            kind = type(error).__name__
            log.warning("desk %s: entry %d is a dead letter: %s", workplace.kind, entry.id, kind)
            await self._bury_in_time(entry.id, _reason(error))
        else:
            self._spool.done([entry.id])
        finally:
            self._room.release()

    async def _taken_up(self, channel: Channel, entry: Entry) -> None:
        """What a node that followed left to the writer's channel; it comes back as one's own."""
        try:
            if not isinstance(channel, StandsIn):
                raise Rejected(f"the {channel.kind} channel does not take up what others kept")
            while True:
                try:
                    await channel.take_up(entry.raw)
                    break
                except (Busy, StoreError) as error:
                    log.warning("%s “%s”: taken up later: %s", *entry[1:3], error)
                    await self._sleep(AGAIN)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            kind = type(error).__name__
            log.warning("%s “%s”: entry %d is a dead letter: %s", *entry[1:3], entry.id, kind)
            await self._bury_in_time(entry.id, _reason(error))
        else:
            self._spool.done([entry.id])
        finally:
            self._room.release()

    def _settled(self, outcome: _Outcome, error: Exception | None) -> None:
        """One message of an entry is committed, or will never be."""
        if error is not None and not outcome.failed:
            outcome.failed = True
            why = f"could not be decided: {_reason(error)}"
            self._start(self._bury_in_time(outcome.entry, why))
        outcome.remaining -= 1
        if not outcome.remaining and not outcome.failed:
            self._spool.done([outcome.entry])

    async def _bury_in_time(self, entry: int, why: str) -> None:
        while True:
            try:
                return await self._bury(entry, why)
            except StoreError as error:
                log.error("entry %d cannot be set aside yet: %s", entry, error)
                await self._sleep(AGAIN)

    async def _bury(self, entry: int, why: str) -> None:
        try:
            await self._spool.bury(entry, why)
        except Refused:
            pass  # it was read twice and is settled already

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._ended:
            return work.close()  # the entry lies in the spool; the next start finds it
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None


def _reason(error: BaseException) -> str:
    said = str(error) if isinstance(error, OmniRouteError) else f"{type(error).__name__}: {error}"
    return said[:LONGEST_REASON]


class _Outcome:
    """How an entry fares: how many of its messages are not yet decided, and whether one failed."""

    __slots__ = ("entry", "failed", "remaining")

    def __init__(self, entry: int, remaining: int) -> None:
        self.entry, self.remaining, self.failed = entry, remaining, False


Settled = Callable[[Exception | None], None]
Start = Callable[[Coroutine[Any, Any, None]], None]


class _Hand:
    """Hands works in, in order, whatever the store does.

    They stand in one line: if the store fails, whoever stands behind is sent back, too.  When the
    last of them is back they are handed in again, all in their order, and until they are through
    nothing new goes in.
    """

    def __init__(
        self, inbox: Inbox, start: Start, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._inbox, self._start, self._sleep = inbox, start, sleep
        self._room = asyncio.Semaphore(OUTSTANDING)
        self._open = asyncio.Event()
        self._open.set()
        self._ended = False  # for good
        self._numbers = itertools.count()
        self._line = inbox.failures
        self._outstanding: dict[int, Work] = {}
        self._back: dict[int, Work] = {}

    async def put(self, work: Work, settled: Settled) -> None:
        """Hand *work* in as soon as there is room; *settled* is called when it is over."""
        await self._room.acquire()
        await self._open.wait()
        number = next(self._numbers)

        def done(answer: Answered | Exception) -> None:
            del self._outstanding[number]
            if isinstance(answer, StoreError):
                self._sent_back(number, work, answer)
            else:
                self._room.release()
                settled(answer if isinstance(answer, Exception) else None)
            if not self._outstanding and not self._ended:
                self._all_answered()

        work.done = done
        self._hand_in(number, work)

    def _hand_in(self, number: int, work: Work) -> None:
        self._outstanding[number] = work
        work.line = self._line
        self._inbox.put(work)

    def _sent_back(self, number: int, work: Work, error: StoreError) -> None:
        self._open.clear()
        self._back[number] = work
        if isinstance(error, Moved | InDoubt):
            self._ended = True  # what has become of it is found out after a restart, by the spool

    def _all_answered(self) -> None:
        if self._back:
            self._start(self._again())
        else:
            self._open.set()

    async def _again(self) -> None:
        await self._sleep(AGAIN)
        self._line = self._inbox.failures
        back, self._back = sorted(self._back.items()), {}
        for number, work in back:
            self._hand_in(number, work)
