"""Letting agents work from a platform: an admin invites, the agent binds, both can end it.

What is bound grants an agent's power, so only who may change the team invites and takes back, and
every change is written down with who made it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from omniroute.application.authorize import Action, Actor, Kind, authorize
from omniroute.application.bindings import Audited, Binding, Bindings
from omniroute.desk import Workplace
from omniroute.errors import Refused, did_you_mean


class Invitation(msgspec.Struct, frozen=True):
    """What an admin hands to an agent: *text* says what to do with the *code*."""

    agent: str
    desk: str
    code: str
    text: str


class Enrolment:
    """*workplaces* are the desks that bind accounts, by the name that a team file gives them.

    *on_change* is awaited when somebody was deactivated, or activated again: it has the team
    loaded anew, which frees what they had.
    """

    def __init__(
        self,
        bindings: Bindings,
        workplaces: Mapping[str, Workplace],
        on_change: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._bindings, self._workplaces, self._on_change = bindings, workplaces, on_change

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks on which accounts can be bound."""
        return tuple(sorted(self._workplaces))

    async def invite(self, by: Actor, agent: str, desk: str = "") -> Invitation:
        """A one-time code for *agent*, good for a day; *desk* may be left out where there is one.

        Raises `Refused`.
        """
        authorize(by, Action.TEAM)
        name, workplace = self._workplace(desk)
        code = await self._bindings.invite(agent, workplace.kind, by.id)
        return Invitation(agent, name, code, workplace.invitation(code))

    async def accounts(self, by: Actor, agent: str) -> Sequence[Binding]:
        """What *agent* has bound."""
        authorize(by, Action.TEAM)
        return await self._bindings.of(agent)

    async def audit(self, by: Actor, agent: str) -> Sequence[Audited]:
        """Who changed what of *agent*'s accounts, oldest first."""
        authorize(by, Action.TEAM)
        return await self._bindings.audit(agent)

    async def revoke(self, by: Actor, agent: str, kind: str = "", value: str = "") -> int:
        """Take accounts from *agent*, all unless named; how many.  An agent may end their own."""
        if by.id != agent:
            authorize(by, Action.TEAM)
        return await self._bindings.revoke(agent, by.id, kind, value)

    async def inactive(self, by: Actor) -> Sequence[str]:
        """Who is in the team file and let in nowhere."""
        authorize(by, Action.TEAM)
        return sorted(self._bindings.inactive)

    async def deactivate(self, by: Actor, agent: str) -> None:
        """Let *agent* in nowhere: their accounts and sessions end, what they had goes to others.

        Raises `Refused`, also for oneself: somebody has to be left who can undo it.
        """
        authorize(by, Action.TEAM)
        if by.kind is Kind.AGENT and by.id == agent:
            raise Refused("forbidden", "Have another admin do this: you would lock yourself out.")
        await self._bindings.deactivate(agent, by.id)
        await self._changed()

    async def activate(self, by: Actor, agent: str) -> None:
        """Let *agent* in again; they bind their accounts anew."""
        authorize(by, Action.TEAM)
        await self._bindings.activate(agent, by.id)
        await self._changed()

    async def _changed(self) -> None:
        if self._on_change is not None:
            await self._on_change()

    def _workplace(self, desk: str) -> tuple[str, Workplace]:
        if not self._workplaces:
            raise Refused("no_such_desk", "No channel brings a desk; connect Telegram, for one.")
        if not desk and len(self._workplaces) == 1:
            return next(iter(self._workplaces.items()))
        found = self._workplaces.get(desk)
        if found is None:
            known = ", ".join(sorted(self._workplaces))
            hint = did_you_mean(desk, self._workplaces) or f"there are: {known}"
            raise Refused("no_such_desk", f"No desk is called “{desk}” — {hint}")
        return desk, found
