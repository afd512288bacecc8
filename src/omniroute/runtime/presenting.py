"""Shows agents their cards, each on the first of their desks that takes it.

The first is where they were seen last.  An offer that has stood unanswered for half its time is
shown on their other desks, too; one that is withdrawn, wherever it was shown.
"""

from __future__ import annotations

import asyncio
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
from omniroute.runtime.whereabouts import Whereabouts

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
        whereabouts: Whereabouts | None = None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*sleep* is between tries, *wait* until an offer is shown elsewhere, too."""
        self._whereabouts, self._wait = whereabouts or Whereabouts(), wait
        self._shown_on: dict[str, set[str]] = {}  # desks, by offers that stand
        self._waiting: set[asyncio.Task[None]] = set()
        self._inbox, self._desks, self._clock = inbox, desks, clock
        self._card, self._sleep = card, sleep
        self._timeout = min(timeout, LONGEST)

    async def present(self, effect: Present) -> None:
        """Show a card; an offer that no desk takes ends.

        Raises `StoreError`, after which it is to be called again.
        """
        if effect.kind == CardKind.WITHDRAWN and effect.offer in self._shown_on:
            return await self._withdraw(effect)
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

    def stop(self) -> None:
        """Show nothing more elsewhere."""
        for task in self._waiting:
            task.cancel()

    # --- on several desks ---

    async def _withdraw(self, effect: Present) -> None:
        """Take an offer back wherever it was shown; a desk that is away says it when pressed."""
        shown = self._shown_on.pop(effect.offer)
        for kind, desk in self._desks_of(effect.agent):
            if kind in shown:
                await self._on(kind, desk, effect)
        self._inbox.forget("o/" + effect.id)

    def _watch(self, effect: Present, kind: str) -> None:
        """Note where an offer is shown, and show it elsewhere if nobody answers there."""
        if effect.kind != CardKind.OFFER or len(self._desks_of(effect.agent)) < 2:
            return
        self._shown_on.setdefault(effect.offer, set()).add(kind)
        task = asyncio.create_task(self._show_elsewhere(effect), name=f"offer {effect.offer}")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _show_elsewhere(self, effect: Present) -> None:
        await self._wait((effect.until - self._clock.now()) / 2000)
        for kind, desk in self._desks_of(effect.agent):
            shown = self._shown_on.get(effect.offer, set())
            agent = self._inbox.state.agents.get(effect.agent)
            reached = agent is not None and kind not in agent.lost
            if reached and self._stands(effect) and kind not in shown:
                shown.add(kind)
                await self._on(kind, desk, effect)
        if not self._stands(effect):
            self._shown_on.pop(effect.offer, None)

    def _stands(self, effect: Present) -> bool:
        """Whether the offer still waits for an answer."""
        thread = self._inbox.state.threads.get(effect.thread)
        return thread is not None and any(o.id == effect.offer for o in thread.offers)

    async def _on(self, kind: str, desk: Desk, effect: Present) -> None:
        """Show a card on one more desk; nothing hangs on it."""
        try:
            await within(self._timeout, desk.present(await self._card(effect)))
        except Exception as error:  # noqa: BLE001 - the agent has the card elsewhere
            self._complain(kind, error)

    # --- one desk ---

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
                self._watch(effect, kind)
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
        """An agent's desks: where they were seen last, then in their order; last of all those on
        which nobody reaches them."""
        agent = self._inbox.state.agents.get(name)
        if agent is None:
            return []
        known = [(kind, self._desks[kind]) for kind in agent.desks if kind in self._desks]
        last = self._whereabouts.last
        return sorted(known, key=lambda desk: (desk[0] in agent.lost, -last(name, desk[0])))

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
