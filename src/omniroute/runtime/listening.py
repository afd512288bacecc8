"""The channels' listening: begun together, each ends alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from omniroute.channel import Address, Channel, StandsIn
from omniroute.errors import ConfigError, ConfigErrors, OmniRouteError, PluginError
from omniroute.logged import concerning
from omniroute.runtime.clock import Clock
from omniroute.runtime.patience import Unruly
from omniroute.runtime.reading import ChannelIntake, StandInIntake
from omniroute.runtime.spool import Spool

log = logging.getLogger(__name__)

READY: Final = 10.0  # seconds that a channel has to say that it listens
FIRST: Final = asyncio.FIRST_COMPLETED


class Listeners:
    """Has channels listen into a spool."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        writing: Callable[[Address], None] = lambda sender: None,
        *,
        until_ready: float = READY,
        follows: bool = False,
    ) -> None:
        """*writing* hears that a customer is writing; *until_ready* is in seconds.

        On a node that *follows* channels may stand in for the writer's.
        """
        self._follows = follows
        self._spool, self._clock, self._writing = spool, clock, writing
        self._until_ready = until_ready
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, channels: Iterable[Channel]) -> None:
        """Listen.  Raises what a channel raised in place of it; all that several did."""
        started = await asyncio.gather(*map(self._begin, channels), return_exceptions=True)
        _raise([error for error in started if isinstance(error, BaseException)])

    async def end(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _begin(self, channel: Channel) -> None:
        with concerning(channel=channel.kind, account=channel.account):
            await self._listen(channel)

    async def _listen(self, channel: Channel) -> None:
        """Have a channel listen; raises what it raises before it says that it is ready."""
        name = f"{channel.kind} “{channel.account}”"
        given = self._spool, channel, self._clock, self._writing
        if self._follows and isinstance(channel, StandsIn):
            intake: ChannelIntake = StandInIntake(*given)
            listens = channel.stand_in(intake)
        else:
            intake = ChannelIntake(*given)
            listens = channel.listen(intake)
        listening = asyncio.create_task(contained(listens), name=name)
        self._tasks.append(listening)
        ready = asyncio.create_task(intake.listening.wait())
        try:
            await asyncio.wait({listening, ready}, timeout=self._until_ready, return_when=FIRST)
        finally:
            ready.cancel()
        if not intake.listening.is_set():
            if listening.done():
                await _outcome(channel, listening)
            else:
                log.error("%s has not said that it listens; the others go on", name)
        listening.add_done_callback(_report_end)


async def contained(work: Awaitable[None]) -> None:
    """A plugin's `sys.exit` ends its own task, not the server."""
    try:
        await work
    except SystemExit as error:
        raise Unruly("called sys.exit") from error


async def _outcome(channel: Channel, listening: asyncio.Task[None]) -> None:
    """Raise what kept a channel from listening; what nobody foresaw is its plugin's fault."""
    try:
        await listening
    except OmniRouteError:
        raise
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        raise PluginError(channel.kind, "listen", fault) from error


def report(task: asyncio.Task[None]) -> None:
    """Say what has ended by itself; the others go on."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s has stopped", task.get_name(), exc_info=error)


def _report_end(task: asyncio.Task[None]) -> None:
    """Say that a channel takes nothing in any more, whatever the reason."""
    if not task.cancelled() and task.exception() is None:
        log.error("%s has stopped: its listen has returned", task.get_name())
    report(task)


def _raise(errors: list[BaseException]) -> None:
    """Raise what is not the admin's first, for they cannot mend it; of the rest, all at once."""
    faults = [error for error in errors if isinstance(error, ConfigError)]
    for error in errors:
        if error not in faults:
            raise error
    if faults:
        raise faults[0] if len(faults) == 1 else ConfigErrors(faults)
