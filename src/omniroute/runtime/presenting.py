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
            failure, lost = await self._tried(effect)
            if failure is None:
                return await self._shown(effect, lost)
            if not isinstance(failure, Retry) or self._clock.now() >= until:
                return await self._failed(effect, str(failure))
            await self._sleep(pauses.next(failure.after))

    def _until(self, effect: Present) -> int:
        return effect.until or self._clock.now() + int(GIVE_UP * 1000)

    async def _tried(self, effect: Present) -> tuple[Exception | None, tuple[str, ...]]:
        """Why no desk took it, if none did, and on which desks nobody reaches the agent.

        If any may take it later, the reason is what that one said.
        """
        failure: Exception = Rejected("has no desk")
        lost: list[str] = []
        for kind, desk in self._desks_of(effect.agent):
            try:
                await within(self._timeout, desk.present(await self._card(effect)))
                return None, tuple(lost)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - the next desk may do what this one cannot
                self._complain(kind, error)
                if isinstance(error, Rejected | NotAuthorised):
                    lost.append(kind)
                if not isinstance(failure, Retry):
                    failure = error
        return failure, tuple(lost)

    def _desks_of(self, name: str) -> list[tuple[str, Desk]]:
        """An agent's desks in their order; those on which nobody reaches them come last."""
        agent = self._inbox.state.agents.get(name)
        if agent is None:
            return []
        known = [(kind, self._desks[kind]) for kind in agent.desks if kind in self._desks]
        return sorted(known, key=lambda desk: desk[0] in agent.lost)

    def _complain(self, kind: str, error: Exception) -> None:
        if isinstance(error, NotAuthorised):
            log.error("desk %s: not authorised: %s", kind, error.fix)
        elif not isinstance(error, RemoteError | Overdue):
            log.error("desk %s: a card could not be shown", kind, exc_info=error)

    async def _shown(self, effect: Present, lost: tuple[str, ...]) -> None:
        if lost and effect.offer and effect.kind == CardKind.OFFER:
            await self._report(effect, "sent", lost)
        self._inbox.forget("o/" + effect.id)

    async def _failed(self, effect: Present, why: str) -> None:
        log.warning("agent %s could not be shown thread %d: %s", effect.agent, effect.thread, why)
        if effect.offer and effect.kind == CardKind.OFFER:
            await self._report(effect, "rejected", ())
        self._inbox.forget("o/" + effect.id)  # also where the offer had ended meanwhile

    async def _report(self, effect: Present, outcome: str, lost: tuple[str, ...]) -> None:
        await self._inbox.submit(
            lambda at: Delivered(
                f"outcome/{effect.id}",
                at,
                effect.id,
                effect.thread,
                outcome,
                offer=effect.offer,
                desks=lost,
            ),
            {"o/" + effect.id: None},
        )
