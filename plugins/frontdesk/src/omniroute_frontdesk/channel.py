"""The channel: visits come in at a desk or a kiosk; what is answered stands on the desk's pages."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Sequence
from typing import ClassVar, Final, TypeVar

from starlette.routing import BaseRoute

from omniroute import (
    Amendment,
    Cap,
    Closed,
    Health,
    Inbound,
    Intake,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Site,
)
from omniroute_frontdesk import parse
from omniroute_frontdesk.book import DAY, Book, Line
from omniroute_frontdesk.pages import now
from omniroute_frontdesk.routes import Routes
from omniroute_frontdesk.settings import Settings

log = logging.getLogger(__name__)

SWEEP: Final = 3600.0  # s
T = TypeVar("T")


class FrontDeskChannel:
    """One desk, with its kiosks."""

    kind: ClassVar[str] = parse.KIND
    label: ClassVar[str] = "front desk"
    icon: ClassVar[str] = "team"
    caps: ClassVar[Cap] = Cap.LIVE | Cap.EDIT_OUT | Cap.DELETE_OUT
    max_text: ClassVar[int] = 4000
    Config: ClassVar[type] = Settings

    def __init__(self, account: str, config: Settings, site: Site) -> None:
        self.account = account
        self.intake: Intake | None = None  # while we listen
        self._settings, self._site = config, site
        self._book = Book(site)
        self._routes = Routes(account, config, site, self._book, self)

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        """What a visitor said.  Pure."""
        return [parse.read(raw)]

    def routes(self) -> Sequence[BaseRoute]:
        """The pages."""
        return self._routes.all()

    async def listen(self, intake: Intake) -> None:
        """Take visits in until cancelled.  Raises `ConfigError` for a file of no use."""
        await self._book.open()
        self.intake = intake
        intake.ready()
        try:
            while True:
                await self._sweep()
                await asyncio.sleep(SWEEP)
        finally:
            self.intake = None
            await self._book.close()

    async def _sweep(self) -> None:
        try:
            await self._book.forget((), before=now() - self._settings.kept_days * DAY)
        except sqlite3.Error as error:  # a full disk: those who are here matter more
            log.warning("frontdesk %s: old visits stay for now: %s", self.account, error)

    async def send(self, out: Outbound) -> Receipt:
        """Put the answer on the visit's page; once, however often it is delivered."""
        if await self._done(self._book.visit(out.conversation)) is None:
            raise Rejected("this visit is over; choose another way")
        line = Line(out.sender_name or "We", out.text, now())
        await self._done(self._book.add(out.conversation, out.idempotency_key, line))
        return Receipt((out.idempotency_key,))

    async def edit(self, change: Amendment) -> None:
        """Have an answer say something else on the page."""
        for id in change.external_ids:
            if not await self._done(self._book.change(id, change.text)):
                raise Rejected("the answer is not there any more")

    async def delete(self, change: Amendment) -> None:
        """Take an answer off the page."""
        for id in change.external_ids:
            await self._done(self._book.change(id, None))

    async def _done(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except Closed:
            raise Retry("the front desk is not listening", 1) from None
        except sqlite3.Error as error:
            raise Retry(f"the front desk's book: {error}") from error

    async def forget(self, values: Sequence[str]) -> None:
        """Delete the visits of whoever has these addresses."""
        await self._book.forget(values)

    async def check(self) -> Health:
        """Where the pages are, and whether visitors can show who they are."""
        where = f"open at {self._site.public_url}/channels/{self.kind}/{self.account}/"
        if self._settings.telegram_bot or self._settings.chat_url:
            return Health(True, f"{where}; visitors scan a code to show who they are")
        fix = "set telegram_bot or chat_url, and visitors can scan a code to show who they are"
        return Health(True, f"{where}; there is no code to scan", fix)
