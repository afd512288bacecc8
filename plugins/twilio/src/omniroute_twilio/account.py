"""What both channels are: one number at Twilio that listens, sends, and looks at itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote, urlsplit

from starlette.routing import BaseRoute

from omniroute import (
    Address,
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
    Undelivered,
)
from omniroute_twilio import parse, settings
from omniroute_twilio.api import Api, Pairs, Refusal
from omniroute_twilio.catching_up import EVERY, CatchingUp
from omniroute_twilio.envelope import unpack
from omniroute_twilio.failures import STOPPED
from omniroute_twilio.fetching import Fetching
from omniroute_twilio.hooks import Hooks
from omniroute_twilio.links import Links
from omniroute_twilio.memory import Memory
from omniroute_twilio.sending import Carries, fields_of

log = logging.getLogger(__name__)


class TwilioChannel:
    """One number at Twilio; what differs between SMS and WhatsApp is in the subclasses."""

    kind: ClassVar[str]
    anywhere: ClassVar[bool] = True
    prefix: ClassVar[str] = ""  # before numbers, as Twilio writes them

    def __init__(self, account: str, config: settings.Account, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        self.account = account
        self.place = f"channels.{account}"
        settings.check(config, self.place)
        self._account, self.site = config, site
        base = f"{site.public_url}/channels/{self.kind}/{quote(account)}"
        self.api = Api(config, self.place)
        self.memory = Memory(site.database("twilio.sqlite"), site.secret)
        self.fetching = Fetching(config, self.api)
        self.links = Links(site.folder / "files", base, site.secret, config.link_days)
        self.hooks = Hooks(config, base, self.memory, self.fetching, now)
        address = self.prefix + config.number
        self._catching_up = CatchingUp(config, address, self.api, self.hooks, now)

    def carries(self) -> Carries:
        """Which files a message carries itself."""
        raise NotImplementedError

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound | Undelivered]:
        """What a customer did, or what became of a message of ours.  Pure."""
        return parse.read(unpack(raw))

    def routes(self) -> Sequence[BaseRoute]:
        """Where Twilio calls us, and where files are fetched."""
        return [*self.hooks.routes(), *self.links.routes()]

    async def listen(self, intake: Intake) -> None:
        """Take events in until cancelled.  Raises `ConfigError` for a token that opens nothing."""
        async with self.api.open():
            try:
                await self._introduce()
                self.hooks.intake = intake
                intake.ready()
                while True:
                    if self._account.catch_up:
                        await self._catching_up.look(intake)
                    await self.refresh()
                    await asyncio.sleep(EVERY)
            finally:
                self.hooks.intake = None

    async def stand_in(self, intake: Intake) -> None:
        """Keep texts, and reports on ours, as they came."""
        self.hooks.stands_in = intake
        self.links.elsewhere = True
        intake.ready()
        try:
            await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            self.hooks.stands_in = None

    async def take_up(self, raw: bytes) -> None:
        """What came to another node.  Raises `Busy`."""
        await self.hooks.take_up(raw)

    async def refresh(self) -> None:
        """Look anew at what is asked for now and then."""

    async def _introduce(self) -> None:
        """See that the token opens the account; where Twilio is away we go on."""
        try:
            await self.api.get(f"{self.api.home}.json")
        except NotAuthorised as error:
            fault = "Twilio does not know this account, or not this token"
            raise ConfigError(f"{self.place}.auth_token", fault, error.fix) from None
        except (Retry, Rejected) as error:
            log.error("%s “%s”: cannot be reached yet: %s", self.kind, self.account, error)

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """One message by one call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        if self.memory.has_stopped(out.conversation):
            raise Rejected(STOPPED)
        try:
            sid = await self.api.send(await self.fields(out))
        except Refusal as error:
            if error.cause.stopped:
                self.memory.stop(out.conversation, now())
            raise
        return Receipt((sid,))

    def unwanted(self, to: Address) -> bool:
        """Whether they have said STOP."""
        return self.memory.has_stopped(to.value)

    async def fields(self, out: Outbound) -> Pairs:
        """What is sent for *out*.  Raises `Rejected`."""
        return await fields_of(
            out,
            self._account,
            prefix=self.prefix,
            hook=f"{self.hooks.base}/status",
            links=self.links,
            carries=self.carries(),
        )

    async def forget(self, values: Sequence[str]) -> None:
        """Delete what is kept of the words of whoever has these numbers."""
        for value in values:
            self.memory.forget(value)

    # --- health ---

    async def check(self) -> Health:
        """Whether the token opens the account, and whether Twilio can find us."""
        try:
            found = await self.api.get(f"{self.api.home}.json")
            trouble = await self.look()
        except (NotAuthorised, Rejected, Retry) as error:
            return Health.after(error, "Twilio", self._account.api_url)
        if found.get("status", "active") != "active":
            fix = "look at the first page of Twilio's console: it says what is owed"
            return Health(False, f"the account is {found['status']}", fix)
        if trouble is not None:
            return trouble
        address = self._account.number
        return Health(True, f"open as {address} of {found.get('friendly_name', 'the account')}")

    async def look(self) -> Health | None:
        """What is wrong with the number, if anything.  Raises as `Api.get`."""
        url = urlsplit(self.site.public_url)
        outside = urlsplit(self._account.api_url).hostname
        if url.scheme != "https" and outside == "api.twilio.com":
            found = f"Twilio cannot call {self.site.public_url}"
            return Health(False, found, "set server.public_url to the https address of the desk")
        return None


def now() -> int:
    """ms since the epoch."""
    return int(time.time() * 1000)
