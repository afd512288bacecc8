"""Automatic replies that pause (`omniroute.core.restraint`), as admins see it and end it."""

from __future__ import annotations

import asyncio
import secrets

import msgspec

from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.ports import Clock, Inbox
from omniroute.application.voice import Voice
from omniroute.core import inputs as i
from omniroute.core.model import Automation, Pause
from omniroute.core.quiet import pauses
from omniroute.runtime.equivalence import domain_of
from omniroute.runtime.rows import Reached
from omniroute.stores.api import Reader

ROW = "n/automation"
BECAUSE = {
    "sent": "{count} automatic replies went out within an hour",
    "came_back": "{count} messages came back within an hour",
}


class PauseView(msgspec.Struct, frozen=True):
    """A pause: *realm* names it, *where* says which domain that is, or that it is everywhere."""

    realm: str
    where: str
    because: str
    since: int  # ms since the epoch
    until: int


class Pauses:
    """Where no automatic replies go out, and why."""

    def __init__(self, reader: Reader, inbox: Inbox, clock: Clock, voice: Voice) -> None:
        self._reader, self._inbox, self._clock, self._voice = reader, inbox, clock, voice

    async def show(self, actor: Actor) -> tuple[PauseView, ...]:
        """Those that hold now."""
        authorize(actor, Action.TEAM)
        return await asyncio.to_thread(self._show)

    def _show(self) -> tuple[PauseView, ...]:
        row = self._reader.get([ROW]).get(ROW)
        known = msgspec.json.decode(row, type=Automation) if row is not None else Automation()
        return tuple(self._view(pause) for pause in pauses(known, self._clock()))

    def _view(self, pause: Pause) -> PauseView:
        where = "everywhere"
        if pause.realm:
            key = f"p/{pause.handle}"
            row = self._reader.get([key]).get(key)
            reached = msgspec.json.decode(row, type=Reached) if row is not None else None
            domain = domain_of(reached.kind, reached.value) if reached is not None else ""
            where = domain or "the domain of an erased address"
        because = BECAUSE[pause.because].format(count=pause.count)
        return PauseView(pause.realm, where, because, pause.since, pause.until)

    async def end(self, actor: Actor, realm: str) -> str:
        """End a pause before its time; the sentence that follows.  Raises `Refused`."""
        authorize(actor, Action.TEAM)
        key = f"resume/{secrets.token_hex(12)}"
        answer = await self._inbox.submit(lambda at: i.ResumeAsked(key, at, realm, actor.id))
        if not answer.ok:
            raise self._voice.refused(answer.code)
        return self._voice.done(answer.code)
