"""The channel: authenticates what arrives, keeps it, says yes; sends by one call."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from omniroute import (
    Busy,
    Calls,
    Cap,
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
    body_of,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute_example import parse, signing
from omniroute_example.settings import Config as Settings

log = logging.getLogger(__name__)

LARGEST: Final = 1024 * 1024  # bytes of a request; a message is far smaller
AGAIN: Final = "↻ (This may have reached you already.)"


class ExampleChannel:
    """One account on Example."""

    kind: ClassVar[str] = "example"
    label: ClassVar[str] = "Example"
    caps: ClassVar[Cap] = Cap.LIVE | Cap.EDIT_IN
    max_text: ClassVar[int] = 1900  # it takes 2000; there is room for the mark of a repeat
    Config: ClassVar[type] = Settings

    def __init__(self, account: str, config: Settings, site: Site) -> None:
        self.account = account
        self._config = config
        self._place = f"channels.{account}"
        self._calls = Calls("Example", config.api_url, bearer=config.token, patience=10)
        self._intake: Intake | None = None  # while we listen

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        """What a customer did.  Pure."""
        return parse.read(raw)

    def routes(self) -> Sequence[BaseRoute]:
        """Where Example calls us."""
        return [Route("/hook", self._hook, methods=["POST"])]

    async def _hook(self, request: Request) -> Response:
        """An event: 200 when it is kept, and not before."""
        raw = await body_of(request, LARGEST)
        secret = self._config.signing_secret.reveal()
        shown = request.headers.get(signing.HEADER, "")
        if not signing.is_signed(secret, raw, shown, time.time()):
            return Response(status_code=401)
        if self._intake is None:
            return Response(status_code=503)  # Example comes again
        try:
            # What is told twice has the same bytes, and is kept once.
            await self._intake.accept(raw, key=hashlib.sha256(raw).hexdigest())
        except Busy:
            return Response(status_code=503)
        return Response(status_code=200)

    async def listen(self, intake: Intake) -> None:
        """Take events in until cancelled.  Raises `ConfigError` for a token that opens nothing."""
        async with self._calls.open():
            try:
                await self._introduce()
                self._intake = intake
                intake.ready()
                await asyncio.Event().wait()
            finally:
                self._intake = None

    async def _introduce(self) -> None:
        """See that the token opens something; where Example is away we go on."""
        try:
            await self._call("GET", "/me")
        except NotAuthorised as error:
            fault = "Example does not know this token"
            raise ConfigError(f"{self._place}.token", fault, error.fix) from None
        except (Retry, Rejected) as error:
            log.error("example “%s”: cannot be reached yet: %s", self.account, error)

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """One message by one call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        text = f"{out.text}\n\n{AGAIN}" if out.repeat else out.text
        sent = await self._call("POST", "/messages", {"chat": out.conversation, "text": text})
        return Receipt((str(sent["id"]),))

    async def check(self) -> Health:
        """Whether the token opens the account."""
        try:
            found = await self._call("GET", "/me")
        except NotAuthorised as error:
            return Health(False, "Example does not know this token", error.fix)
        except (Retry, Rejected) as error:
            fix = f"see whether this machine reaches {self._config.api_url}"
            return Health(False, str(error), fix)
        return Health(True, f"open as {found.get('name')}")

    async def _call(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Call Example; every way in which that can fail has its error."""
        answer = await self._calls.call(method, path, json=body)
        if answer.ok:
            return answer.said
        fix = f"copy the token anew from Example's page into {self._place}.token"
        why = str(answer.said.get("error", ""))  # Example's own words, if it has any
        raise self._calls.failure(answer, fix, why, method=method)
