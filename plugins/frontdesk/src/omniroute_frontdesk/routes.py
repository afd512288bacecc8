"""The pages of a desk: no script; each only for whoever was let in.

* ``GET, POST /``            a visit is logged: by a colleague, or at a kiosk by the visitor
* ``POST sign-in``           the key, and for whom the screen is
* ``GET  visits``            who was here; ``visits/ID`` what was said and answered, and more of it
* ``POST visits/ID/code``    a code to scan; ``visits/ID/link`` a link by mail
* ``GET, POST confirm/TOKEN`` for whoever got that mail
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute import Address, Busy, Closed, Intake, Rate, Refused, Site
from omniroute_frontdesk import forms, pages
from omniroute_frontdesk.book import Book, Line, Visit
from omniroute_frontdesk.codes import Code, codes
from omniroute_frontdesk.doorkeeper import Doorkeeper, Role
from omniroute_frontdesk.forms import Refusal
from omniroute_frontdesk.pages import base_of, now, page, words_of
from omniroute_frontdesk.parse import Said, visitor
from omniroute_frontdesk.settings import Settings

log = logging.getLogger(__name__)

GUESSES: Final = 10  # of the key a minute, from one network address
UNSENT: Final = ("no_way", "too_many", "not_sent")  # codes of `Proofs.send_link`, and sentences
Answering = Callable[[Request, Role], Awaitable[Response]]


class Ear(Protocol):
    """Whoever listens, while they do."""

    intake: Intake | None


class Routes:
    """The pages of one account."""

    def __init__(self, account: str, settings: Settings, site: Site, book: Book, ear: Ear) -> None:
        self._account, self._settings, self._book, self._ear = account, settings, book, ear
        self._proofs = site.proofs
        self._home = f"{site.public_url}/channels/frontdesk/{account}/"
        secure = site.public_url.startswith("https://")
        self._door = Doorkeeper(account, settings.key, site.secret, secure=secure)
        self._guesses = Rate(GUESSES, GUESSES)

    def all(self) -> Sequence[BaseRoute]:
        """Mounted by the engine."""
        return [
            self._route("/", self._log, "kiosk", "GET", "POST"),
            self._route("/visits", self._visits, "staff", "GET"),
            self._route("/visits/{id}", self._visit, "staff", "GET", "POST"),
            self._route("/visits/{id}/code", self._code, "staff", "POST"),
            self._route("/visits/{id}/link", self._link, "staff", "POST"),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/confirm/{token}", self._confirm, methods=["GET", "POST"]),
            Route("/style.css", self._style, methods=["GET"]),
        ]

    def _route(self, path: str, answering: Answering, role: Role, *methods: str) -> Route:
        """A page for *role*; colleagues may see a kiosk's."""

        async def guarded(request: Request) -> Response:
            shown = self._door.role(request, now() // 1000)
            say = words_of(request)
            if shown not in (role, "staff"):
                return page(request, "sign_in.html", "", say["front_desk"], 403)
            try:
                return await answering(request, shown)
            except (Closed, sqlite3.Error):
                title, lines = say["front_desk"], [say["again"]]
                return page(request, "confirm.html", shown, title, 503, lines=lines)

        return Route(path, guarded, methods=list(methods))

    async def _sign_in(self, request: Request) -> Response:
        try:
            typed = await forms.read(request)
            if self._guesses.wait(request.client.host if request.client else ""):
                raise Refusal(429, "too_many_tries")
            if not self._door.knows(typed["key"]):
                log.warning("frontdesk %s: somebody typed a wrong key", self._account)
                raise Refusal(403, "wrong_key")
        except Refusal as refusal:
            say = words_of(request)
            notice = refusal.said(say)
            title, status = say["front_desk"], refusal.status
            return page(request, "sign_in.html", "", title, status, notice=notice)
        response = RedirectResponse(base_of(request), 303)
        role: Role = "kiosk" if typed["role"] == "kiosk" else "staff"
        self._door.let_in(response, role, base_of(request), now() // 1000)
        return response

    # --- visits ---

    async def _log(self, request: Request, role: Role) -> Response:
        if request.method != "POST":
            return self._form(request, role)
        try:
            typed = await forms.read(request, self._settings.max_message)
            forms.check(typed, self._settings.max_message)
            # The ticket names the visit: a second press of the button logs no second one.
            name, id = typed["name"], typed["ticket"]
            visit = Visit(id, name, typed["email"], typed["phone"], now())
            await self._keep(typed, Said(id, id, typed["text"], visit.at, *visit[1:4]))
        except Refusal as refusal:
            return self._form(request, role, refusal)
        await self._book.enter(visit)
        await self._book.add(id, id, Line("", typed["text"], visit.at))
        if role == "staff":
            return RedirectResponse(f"{base_of(request)}visits/{id}", 303)
        # At a kiosk nothing leads back to a visit: the next visitor stands there soon.
        linked = bool(visit.email) and await self._mail(visit) == ""
        say = words_of(request)
        scan = await codes(self._proofs, visitor(id, name), self._settings, say["our_web_chat"])
        return page(request, "visit.html", role, say["thanks"], codes=scan, linked=linked)

    def _form(self, request: Request, role: Role, refusal: Refusal | None = None) -> Response:
        kiosk, settings, say = role == "kiosk", self._settings, words_of(request)
        return page(
            request,
            "form.html",
            role,
            (settings.title or say["welcome"]) if kiosk else say["somebody_is_here"],
            refusal.status if refusal else 200,
            greeting=(settings.greeting or say["greeting"]) if kiosk else "",
            notice=refusal.said(say) if refusal else "",
            typed=refusal.typed if refusal else {},
            ticket=secrets.token_hex(16),
            longest=settings.max_message,
        )

    async def _keep(self, typed: Mapping[str, str], said: Said) -> None:
        """Keep what was said for good.  Raises `Refusal`."""
        if self._ear.intake is None:
            raise Refusal(503, "again", typed)
        try:
            await self._ear.intake.accept(msgspec.json.encode(said), key=said.id)
        except Busy:
            raise Refusal(503, "again", typed) from None

    async def _visits(self, request: Request, role: Role) -> Response:
        visits = await self._book.visits()
        return page(request, "visits.html", role, words_of(request)["who_was_here"], visits=visits)

    async def _visit(self, request: Request, role: Role) -> Response:
        visit = await self._book.visit(str(request.path_params["id"]))
        if visit is None:
            return self._nobody(request, role)
        if request.method != "POST":
            return await self._shown(request, role, visit)
        try:
            typed = await forms.read(request, self._settings.max_message)
            forms.check(typed, self._settings.max_message)
            said = Said(typed["ticket"], visit.id, typed["text"], now(), *visit[1:4])
            await self._keep(typed, said)
        except Refusal as refusal:
            return await self._shown(request, role, visit, refusal)
        await self._book.add(visit.id, said.id, Line("", said.text, said.at))
        return RedirectResponse(f"{base_of(request)}visits/{visit.id}", 303)

    async def _shown(
        self, request: Request, role: Role, visit: Visit, refusal: Refusal | None = None,
        *, scan: Sequence[Code] = (),
    ) -> Response:  # fmt: skip
        say = words_of(request)
        return page(
            request,
            "visit.html",
            role,
            visit.name or say["visitor"],
            refusal.status if refusal else 200,
            notice=refusal.said(say) if refusal else "",
            typed=refusal.typed if refusal else {},
            visit=visit,
            lines=await self._book.lines(visit.id),
            codes=scan,
            scans=self._proofs and (self._settings.telegram_bot or self._settings.chat_url),
            mails=self._proofs is not None,
            ticket=secrets.token_hex(16),
            longest=self._settings.max_message,
        )

    def _nobody(self, request: Request, role: Role) -> Response:
        say = words_of(request)
        return page(request, "confirm.html", role, say["nobody"], 404, lines=[say["visit_is_over"]])

    # --- proofs ---

    async def _code(self, request: Request, role: Role) -> Response:
        visit = await self._book.visit(str(request.path_params["id"]))
        if visit is None:
            return self._nobody(request, role)
        chat = words_of(request)["our_web_chat"]
        scan = await codes(self._proofs, visitor(visit.id, visit.name), self._settings, chat)
        return await self._shown(request, role, visit, scan=scan)

    async def _link(self, request: Request, role: Role) -> Response:
        visit = await self._book.visit(str(request.path_params["id"]))
        if visit is None or not visit.email:
            return self._nobody(request, role)
        fault = await self._mail(visit)
        told = Refusal(422 if fault else 200, fault or "link_on_its_way", email=visit.email)
        return await self._shown(request, role, visit, told)

    async def _mail(self, visit: Visit) -> str:
        """Send a link to the address that was given; the sentence that says why it was not."""
        if self._proofs is None:
            return "no_way"
        who = visitor(visit.id, visit.name)
        try:
            to = Address("email", visit.email)
            await self._proofs.send_link(who, to, f"{self._home}confirm/")
        except Refused as refused:
            return refused.code if refused.code in UNSENT else "not_sent"
        return ""

    async def _confirm(self, request: Request) -> Response:
        """A page with a button, since machines follow links; and what pressing it does."""
        say = words_of(request)
        if request.method != "POST":
            title, lines, button = say["was_it_you"], [say["somebody_gave"]], say["it_was_me"]
            return page(request, "confirm.html", "", title, lines=lines, button=button)
        token, proofs = str(request.path_params["token"]), self._proofs
        proved = None if proofs is None else await proofs.confirm_link(token)
        if proved is None:
            return page(request, "confirm.html", "", say["was_it_you"], 410, lines=[say["stale"]])
        lines = [say["is_yours"].format(address=proved.value)]
        return page(request, "confirm.html", "", say["thanks"], lines=lines)

    async def _style(self, request: Request) -> Response:
        return pages.style(request)
