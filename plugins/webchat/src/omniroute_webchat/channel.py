"""The channel: requests bring visitors' messages in, the mailbox takes answers out."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeVar

from starlette.routing import BaseRoute

from omniroute import (
    Address,
    Amendment,
    Cap,
    Health,
    Inbound,
    Intake,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Site,
)
from omniroute_webchat import asking, parse, sessions
from omniroute_webchat import mailbox as lines
from omniroute_webchat.attachments import MOST, Attachments, attach
from omniroute_webchat.mailbox import Closed, Effort, Mailbox
from omniroute_webchat.routes import Routes
from omniroute_webchat.sessions import Sessions, Unknown
from omniroute_webchat.settings import Settings
from omniroute_webchat.streams import Streams

log = logging.getLogger(__name__)

SWEEP = 3600.0  # s
T = TypeVar("T")


class WebChatChannel:
    """A web chat under one address; see `routes` for what browsers may ask."""

    kind: ClassVar[str] = "webchat"
    label: ClassVar[str] = "web chat"
    icon: ClassVar[str] = "chat"
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.EDIT_OUT
        | Cap.DELETE_OUT
        | Cap.TYPING
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.BUTTONS
    )
    max_files: ClassVar[int] = MOST
    max_text: ClassVar[int] = 4000
    Config: ClassVar[type] = Settings

    def __init__(self, account: str, config: Settings, site: Site) -> None:
        self.account = account
        self.intake: Intake | None = None  # while we listen
        self._settings, self._site = config, site
        self._mailbox = Mailbox(site)
        self._sessions = Sessions(
            self._mailbox, config.secrets, config.audience, config.session_days
        )
        self._streams = Streams()
        self._attachments = Attachments(site, self._mailbox)
        self._routes = Routes(
            *(account, config, site, self._mailbox, self._sessions, self._streams, self),
            self._attachments,
        )

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return [parse.read(raw, self.account)]

    def routes(self) -> Sequence[BaseRoute]:
        return self._routes.all()

    async def listen(self, intake: Intake) -> None:
        await self._mailbox.open()
        self.intake = intake
        intake.ready()
        try:
            while True:
                await self._sweep()
                await asyncio.sleep(SWEEP)
        finally:
            self.intake = None
            self._streams.end_all()
            await self._mailbox.close()

    async def _sweep(self) -> None:
        try:
            await self._sessions.forget_the_gone()
            await self._attachments.sweep()
        except (sqlite3.Error, OSError) as error:  # a full disk: those who chat matter more
            log.warning("webchat %s: old sessions stay for now: %s", self.account, error)

    async def send(self, out: Outbound) -> Receipt:
        """Put the answer into the mailbox, durably, and show it to whoever listens.

        The platform is our own, so a second attempt is recognised by its key and shown once: there
        is no repeat to be marked.
        """
        try:
            files = await self._attachments.put(out.idempotency_key, out.files)
        except OSError as error:
            raise Retry(f"the web chat's folder: {error}") from error

        def work(db: sqlite3.Connection, conversation: str) -> None:
            key = out.idempotency_key
            seq = lines.add_line(db, conversation, "", key, out.sender_name, out.text, _now())
            attach(db, conversation, seq, files)
            if out.question is not None:
                asking.put(db, seq, out.question)

        await self._put(out.conversation, work)
        return Receipt((out.idempotency_key,))

    async def edit(self, change: Amendment) -> None:
        """Have a line read otherwise, also where it is on a screen."""
        await self._change(change, change.text, "edited")

    async def delete(self, change: Amendment) -> None:
        """Take a line's words away, also where it is on a screen."""
        await self._change(change, "", "deleted")

    async def _change(self, change: Amendment, text: str, how: str) -> None:
        for id in change.external_ids:
            work = partial(lines.change_line, id=id, text=text, changed=how)
            if not await self._put(change.conversation, work):
                raise Rejected("the line is not there any more")
        if how == "deleted":
            await self._attachments.tidy()

    async def _put(self, to: str, work: Callable[[sqlite3.Connection, str], T]) -> T:
        """Do *work* on a conversation, durably, and wake whoever listens to it."""
        try:
            conversation = await self._sessions.destination(to)
            if isinstance(conversation, Unknown):
                raise Rejected(conversation.reason)
            done = await self._mailbox.do(lambda db: work(db, conversation), Effort.DURABLE)
        except Closed:
            raise Retry("the web chat is not listening", 1) from None
        except sqlite3.Error as error:
            raise Retry(f"the web chat's mailbox: {error}") from error
        self._streams.wake(conversation)
        return done

    async def show_typing(self, conversation: str, to: Address) -> None:
        """On the screens that are open; it fades there by itself."""
        found = await self._sessions.destination(conversation)
        if not isinstance(found, Unknown):
            self._streams.show_writing(found)

    async def forget(self, values: Sequence[str]) -> None:
        """Delete the lines and sessions of whoever has these addresses."""
        await self._mailbox.do(lambda db: sessions.forget(db, values), Effort.DURABLE)
        await self._mailbox.clear_log()
        await self._attachments.tidy()

    async def check(self) -> Health:
        folder = self._site.folder
        if not os.access(folder, os.W_OK):
            return Health(False, f"cannot write to {folder}", "let OmniRoute's user write there")
        where = f"{self._site.public_url}/channels/{self.kind}/{self.account}/"
        if not self._settings.secrets:
            return Health(
                True,
                f"open at {where}; nobody is identified: no secret is set",
                "set `secret` and sign a token in your site's backend to recognise customers",
            )
        return Health(True, f"open at {where}; customers are identified by signed tokens")


def _now() -> int:
    return int(time.time() * 1000)
