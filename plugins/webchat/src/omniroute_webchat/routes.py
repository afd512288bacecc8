"""The web side: what a browser may ask, and what it is answered.

* ``GET  /``         the page; ``widget.js`` puts it on another page
* ``POST session``   begin, go on, or say who the visitor is, by a token
* ``GET  session``   what there is, making nothing
* ``DELETE session`` sign out
* ``POST messages``  say something; 200 only when it is kept for good
* ``POST answers``   press a number below a line that asks, or say something about it
* ``POST files``     bring a file, as the body, ``?name=``; it goes with a message that follows
* ``GET  files/…``   a file of a line, by the address that stands in it
* ``POST writing``   somebody is typing; nothing of it is kept
* ``GET  stream``    lines as they come (Server-Sent Events)
* ``GET  lines``     lines as they are
* ``POST proof``     name an e-mail address, type the code that was sent there, or bring a link
* ``POST proof/link`` a link to go on in Telegram as the same person
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Address, Busy, Proofs, Rate, Refused, Site
from omniroute_webchat import asking
from omniroute_webchat import attachments as attaching
from omniroute_webchat import mailbox as lines
from omniroute_webchat.addresses import normalised
from omniroute_webchat.attachments import Attachments
from omniroute_webchat.goings import Ear, Goings
from omniroute_webchat.mailbox import Closed, Effort, Line, Mailbox, Spoken
from omniroute_webchat.origins import Origins
from omniroute_webchat.pages import Pages
from omniroute_webchat.parse import Brought, Said, key, sender_of
from omniroute_webchat.problem import Problem, answer, busy, not_listening, too_fast
from omniroute_webchat.requests import (
    last_seen,
    number,
    read_claim,
    read_given,
    read_message,
    read_opening,
)
from omniroute_webchat.sessions import Opened, Session, Sessions
from omniroute_webchat.settings import Settings
from omniroute_webchat.streams import AT_ONCE, HEARTBEAT, EventStream, Streams

log = logging.getLogger(__name__)

AT_A_TIME = 100  # lines of history
HEADER = "x-chat-session"
SIGNS = 30  # a minute, of a visitor who is typing; more are dropped

Answering = Callable[[Request], Awaitable[Response]]


class Routes:
    """The endpoints of one account."""

    def __init__(  # what an account is made of
        self,
        account: str,
        settings: Settings,
        site: Site,
        mailbox: Mailbox,
        sessions: Sessions,
        streams: Streams,
        ear: Ear,
        attachments: Attachments,
    ) -> None:
        self._account, self._settings = account, settings
        self._mailbox, self._sessions = mailbox, sessions
        self._streams, self._ear = streams, ear
        self._attachments = attachments
        self._brought = Rate(settings.files_per_minute, attaching.MOST)
        self._origins = Origins(site.public_url, settings.allowed_origins)
        self._pages = Pages(settings, site, self._origins)
        self._said = Rate(settings.messages_per_minute, settings.burst)
        self._typed = Rate(SIGNS, 2)
        self._begun = Rate(settings.new_sessions_per_minute, settings.new_sessions_per_minute or 1)
        self._lent = site.proofs
        self._cookie = f"omniroute_chat_{account}"
        self._goings = Goings(settings.left_after, streams, ear)
        self._secure = site.public_url.startswith("https://")

    def all(self) -> Sequence[BaseRoute]:
        """Mounted by the engine.  They are tried in turn, so what is asked most comes first."""
        return [
            self._route("/messages", self._say, "POST"),
            self._route("/session", self._session, "GET", "POST", "DELETE"),
            self._route("/writing", self._writes, "POST"),
            self._route("/answers", self._answer, "POST"),
            self._route("/files", self._bring, "POST"),
            self._route("/files/{id}", self._attachments.fetch, "GET"),
            self._route("/lines", self._lines, "GET"),
            self._route("/stream", self._stream, "GET"),
            self._route("/proof", self._prove, "POST"),
            self._route("/proof/link", self._link, "POST"),
            *self._pages.routes(),
        ]

    def _route(self, path: str, answering: Answering, *methods: str) -> Route:
        return Route(path, self._guarded(answering), methods=[*methods, "OPTIONS"])

    def _guarded(self, answering: Answering) -> Answering:
        """Only pages that may, only while we listen; problems become answers."""

        async def guarded(request: Request) -> Response:
            try:
                self._origins.check(request)
                if request.method == "OPTIONS":
                    response = Response(status_code=204)
                elif self._ear.intake is None:
                    raise not_listening()
                else:
                    response = await answering(request)
            except Problem as problem:
                response = problem.response()
            except Closed:
                response = not_listening().response()
            except sqlite3.Error:  # a full disk; the browser comes again with the same id
                response = busy().response()
            response.headers.update(self._origins.share(request))
            return response

        return guarded

    # --- session -------------------------------------------------------------------------------

    async def _session(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._open(request)
        session = await self._sessions.find(self._secret(request))
        if request.method == "DELETE":
            if session is not None:
                await self._sessions.end(session)
                self._streams.end(session.visitor)
            response = answer({"open": False})
            response.delete_cookie(self._cookie, path=self._path(request))
            return response
        if session is None:
            return answer({"open": False})
        return answer(_about(session))

    async def _open(self, request: Request) -> Response:
        wanted = await read_opening(request)
        secret = self._secret(request)
        known = await self._sessions.find(secret)
        address = request.client.host if request.client else ""
        wait = self._begun.wait(known.visitor if known else address)
        if wait:
            raise too_fast(wait)
        opened = await self._sessions.open(secret, wanted.token)
        if opened.ended:
            self._streams.end(opened.ended)
        if opened.reason is not None:
            log.info("webchat %s: a token was refused: %s", self._account, opened.reason)
        secret = opened.secret or secret
        response = answer(_about(opened.session, opened, secret if wanted.embedded else ""))
        if not wanted.embedded:
            self._give_cookie(request, response, secret)
        return response

    def _secret(self, request: Request) -> str:
        """What the browser shows.  An embedded page names its session itself, if only as none."""
        return request.headers.get(HEADER, request.cookies.get(self._cookie, ""))

    def _give_cookie(self, request: Request, response: Response, secret: str) -> None:
        response.set_cookie(
            self._cookie,
            secret,
            max_age=self._settings.session_days * 24 * 3600,
            path=self._path(request),
            secure=self._secure or request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def _path(self, request: Request) -> str:
        return str(request.scope.get("root_path", "")) + "/"

    async def _known(self, request: Request) -> Session:
        session = await self._sessions.find(self._secret(request))
        if session is None:
            raise Problem(401, "no_session", "This chat has ended here; begin a new one.")
        return session

    # --- proofs --------------------------------------------------------------------------------

    async def _prove(self, request: Request) -> Response:
        """A visitor names an address, types the code that was sent there, or comes by a link."""
        session, proofs = await self._known(request), self._proofs()
        claim = await read_claim(request)
        who = sender_of(_said(session, "", ""), self._account)
        try:
            if claim.link:
                if not await proofs.redeem_link(claim.link, who):
                    raise Problem(422, "bad_link", "This link was used before, or is too old.")
                return answer({"linked": True})
            if claim.code:
                proved = await proofs.redeem_code(who, claim.code)
                return answer({"verified": proved.value})
            email = normalised(claim.email)
            if not email:
                raise Problem(422, "email", "That is no e-mail address.")
            await proofs.send_code(who, Address("email", email))
        except Refused as refused:
            status = {"too_many": 429, "not_sent": 503}.get(refused.code, 422)
            raise Problem(status, refused.code, refused.text) from None
        return answer({"sent": True})

    async def _link(self, request: Request) -> Response:
        """A link by which the visitor goes on in Telegram, as the same person."""
        session, proofs = await self._known(request), self._proofs()
        if not self._settings.telegram_bot:
            raise Problem(404, "no_way", "There is no other place to go on.")
        wait = self._said.wait(session.visitor)
        if wait:
            raise too_fast(wait)
        token = await proofs.make_link(sender_of(_said(session, "", ""), self._account))
        return answer({"url": f"https://t.me/{self._settings.telegram_bot}?start={token}"})

    def _proofs(self) -> Proofs:
        if self._lent is None:
            raise Problem(404, "no_way", "No address can be proved here.")
        return self._lent

    # --- lines ---------------------------------------------------------------------------------

    async def _say(self, request: Request) -> Response:
        intake = self._ear.intake
        if intake is None:
            raise not_listening()
        session = await self._known(request)
        wait = self._said.wait(session.visitor)
        if wait:
            raise too_fast(wait)
        if self._mailbox.full:
            raise busy()
        message = await read_message(request, self._settings.max_message)
        files = await self._attachments.brought(session, message.files)
        said = _said(session, str(message.id), message.text, files)
        try:
            await intake.accept(msgspec.json.encode(said), key=key(said))
        except Busy:
            raise busy() from None
        # From here on it is safe.  If we die before the next line, the browser has no answer and
        # comes again with the same id: the intake takes it for what it is, and the line follows.
        line = Spoken(*(said.conversation, said.session, said.id), said.name, said.text, said.at)
        if message.files:
            await self._keep(line, message.files)
        else:
            self._mailbox.say(line)
        self._streams.wake(said.conversation)
        return answer({"id": said.id})

    async def _answer(self, request: Request) -> Response:
        """What somebody presses below a question of ours, or says about it in words."""
        intake = self._ear.intake
        if intake is None:
            raise not_listening()
        session = await self._known(request)
        if wait := self._said.wait(session.visitor):
            raise too_fast(wait)
        given = await read_given(request, self._settings.max_message)
        now = int(time.time() * 1000)
        asked = await self._mailbox.do(
            lambda db: asking.found(db, session.conversations, given.id, now)
        )
        if asked is None:
            raise Problem(404, "over", "That question is over.")
        line, asks = asked
        if not given.words and given.value not in {choice.value for choice in asks.choices}:
            raise Problem(422, "no_answer", "That is none of the answers.")
        if given.words and (asks.said or not asks.chosen):
            raise Problem(409, "said", "That was said before, or nothing was chosen yet.")
        text = given.words or given.value
        said = msgspec.structs.replace(
            _said(session, str(given.key), text), answers=given.id, words=bool(given.words)
        )
        try:
            await intake.accept(msgspec.json.encode(said), key=key(said))
        except Busy:
            raise busy() from None
        value = "" if given.words else given.value
        await self._mailbox.do(lambda db: asking.answer(db, line, value), Effort.WRITE)
        return answer({"id": given.id})

    async def _bring(self, request: Request) -> Response:
        session, settings = await self._known(request), self._settings
        name = request.query_params.get("name", "")
        if not settings.max_file:
            raise Problem(403, "no_files", "No files are taken here.")
        if settings.file_types and not name.lower().endswith(tuple(settings.file_types)):
            raise Problem(415, "file_type", f"Files taken here: {', '.join(settings.file_types)}.")
        if wait := self._brought.wait(session.visitor):
            raise too_fast(wait)
        file = await self._attachments.bring(session, name, request, settings.max_file)
        return answer(self._attachments.at(session, file))

    async def _writes(self, request: Request) -> Response:
        session, intake = await self._known(request), self._ear.intake
        if intake is not None and not self._typed.wait(session.visitor):
            intake.writing(sender_of(_said(session, "", ""), self._account))
        return Response(status_code=204)

    async def _keep(self, line: Spoken, files: Sequence[str]) -> None:
        def work(db: sqlite3.Connection) -> None:
            attaching.belong(db, line.conversation, lines.add_line(db, *line), files)

        await self._mailbox.do(work, Effort.WRITE)

    async def _lines(self, request: Request) -> Response:
        session = await self._known(request)
        if "after" in request.query_params:
            after = number(request, "after", 0)
            found = await self._after(session, after)
            return answer({"lines": found, "more": len(found) == AT_ONCE})
        before = number(request, "before", 2**62)
        older = await self._mailbox.do(
            lambda db: lines.lines_before(db, session.conversations, before, AT_A_TIME + 1)
        )
        shown = self._attachments.shown(session, older[-AT_A_TIME:])
        return answer({"lines": shown, "more": len(older) > AT_A_TIME})

    async def _stream(self, request: Request) -> Response:
        after = last_seen(request)
        session = await self._known(request)
        if request.method == "HEAD":  # which has no body to wait for
            return Response(media_type=EventStream.media_type)
        stream = self._streams.open(session.visitor, session.conversations)
        if stream is None:
            raise Problem(429, "streams", "This chat is open in too many windows.", 5)

        async def read(seen: int) -> Sequence[Line]:
            return await self._after(session, seen)

        closed = partial(self._goings.perhaps, session)
        return EventStream(self._streams, stream, read, after, HEARTBEAT, closed)

    async def _after(self, session: Session, seq: int) -> Sequence[Line]:
        found = await self._mailbox.do(
            lambda db: lines.lines_after(db, session.conversations, seq, AT_ONCE)
        )
        return self._attachments.shown(session, found)


def _about(session: Session, opened: Opened | None = None, secret: str = "") -> dict[str, object]:
    about: dict[str, object] = {
        "open": True,
        "identified": bool(session.user),
        "name": session.name,
        "visitor": session.visitor,
    }
    if opened is not None:
        about["reason"] = opened.reason
    if secret:
        about["session"] = secret
    return about


def _said(session: Session, id: str, text: str, files: tuple[Brought, ...] = ()) -> Said:
    return Said(
        files=files,
        id=id,
        session=session.visitor,
        conversation=session.conversation,
        text=text,
        at=int(time.time() * 1000),
        sub=session.sub,
        email=session.email,
        name=session.name,
        joined=session.joined,
    )
