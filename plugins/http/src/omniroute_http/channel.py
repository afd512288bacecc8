"""The channel: integrations tell by signed requests; answers are posted to them, or wait."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import ClassVar, Final

from starlette.routing import BaseRoute

from omniroute import (
    Address,
    Amendment,
    Cap,
    Closed,
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
from omniroute_http import parse, wire
from omniroute_http.calling import Webhook
from omniroute_http.routes import Routes
from omniroute_http.settings import Settings
from omniroute_http.waiting import Waiting

NOBODY_KNOWS: Final = "this conversation belongs to no integration that is still there"


class HttpChannel:
    """One account: several programs, each under a name and with a secret of its own."""

    kind: ClassVar[str] = "http"
    label: ClassVar[str] = "HTTP"
    icon: ClassVar[str] = "plug"
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.THREADS
        | Cap.EDIT_IN
        | Cap.EDIT_OUT
        | Cap.DELETE_OUT
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.TYPING
        | Cap.REACTIONS
        | Cap.READ_RECEIPTS
    )
    max_text: ClassVar[int] = 10_000
    anywhere: ClassVar[bool] = True  # events are taken in by any node; what waits the writer has
    Config: ClassVar[type] = Settings

    def __init__(self, account: str, config: Settings, site: Site) -> None:
        self.account = account
        self.intake: Intake | None = None  # while we listen
        self._settings, self._site = config, site
        self._waiting = Waiting(site)
        self._webhooks = {
            name: Webhook(integration, f"channels.{account}.integrations.{name}")
            for name, integration in config.integrations.items()
            if integration.webhook
        }
        self._routes = Routes(account, config, self._waiting, self)

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound | Undelivered]:
        """What somebody did.  Pure."""
        return parse.read(raw, self.account)

    def routes(self) -> Sequence[BaseRoute]:
        """What integrations ask."""
        return self._routes.all()

    async def listen(self, intake: Intake) -> None:
        """Answer integrations until cancelled.  Raises `ConfigError` for a file of no use."""
        async with AsyncExitStack() as stack:
            await self._waiting.queue.open()
            stack.push_async_callback(self._waiting.queue.close)
            for webhook in self._webhooks.values():
                await stack.enter_async_context(webhook.open())
            self.intake = intake
            intake.ready()
            try:
                await asyncio.Event().wait()
            finally:
                self.intake = None
                self._waiting.end()

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """Post the answer, or have it wait.  Raises `Retry`, `Rejected` or `NotAuthorised`.

        Whoever asks gets it once, since we see what has arrived; a webhook is told of a repeat.
        """
        whose, conversation = _parted(out.conversation)
        answer = wire.Answer(
            id=out.idempotency_key,
            conversation=conversation,
            to=_reader(out.to),
            text=out.text,
            author=out.sender_name,
            subject=out.subject,
            files=[wire.Attached(name=f.name, type=f.media_type, data=f.data) for f in out.files],
            in_reply_to=_own(out.in_reply_to, whose),
            quotes=_own(out.quotes, whose),
            automatic=out.automatic,
            repeat=out.repeat,
        )
        await self._tell(whose, out.idempotency_key, out.to, answer)
        return Receipt((f"{whose}/{out.idempotency_key}",))

    async def edit(self, change: Amendment) -> None:
        """Tell that a message of ours says something else."""
        whose, conversation = _parted(change.conversation)
        digest = hashlib.sha256(change.text.encode()).hexdigest()[:16]
        for id in change.external_ids:
            message = _own(id, whose)
            item = wire.Changed(message=message, conversation=conversation, text=change.text)
            await self._tell(whose, f"edit.{message}.{digest}", change.to, item)

    async def delete(self, change: Amendment) -> None:
        """Tell that a message of ours is taken back."""
        whose, conversation = _parted(change.conversation)
        for id in change.external_ids:
            message = _own(id, whose)
            item = wire.Removed(message=message, conversation=conversation)
            await self._tell(whose, f"delete.{message}", change.to, item)

    async def show_typing(self, conversation: str, to: Address) -> None:
        """Tell that somebody writes, to whoever hears it now."""
        whose, within = _parted(conversation)
        sign = wire.Writing(conversation=within, to=_reader(to))
        if whose in self._webhooks:
            await self._webhooks[whose].tell(f"typing.{within}"[:200], sign)
        else:
            self._waiting.show(whose, sign)

    async def _tell(self, whose: str, key: str, to: Address, item: wire.Item) -> None:
        """Post an item, or have it wait, under a name that is the same for each attempt."""
        if whose not in self._settings.integrations:
            raise Rejected(NOBODY_KNOWS)
        if whose in self._webhooks:
            return await self._webhooks[whose].tell(key, item)
        try:
            return await self._waiting.put(whose, key, to.value, item)
        except Closed:
            raise Retry("the channel is not listening", 1) from None
        except sqlite3.Error as error:
            raise Retry(f"what waits for {whose} cannot be kept: {error}") from error

    async def forget(self, values: Sequence[str]) -> None:
        """Delete what waits for whoever has these addresses."""
        await self._waiting.queue.forget(values)

    # --- check ---

    async def check(self) -> Health:
        """Whether each webhook knows our signature, and how those fare that ask."""
        found = [await self._health(name) for name in self._settings.integrations]
        found.sort(key=lambda health: health.ok)  # what needs somebody comes first
        said = "; ".join(health.found for health in found)
        fix = "; ".join(health.fix for health in found if health.fix)
        return Health(all(health.ok for health in found), said, fix)

    async def _health(self, name: str) -> Health:
        place = f"channels.{self.account}.integrations.{name}"
        if name not in self._webhooks:
            return await self._standing(name)
        try:
            await self._webhooks[name].tell("ping", wire.Ping())
        except NotAuthorised as error:
            return Health(False, f"{name} does not know our signature", error.fix)
        except (Retry, Rejected) as error:
            fix = f"see whether this machine reaches {place}.webhook, and what it logs"
            return Health(False, str(error), fix)
        return Health(True, f"{name} answers at its webhook")

    async def _standing(self, name: str) -> Health:
        where = f"{self._site.public_url}/channels/{self.kind}/{self.account}/{name}/poll"
        try:
            backlog, asked, now = await self._waiting.standing(name)
        except Closed:  # nobody listens here: a doctor looks at the settings alone
            return Health(True, f"{name} may ask at {where}")
        when = f"asked last at {_clock(asked)}" if asked else "has not asked since the start"
        when = "asks right now" if now else when
        if not backlog.waiting:
            return Health(True, f"{name} {when}; nothing waits")
        return Health(
            True,
            f"{name} {when}; {backlog.waiting} wait, the oldest since {_clock(backlog.since)}",
            "" if asked else f"have {name} ask at {where}, or set its webhook",
        )


def _parted(conversation: str) -> tuple[str, str]:
    """Whose it is, and what they call it.  Raises `Rejected`."""
    whose, slash, within = conversation.partition("/")
    if not slash:
        raise Rejected(NOBODY_KNOWS)
    return whose, within


def _own(id: str, whose: str) -> str:
    """What an integration calls it."""
    return id.removeprefix(f"{whose}/")


def _reader(to: Address) -> wire.Reader:
    return wire.Reader(id=to.value, name=to.display)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
