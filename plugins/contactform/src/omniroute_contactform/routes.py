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
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute import Address, Busy, Intake, Proofs, Rate, Refused, Site, body_of
from omniroute_contactform.attached import MULTIPART, Parts
from omniroute_contactform.filling import (
    Entries,
    faults,
    fitted,
    id_of,
    in_fields,
    in_parts,
    new_ticket,
)
from omniroute_contactform.pages import Pages, base_of, words_of
from omniroute_contactform.parse import Filled, sender_of
from omniroute_contactform.settings import Settings
from omniroute_contactform.shelf import Chosen, Shelf, name_of

log = logging.getLogger(__name__)

SLOWEST: Final = 15.0  # s until a body has arrived
SLOWEST_FILES: Final = 120.0  # s until one with files has
UPLOADS: Final = 8  # bodies with files that are taken at a time: each lies in memory
BESIDES: Final = 8192  # bytes of a body besides the message
PER_CHARACTER: Final = 12  # bytes of one that is percent-encoded, at most
LET_BY: Final = 128 * 1024 * 1024  # bytes of files beyond what is taken, read to name what was not


class Ear(Protocol):
    """Whoever listens, while they do."""

    intake: Intake | None


class Refusal(Exception):
    """Nothing is sent; the page says *notice*, beside what had been read of the form."""

    def __init__(self, status: int, notice: str, typed: Entries | None = None) -> None:
        super().__init__(notice)
        self.status, self.notice, self.typed = status, notice, typed


class Routes:
    """The pages of one account."""

    def __init__(self, account: str, settings: Settings, site: Site, ear: Ear) -> None:
        self._account, self._settings, self._ear = account, settings, ear
        self._secret, self._proofs = site.secret, site.proofs if settings.confirm else None
        self._home = f"{site.public_url}/channels/contactform/{account}/"
        self._pages = Pages(settings)
        self._shelf = Shelf(site.folder / "chosen", site.secret)
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
            wrong = faults(typed, self._settings)
            if wrong or typed.left_out:
                return await self._again(request, typed, wrong, status=422)
            linked = await self._take(request, typed)
        except Refusal as refusal:
            typed = refusal.typed or typed
            return await self._again(request, typed, {}, refusal.notice, refusal.status)
        return RedirectResponse(f"{base_of(request)}sent{'?link' * linked}", 303)

    async def _again(
        self,
        request: Request,
        typed: Entries,
        wrong: Mapping[str, str],
        notice: str = "",
        status: int = 200,
    ) -> Response:
        """The form once more, with all that was typed and chosen."""
        chosen: Sequence[Chosen] = ()
        if not typed.trapped:
            try:
                chosen = await asyncio.to_thread(self._shelf.put, typed.files)
            except OSError as error:  # a full disk; the page asks for the files again
                log.warning("contactform %s: files were not kept: %s", self._account, error)
        ticket = typed.ticket or new_ticket(self._secret)
        return self._pages.form(request, ticket, typed, wrong, chosen, notice, status)

    async def _typed(self, request: Request) -> Entries:
        """What a browser sends, with the files that may come along.  Raises `Refusal`."""
        kind = request.headers.get("content-type", "")
        try:
            if not kind.lower().startswith(MULTIPART):
                most = self._settings.max_message * PER_CHARACTER + BESIDES
                return in_fields(await body_of(request, most, SLOWEST))
            if self._room.locked():
                raise Refusal(503, "busy")
            async with self._room:
                typed = await self._parts(request, kind)
        except HTTPException as error:
            raise Refusal(413 if error.status_code == 413 else 400, "too_big") from None
        except ValueError:
            raise Refusal(400, "too_big") from None
        return fitted(await asyncio.to_thread(self._with_kept, typed), self._settings)

    async def _parts(self, request: Request, kind: str) -> Entries:
        """A form with files.  Raises `Refusal`, `ValueError`."""
        text = self._settings.max_message * PER_CHARACTER + BESIDES
        parts = Parts(kind, self._settings.max_upload, text)
        try:
            async with asyncio.timeout(SLOWEST_FILES):
                whole = await parts.read(
                    request.stream(), text + self._settings.max_upload + LET_BY
                )
        except (TimeoutError, ClientDisconnect):
            raise Refusal(400, "too_slow", in_parts(parts)) from None
        if not whole:
            raise Refusal(413, "too_big", in_parts(parts))
        return in_parts(parts)

    def _with_kept(self, typed: Entries) -> Entries:
        """With the files that a form brought before.  Blocks."""
        before, gone = [], []
        for mark in dict.fromkeys(typed.kept):
            file = self._shelf.take(mark)
            if file is None:
                gone.append(name_of(mark))
            else:
                before.append(file)
        typed = msgspec.structs.replace(typed, files=(*before, *typed.files))
        return typed.without("gone_files", *gone)

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
