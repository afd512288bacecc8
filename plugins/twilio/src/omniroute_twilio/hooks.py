"""Where Twilio calls us: each request authenticated as it came, kept, and only then answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Busy, Intake, body_of
from omniroute_twilio import signing, twiml
from omniroute_twilio.envelope import Envelope, pack
from omniroute_twilio.fetching import Fetching, media_of
from omniroute_twilio.memory import Memory
from omniroute_twilio.numbers import OVER_WHATSAPP
from omniroute_twilio.parse import ARRIVED, FAILED
from omniroute_twilio.settings import Account
from omniroute_twilio.words import word_of

log = logging.getLogger(__name__)

LARGEST: Final = 256 * 1024  # bytes of a request; Twilio's have a few thousand
MOST: Final = 200  # fields
REMEMBERED: Final = 10_000  # messages that need not be looked for in Twilio's log
Params: TypeAlias = dict[str, str]
Do: TypeAlias = Callable[[Intake, Params, Mapping[str, str]], Awaitable[str]]
"""What a request does; the TwiML that answers it.  Raises `Busy`."""


class Later(msgspec.Struct, frozen=True):
    """A request that a node which follows has kept for the one that writes."""

    path: str
    at: int  # ms since the epoch
    params: Params
    query: dict[str, str]


class Hooks:
    """The requests of one account; *base* is its public address."""

    def __init__(
        self,
        config: Account,
        base: str,
        memory: Memory,
        fetching: Fetching,
        clock: Callable[[], int],
    ) -> None:
        self.intake: Intake | None = None  # while we listen
        self.stands_in: Intake | None = None  # while another node writes, or none
        self.base = base
        self._config, self._memory = config, memory
        self._fetching, self._clock = fetching, clock
        self._taken: dict[str, None] = {}  # the latest messages, by SID
        self._later = {"/message": self._take_message, "/status": self._take_status}

    def routes(self) -> list[BaseRoute]:
        """What is asked of both channels."""
        return [self.route("/message", self._message), self.route("/status", self._status)]

    def route(self, path: str, do: Do) -> BaseRoute:
        """A route at which *do* is done with what Twilio has signed."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, path, do)

        return Route(path, answer, methods=["POST"])

    async def _answer(self, request: Request, path: str, do: Do) -> Response:
        raw = await body_of(request, LARGEST)
        try:
            fields = parse_qsl(
                raw.decode(), keep_blank_values=True, strict_parsing=bool(raw),
                errors="strict", max_num_fields=MOST,
            )  # fmt: skip
        except ValueError:
            return Response(status_code=400)
        url = self.base + path + (f"?{request.url.query}" if request.url.query else "")
        shown = request.headers.get(signing.HEADER, "")
        if not signing.is_signed(self._config.auth_token.reveal(), url, fields, shown):
            return Response(status_code=403)
        params, query = dict(fields), dict(request.query_params)
        try:
            if self.stands_in is not None and path in self._later:
                said = await self._put_off(self.stands_in, path, params, query)
            elif self.intake is not None:
                said = await do(self.intake, params, query)
            else:
                return Response(status_code=503)
        except Busy:
            return Response(status_code=503)
        return Response(said, media_type="text/xml")

    # --- for the node that writes ---

    async def _put_off(
        self, intake: Intake, path: str, params: Params, query: Mapping[str, str]
    ) -> str:
        """Keep a text, or a report, as it came: the writer knows who has said STOP.

        Calls are not put off: what their next step is depends on the ones before.
        """
        kept = Later(path, self._clock(), params, dict(query))
        key = f"{path}/{params.get('MessageSid', '')}/{params.get('MessageStatus', '')}"
        await intake.accept(msgspec.json.encode(kept), key=key)
        return self._answered(params) if path == "/message" else twiml.NOTHING

    async def take_up(self, raw: bytes) -> None:
        """Take in what another node has put off.  Raises `Busy`."""
        if self.intake is None:
            raise Busy("nobody listens yet")
        kept = msgspec.json.decode(raw, type=Later)
        await self._later[kept.path](self.intake, kept.params, kept.query, kept.at)

    async def _take_message(
        self, intake: Intake, params: Params, query: Mapping[str, str], at: int
    ) -> None:
        await self.take(intake, params, at)

    # --- texts ---

    async def _message(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        await self.take(intake, params, self._clock())
        return self._answered(params)

    def _answered(self, params: Params) -> str:
        text = getattr(self._config, "help_text", "")
        asks = word_of(params) == "help" and "OptOutType" not in params  # else Twilio has answered
        return twiml.message(text) if text and asks else twiml.NOTHING

    async def take(self, intake: Intake, params: Params, at: int) -> None:
        """Keep a text that a customer wrote at a time.  Raises `Busy`."""
        if not params.get("MessageSid") or not params.get("From"):
            log.warning("a request of Twilio's that is no message was left out")
            return
        self._heed(params, at)
        files = await self._fetching.all(media_of(params))
        envelope = Envelope("message", at, params, files=files)
        sid = params["MessageSid"]
        await intake.accept(pack(envelope), key=f"message/{sid}")
        self._taken[sid] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def has_taken(self, sid: str) -> bool:
        """Whether a message was kept lately, by this process."""
        return sid in self._taken

    def _heed(self, params: Params, at: int) -> None:
        """Note who wants nothing any more, and who does again."""
        number = params["From"].removeprefix(OVER_WHATSAPP)
        word = word_of(params)
        if word == "stop":
            self._memory.stop(number, at)
        elif word == "start" or params.get("Body", "").strip().lower() == "yes":
            self._memory.start(number)

    # --- what became of ours ---

    async def _status(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        """A report on a message of ours; which one stands in the address that we gave."""
        await self._take_status(intake, params, query, self._clock())
        return twiml.NOTHING

    async def _take_status(
        self, intake: Intake, params: Params, query: Mapping[str, str], at: int
    ) -> None:
        status, of = params.get("MessageStatus", ""), query.get("of", "")
        if status in (*ARRIVED, *FAILED) and of:
            envelope = Envelope("status", at, params, of=of)
            key = f"status/{params.get('MessageSid', '')}/{status}"
            await intake.accept(pack(envelope), key=key)
