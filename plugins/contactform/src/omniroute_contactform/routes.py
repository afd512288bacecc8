"""The web side: no script, no cookie; a form that is sent, and a page that says so.

* ``GET  /``             the form
* ``POST /``             what somebody typed; the thanks come only when it is kept for good
* ``GET  sent``          thanks
* ``GET  confirm/TOKEN`` a button; ``POST`` presses it
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute import Address, Busy, Intake, Proofs, Rate, Refused, Site, body_of
from omniroute_contactform.attached import MULTIPART
from omniroute_contactform.filling import Entries, entries, faults, id_of, new_ticket
from omniroute_contactform.pages import Pages, base_of, words_of
from omniroute_contactform.parse import Filled, sender_of
from omniroute_contactform.settings import Settings

log = logging.getLogger(__name__)

SLOWEST: Final = 15.0  # s until a body has arrived
SLOWEST_FILES: Final = 120.0  # s until one with files has
UPLOADS: Final = 8  # bodies with files that are taken at a time: each lies in memory
BESIDES: Final = 8192  # bytes of a body besides the message
PER_CHARACTER: Final = 12  # bytes of one that is percent-encoded, at most


class Ear(Protocol):
    """Whoever listens, while they do."""

    intake: Intake | None


class Refusal(Exception):
    """Nothing is kept; the page says *notice*."""

    def __init__(self, status: int, notice: str) -> None:
        super().__init__(notice)
        self.status, self.notice = status, notice


class Routes:
    """The pages of one account."""

    def __init__(self, account: str, settings: Settings, site: Site, ear: Ear) -> None:
        self._account, self._settings, self._ear = account, settings, ear
        self._secret, self._proofs = site.secret, site.proofs if settings.confirm else None
        self._home = f"{site.public_url}/channels/contactform/{account}/"
        self._pages = Pages(settings)
        self._rate = Rate(settings.per_minute, settings.burst)
        self._room = asyncio.Semaphore(UPLOADS)

    def all(self) -> Sequence[BaseRoute]:
        """Mounted by the engine."""
        return [
            Route("/", self._form, methods=["GET", "POST"]),
            Route("/sent", self._sent, methods=["GET"]),
            Route("/confirm/{token}", self._confirm, methods=["GET", "POST"]),
            Route("/style.css", self._style, methods=["GET"]),
        ]

    # --- the form ---

    async def _form(self, request: Request) -> Response:
        if request.method != "POST":
            return self._pages.form(request, new_ticket(self._secret))
        typed = Entries()
        try:
            typed = await self._typed(request)
            if wrong := faults(typed, self._settings):
                ticket = typed.ticket or new_ticket(self._secret)
                return self._pages.form(request, ticket, typed, wrong, status=422)
            linked = await self._take(request, typed)
        except Refusal as refusal:
            ticket, notice = typed.ticket or new_ticket(self._secret), refusal.notice
            return self._pages.form(request, ticket, typed, None, notice, refusal.status)
        return RedirectResponse(f"{base_of(request)}sent{'?link' * linked}", 303)

    async def _typed(self, request: Request) -> Entries:
        """What a browser sends.  Raises `Refusal`."""
        kind = request.headers.get("content-type", "")
        most = self._settings.max_message * PER_CHARACTER + BESIDES
        with_files = kind.lower().startswith(MULTIPART)
        if with_files and self._room.locked():
            raise Refusal(503, "busy")
        try:
            if not with_files:
                return await entries(await body_of(request, most, SLOWEST), kind)
            async with self._room:
                most += self._settings.max_upload
                return await entries(await body_of(request, most, SLOWEST_FILES), kind)
        except HTTPException as error:
            raise Refusal(413 if error.status_code == 413 else 400, "too_big") from None
        except ValueError:
            raise Refusal(400, "too_big") from None

    async def _take(self, request: Request, typed: Entries) -> bool:
        """Keep a message; whether a link was sent.  Raises `Refusal`."""
        if self._ear.intake is None:
            raise Refusal(503, "busy")
        if self._rate.wait(request.client.host if request.client else ""):
            raise Refusal(429, "too_fast")
        if typed.trapped:
            log.info("contactform %s: a form was filled in by a machine", self._account)
            return False
        now = time.time()
        id = id_of(typed, self._secret, int(now))
        filled = Filled(
            id, typed.email, typed.message, int(now * 1000), typed.name, typed.subject, typed.files
        )
        try:
            await self._ear.intake.accept(msgspec.json.encode(filled), key=id)
        except Busy:
            raise Refusal(503, "busy") from None
        return self._proofs is not None and await self._ask(self._proofs, filled)

    async def _ask(self, proofs: Proofs, filled: Filled) -> bool:
        """Send a link to the address that was given; whether it is on its way."""
        to = Address("email", filled.email)
        try:
            await proofs.send_link(sender_of(filled), to, f"{self._home}confirm/")
        except Refused as refused:
            log.info("contactform %s: no link was sent: %s", self._account, refused.code)
            return False
        except sqlite3.Error as error:  # a node that follows has taken it in, and nobody writes
            log.info("contactform %s: no link was sent: %s", self._account, error)
            return False
        return True

    async def _sent(self, request: Request) -> Response:
        say = words_of(request)
        more = say["look"] if "link" in request.query_params else say["sent_more"]
        return self._pages.said(request, say["sent"], more, again=say["again"])

    # --- links ---

    async def _confirm(self, request: Request) -> Response:
        """A page with a button, since machines follow links; and what pressing it does."""
        say = words_of(request)
        if self._proofs is None:
            return self._pages.said(request, say["stale"], status=404)
        if request.method != "POST":
            more, yes = say["confirm_more"], say["confirm_yes"]
            return self._pages.said(request, say["confirm"], more, button=yes)
        proved = await self._proofs.confirm_link(str(request.path_params["token"]))
        if proved is None:
            return self._pages.said(request, say["stale"], status=410)
        return self._pages.said(request, say["confirmed"].format(email=proved.value))

    async def _style(self, request: Request) -> Response:
        return self._pages.style(request)
