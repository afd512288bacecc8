"""Signing in as the pages know it: the accounts, the clock, and the role an agent has now."""

from __future__ import annotations

import asyncio

from omniroute.application.accounts import Accounts
from omniroute.application.authorize import Action, Actor, Kind, authorize
from omniroute.application.door import Application
from omniroute.application.ports import Clock
from omniroute.application.tokens import Tokens
from omniroute.errors import Refused


class SignIn:
    """From a browser's session, or a program's token, to an `Actor`."""

    def __init__(
        self, accounts: Accounts, application: Application, clock: Clock, tokens: Tokens
    ) -> None:
        self._accounts, self._application, self._clock = accounts, application, clock
        self.tokens = tokens

    async def make_link(self, agent: str, by: Actor | None = None) -> str:
        """A one-time link's token for *agent*, made for the admin *by*, or for the machine."""
        if by is not None:
            authorize(by, Action.TEAM)
        return await asyncio.to_thread(self._accounts.make_link, agent, self._clock())

    async def redeem(self, link: str) -> str:
        """A session's token for a link's.  Raises `Refused`."""
        return await asyncio.to_thread(self._accounts.redeem, link, self._clock())

    async def sign_in(self, agent: str, password: str, address: str = "") -> str:
        """A session's token for who knows the password.  Raises `Refused`."""
        return await self._accounts.sign_in(agent, password, self._clock(), address=address)

    async def session(self, token: str) -> Actor | None:
        """Who has this session, with the role they have now; nobody if it has ended."""
        agent = await asyncio.to_thread(self._accounts.session, token, self._clock())
        if agent is None:
            return None
        try:
            return await self._application.actor(agent)
        except Refused:
            return None

    async def bearer(self, token: str) -> Actor | None:
        """Whose program comes with *token*; nobody's if it is no good."""
        return await self.tokens.actor(token)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await asyncio.to_thread(self._accounts.sign_out, token)

    async def set_password(self, actor: Actor, agent: str, password: str) -> None:
        """Give *agent* a password: one's own, or as an admin.  Raises `Refused`."""
        if actor.kind is not Kind.AGENT or actor.id != agent:
            authorize(actor, Action.TEAM)
        await self._accounts.set_password(agent, password, self._clock())
