"""The channel: people fill in a form; they are answered by mail, at the address they gave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from starlette.routing import BaseRoute

from omniroute import Cap, Health, Inbound, Intake, Outbound, Receipt, Rejected, Site
from omniroute_contactform import parse
from omniroute_contactform.routes import Routes
from omniroute_contactform.settings import Settings


class ContactFormChannel:
    """A form under one address."""

    kind: ClassVar[str] = parse.KIND
    label: ClassVar[str] = "contact form"
    icon: ClassVar[str] = "card"
    caps: ClassVar[Cap] = Cap.FILES_IN
    max_text: ClassVar[int] = 100_000
    anywhere: ClassVar[bool] = True
    answered_by: ClassVar[str] = "email"
    Config: ClassVar[type] = Settings

    def __init__(self, account: str, config: Settings, site: Site) -> None:
        self.account = account
        self.intake: Intake | None = None  # while we listen
        self._site = site
        self._routes = Routes(account, config, site, self)

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        """What somebody wrote.  Pure."""
        return [parse.read(raw)]

    def routes(self) -> Sequence[BaseRoute]:
        """The pages."""
        return self._routes.all()

    async def listen(self, intake: Intake) -> None:
        """Take forms in until cancelled."""
        self.intake = intake
        intake.ready()
        try:
            await asyncio.Event().wait()
        finally:
            self.intake = None

    async def send(self, out: Outbound) -> Receipt:
        """Nobody waits at a form; the engine answers by mail (`answered_by`)."""
        raise Rejected("a form cannot be answered; answers go out by mail")

    async def check(self) -> Health:
        """Where the form is."""
        where = f"{self._site.public_url}/channels/{self.kind}/{self.account}/"
        return Health(True, f"open at {where}; answers go out over an e-mail channel")
