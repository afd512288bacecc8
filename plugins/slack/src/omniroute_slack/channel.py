"""The channel: customers who write to the app, in its chat or in channels."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.routing import BaseRoute, Route

from omniroute import (
    Amendment,
    Cap,
    ConfigError,
    Health,
    Inbound,
    Intake,
    NotAuthorised,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Site,
)
from omniroute_slack import parse, report, settings
from omniroute_slack.connection import Connection
from omniroute_slack.desk import SlackDesk
from omniroute_slack.edge import Edge
from omniroute_slack.envelope import Json, unpack
from omniroute_slack.incoming import Hook, Socket
from omniroute_slack.send import MOST, delete, edit, send

log = logging.getLogger(__name__)


class SlackChannel:
    """One app in one workspace."""

    kind: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    icon: ClassVar[str] = "hash"
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.THREADS
        | Cap.EDIT_IN
        | Cap.EDIT_OUT
        | Cap.DELETE_OUT
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.REACTIONS
        | Cap.AGENT_DESK
    )
    max_text: ClassVar[int] = 3500  # Slack cuts at 40,000 and wants less than 4,000
    max_files: ClassVar[int] = MOST
    Config: ClassVar[type] = settings.Config
    forms: ClassVar[Mapping[str, str]] = report.FORMS

    def __init__(self, account: str, config: settings.Config, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        self.account = account
        self._place = f"channels.{account}"
        settings.check(config, self._place)
        self._config, self._site = config, site
        self.connection = Connection(config, self._place)
        self._desk: SlackDesk | None = None
        self._edge = Edge(config, self.connection, agent=self._agent, opens=self._opens, clock=_now)
        secret = config.signing_secret
        self._hook = Hook(secret, self._edge, _now) if secret is not None else None
        self._listens = False  # or has listened
        self.socket = Socket(self.connection, self._edge, account)

    def desk(self) -> SlackDesk:
        """The agents' side of the same app."""
        if self._desk is None:
            self._desk = SlackDesk(self._config, self.connection, self._site, _now)
        return self._desk

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return parse.read(unpack(raw))

    @classmethod
    def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        return report.fields_of(raw)

    def routes(self) -> Sequence[BaseRoute]:
        return () if self._hook is None else (Route("/hook", self._hook.answer, methods=["POST"]),)

    async def listen(self, intake: Intake) -> None:
        """Take payloads in until cancelled.  Raises `ConfigError` for tokens that open nothing."""
        self._listens = True
        try:
            await self._introduce()
            if self._hook is not None:
                self._hook.intake = intake
            intake.ready()
            if self._config.app_token is None:
                await asyncio.get_running_loop().create_future()  # until cancelled
            await self.socket.run(intake)
        except NotAuthorised as error:
            raise ConfigError(self._place, "Slack does not know the token", error.fix) from None
        finally:
            if self._hook is not None:
                self._hook.intake = None
            await self.connection.close()

    @property
    def anywhere(self) -> bool:
        """Slack pushes to any node; Socket Mode the writer has."""
        return self._hook is not None and self._config.app_token is None

    async def stand_in(self, intake: Intake) -> None:
        """Keep events as they were pushed: the writer knows who is an agent."""
        if (hook := self._hook) is None:
            return
        hook.stands_in = intake
        intake.ready()
        try:
            await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            hook.stands_in = None

    async def take_up(self, raw: bytes) -> None:
        """An event that was pushed to another node.  Raises `Busy`."""
        if self._hook is not None:
            await self._hook.take_up(raw)

    async def _introduce(self) -> None:
        """Learn who we are; where Slack is away we go on and ask again later."""
        try:
            await self.connection.introduce()
        except (Retry, Rejected) as error:
            log.error("slack “%s”: cannot be reached yet: %s", self.account, error)

    async def _agent(self, account: str) -> str:
        return "" if self._desk is None else await self._desk.agent(account)

    async def _opens(self, payload: Json, agent: str) -> bool:
        return self._desk is not None and await self._desk.open_form(payload, agent)

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """One message.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        return await send(self.connection, out)

    async def edit(self, change: Amendment) -> None:
        await edit(self.connection, change)

    async def delete(self, change: Amendment) -> None:
        await delete(self.connection, change)

    async def check(self) -> Health:
        """Whether the tokens open the app, and whether events come."""
        try:
            found = await self.connection.call("auth.test")
        except (NotAuthorised, Rejected, Retry) as error:
            return Health.after(error, "Slack", "slack.com")
        finally:
            if not self._listens:  # nobody else would
                await self.connection.rest()
        if self._config.app_token is not None and not self.socket.connected:
            fix = "turn Socket Mode on at api.slack.com/apps, and see that app_token is this app's"
            return Health(False, "Socket Mode is not connected", fix)
        return Health(True, f"open as @{found.get('user')} in {found.get('team')}")


def _now() -> int:
    return int(time.time() * 1000)
