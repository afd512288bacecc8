"""The web side: what an integration may ask, each request signed.

* ``POST NAME/events``   one thing that somebody did; 200 only when it is kept for good
* ``POST NAME/poll``     what waits for this integration's customers, now or soon
* ``GET  openapi.json``  what may be said, for programs
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from functools import cached_property
from typing import Final, Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Busy, Closed, Intake, body_of
from omniroute_http import parse, signing, wire
from omniroute_http.description import description
from omniroute_http.parse import Envelope
from omniroute_http.settings import Integration, Settings
from omniroute_http.waiting import Waiting

SLOWEST: Final = 30.0  # s until a body has arrived


class Ear(Protocol):
    """Whoever listens, while they do."""

    intake: Intake | None


class Fault(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str, text: str, retry_after: int = 0) -> None:
        super().__init__(error)
        self.status, self.error, self.text, self.retry_after = status, error, text, retry_after

    def response(self) -> Response:
        """It, as an integration reads it."""
        more = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return _answer(wire.Problem(error=self.error, text=self.text), self.status, more)


class Routes:
    """The endpoints of one account."""

    def __init__(self, account: str, settings: Settings, waiting: Waiting, ear: Ear) -> None:
        self._account, self._settings = account, settings
        self._waiting, self._ear = waiting, ear

    def all(self) -> Sequence[BaseRoute]:
        """Mounted by the engine."""
        return [
            Route("/{integration}/events", self._event, methods=["POST"]),
            Route("/{integration}/poll", self._poll, methods=["POST"]),
            Route("/openapi.json", self._describe, methods=["GET"]),
        ]

    async def _event(self, request: Request) -> Response:
        try:
            name, integration, body = await self._signed(request)
            await self._take(name, integration, body, request.headers[signing.ID])
        except Fault as fault:
            return fault.response()
        return _answer(wire.Kept())

    async def _take(self, name: str, integration: Integration, body: bytes, id: str) -> None:
        try:
            event = parse.event_in(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Fault(422, "invalid", f"{error}".rstrip(".") + ".") from None
        intake = self._listening()
        if isinstance(event, wire.Typing):
            return intake.writing(parse.sender_of(event.person, name, self._account))
        envelope = Envelope(
            name,
            int(time.time() * 1000),
            msgspec.Raw(body),
            list(integration.vouches),
            integration.one_id_per_person,
        )
        try:
            # A message is known by its own id, whatever name a second telling of it bears.
            key = f"message/{event.id}" if isinstance(event, wire.Message) else f"event/{id}"
            await intake.accept(parse.pack(envelope), key=f"{name}/{key}")
        except Busy:
            raise Fault(503, "busy", "It could not be kept just now; come again.", 2) from None

    async def _poll(self, request: Request) -> Response:
        try:
            name, integration, body = await self._signed(request)
            if integration.webhook:
                raise Fault(409, "webhook", "Answers are posted to your webhook; nothing waits.")
            try:
                asked = msgspec.json.decode(body, type=wire.Poll)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Fault(422, "invalid", f"{error}".rstrip(".") + ".") from None
            self._listening()
            try:
                return Response(
                    await self._waiting.news(name, asked.after, asked.wait),
                    headers={"Cache-Control": "no-store"},
                    media_type="application/json",
                )
            except (Closed, sqlite3.Error):
                raise Fault(503, "busy", "It cannot be read just now; come again.", 2) from None
        except Fault as fault:
            return fault.response()

    def _listening(self) -> Intake:
        if self._ear.intake is None:
            raise Fault(503, "not_listening", "The channel is starting; come again.", 1)
        return self._ear.intake

    async def _signed(self, request: Request) -> tuple[str, Integration, bytes]:
        """Who asks, and what, if it is signed.  Raises `Fault`."""
        name = str(request.path_params["integration"])
        integration = self._settings.integrations.get(name)
        unsigned = Fault(
            401, "signature", "The signature is missing, wrong, or more than five minutes old."
        )
        if integration is None or not signing.is_timely(request.headers, time.time()):
            raise unsigned
        body = await self._read(request)
        if not signing.is_signed(integration.secrets, request.headers, body):
            raise unsigned
        return name, integration, body

    async def _read(self, request: Request) -> bytes:
        most = self._settings.largest
        try:
            return await body_of(request, most, SLOWEST)
        except HTTPException as error:
            if error.status_code == 413:
                raise Fault(413, "too_big", f"A request has at most {most} bytes.") from None
            raise Fault(408, "too_slow", "The request did not arrive in time.") from None

    async def _describe(self, request: Request) -> Response:
        return Response(self._description, media_type="application/json")

    @cached_property
    def _description(self) -> bytes:
        return msgspec.json.encode(description())


def _answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    more = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(value), status, more, "application/json")
