"""Shows agents their cards, each on the first of their desks that takes it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from omniroute.core.effects import Present
from omniroute.core.inputs import Delivered
from omniroute.desk import Card, CardKind, Desk
from omniroute.errors import NotAuthorised, Rejected, RemoteError, Retry, StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.patience import Overdue, within
from omniroute.runtime.pauses import Pauses

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 30.0  # seconds between tries; no desk may take longer to answer, either
GIVE_UP: Final = 600.0  # seconds of trying; an offer is tried as long as it stands


class Presenting:
    """The way to agents."""

    def __init__(
        self,
        inbox: Inbox,
        desks: Mapping[str, Desk],
        clock: Clock,
        *,
        card: Callable[[Present], Awaitable[Card]],
        sleep: Callable[[float], Awaitable[None]],
        timeout: float,
    ) -> None:
        self._inbox, self._desks, self._clock = inbox, desks, clock
        self._card, self._sleep = card, sleep
        self._timeout = min(timeout, LONGEST)

    async def present(self, effect: Present) -> None:
        """Show a card; an offer that no desk takes ends.

        Raises `StoreError`, after which it is to be called again.
        """
        until, pauses = self._until(effect), Pauses(FIRST, LONGEST)
        while True:
            if effect.until and effect.kind == CardKind.OFFER and effect.until <= self._clock.now():
                return self._inbox.forget("o/" + effect.id)  # it has ended by itself
            failure = await self._tried(effect)
            if failure is None:
                return self._inbox.forget("o/" + effect.id)
            if not isinstance(failure, Retry) or self._clock.now() >= until:
                return await self._failed(effect, str(failure))
            await self._sleep(pauses.next(failure.after))

    def _until(self, effect: Present) -> int:
        return effect.until or self._clock.now() + int(GIVE_UP * 1000)

    async def _tried(self, effect: Present) -> Exception | None:
        """Why no desk took it; if any may take it later, what that one said."""
        agent = self._inbox.state.agents.get(effect.agent)
        failure: Exception = Rejected("has no desk")
        for kind in agent.desks if agent is not None else ():
            desk = self._desks.get(kind)
            if desk is None:
                continue
            try:
                await within(self._timeout, desk.present(await self._card(effect)))
                return None
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the next desk may do what this one cannot
                self._complain(kind, error)
                if not isinstance(failure, Retry):
                    failure = error
        return failure

    def _complain(self, kind: str, error: Exception) -> None:
        if isinstance(error, NotAuthorised):
            log.error("desk %s: not authorised: %s", kind, error.fix)
        elif not isinstance(error, RemoteError | Overdue):
            log.error("desk %s: a card could not be shown", kind, exc_info=error)

    async def _failed(self, effect: Present, why: str) -> None:
        log.warning("agent %s could not be shown thread %d: %s", effect.agent, effect.thread, why)
        if effect.offer and effect.kind == CardKind.OFFER:
            await self._inbox.submit(
                lambda at: Delivered(
                    f"outcome/{effect.id}",
                    at,
                    effect.id,
                    effect.thread,
                    "rejected",
                    offer=effect.offer,
                ),
                {"o/" + effect.id: None},
            )
        self._inbox.forget("o/" + effect.id)  # also where the offer had ended meanwhile
