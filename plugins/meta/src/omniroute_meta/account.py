"""What the three kinds have in common: the webhook, the order of sending, what a doctor asks."""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, TypeAlias

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute import (
    Busy,
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
    Undelivered,
    body_of,
)
from omniroute_meta import accounts, settings
from omniroute_meta.batches import events, unpack
from omniroute_meta.envelope import Event, pack
from omniroute_meta.failures import TokenEnded
from omniroute_meta.fetching import Fetching
from omniroute_meta.graph import Graph
from omniroute_meta.memory import Latest, UnderWay
from omniroute_meta.signing import HEADER, is_signed

log = logging.getLogger(__name__)

LARGEST: Final = 3 * 1024 * 1024  # bytes of a post; Meta's have at most 3 MB
DAY: Final = 86_400.0
AGAIN: Final = "↻ (This may have reached you already.)"
UNDER_WAY: Final = 1_000  # messages whose parts are remembered until all have gone
TOKEN_FIX: Final = "make a token for the system user and set {place}.token"  # noqa: S105

Step: TypeAlias = Callable[[], Awaitable[str]]


class MetaChannel(ABC):
    """One account."""

    kind: ClassVar[str]
    caps: ClassVar[Cap]
    max_text: ClassVar[int]
    Config: ClassVar[type]
    anywhere: ClassVar[bool] = True  # nothing is kept that another node would have to know
    of: ClassVar[str]  # what Meta calls the object that the webhook is about
    answer_window: float = DAY

    def __init__(self, account: str, config: settings.Common, site: Site, id: str) -> None:
        self.account, self.id = account, id  # *id* is Meta's
        self.place = f"channels.{account}"
        self._config, self._site = config, site
        self.graph = Graph(config.token, config.api_url, self.place)
        self.fetching = Fetching(self.graph, config.max_file)
        self._intake: Intake | None = None  # while we listen
        self._under_way: Latest[str, UnderWay] = Latest(UNDER_WAY)  # messages by their keys
        self._strangers: set[str] = set()  # accounts of others that were told of
        accounts.enter(site.folder.parent, self)

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound | Undelivered]:
        """What an event says.  Pure."""
        mine = (event for event in unpack(raw) if (event.of, event.account) == (self.of, self.id))
        return [one for event in mine for one in self.read(event)]

    @abstractmethod
    def read(self, event: Event) -> Sequence[Inbound | Undelivered]:
        """What an event of this account says.  Pure."""

    @abstractmethod
    async def completed(self, event: Event) -> Event:
        """An event with what Meta gives out for a while only."""

    async def forget(self, values: Sequence[str]) -> None:
        """Nothing is remembered of whoever has these addresses."""
        for value in values:
            self.forgotten(value.removeprefix("+"))

    def forgotten(self, conversation: str) -> None:
        """Remember nothing of whoever is in a conversation."""
        self.fetching.forget(conversation)

    def routes(self) -> Sequence[BaseRoute]:
        """Where Meta calls us."""
        return [
            Route("/hook", self._challenged, methods=["GET"]),
            Route("/hook", self._posted, methods=["POST"]),
        ]

    async def _challenged(self, request: Request) -> Response:
        """Show Meta that the address is ours."""
        asked = request.query_params
        given = asked.get("hub.verify_token", "").encode()
        known = self._config.verify_token.reveal().encode()
        if asked.get("hub.mode") != "subscribe" or not hmac.compare_digest(given, known):
            return Response(status_code=403)
        return PlainTextResponse(asked.get("hub.challenge", ""))

    async def _posted(self, request: Request) -> Response:
        """Events: 200 when all of them are kept, and not before."""
        raw = await body_of(request, LARGEST)
        shown = request.headers.get(HEADER, "")
        if not is_signed(self._config.app_secret.reveal(), raw, shown):
            return Response(status_code=401)
        if self._intake is None:
            return Response(status_code=503)  # Meta comes again
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        try:
            await self._take(list(events(body)))
        except Busy:
            return Response(status_code=503)
        return Response(status_code=200)

    async def _take(self, batch: Sequence[Event]) -> None:
        """Keep each where it belongs, in their order.  Raises `Busy`."""
        theirs = [(event, self._owner(event)) for event in batch]
        whole = await asyncio.gather(
            *(owner.whole(event) for event, owner in theirs if owner is not None)
        )
        owners = [owner for _, owner in theirs if owner is not None]
        for event, owner in zip(whole, owners, strict=True):
            await owner.keep(event)

    def _owner(self, event: Event) -> MetaChannel | None:
        """The account that an event is about: this one, or a neighbour of the same app.

        Raises `Busy` for a neighbour that does not listen yet: Meta comes again.
        """
        if (event.of, event.account) == (self.of, self.id) or event.what == "other":
            return self
        other = accounts.find(self._site.folder.parent, event.of, event.account)
        if other is not None and other.trusts(self._config.app_secret.reveal()):
            if not other.is_listening:
                raise Busy("a neighbour is not listening")
            return other
        if event.account not in self._strangers:
            self._strangers.add(event.account)
            log.error(
                "%s “%s”: Meta tells of an account that is not set up here, %s of %s; add it to"
                " the settings, or unsubscribe it in the app",
                self.kind, self.account, event.account, event.of,
            )  # fmt: skip
        return None

    def trusts(self, app_secret: str) -> bool:
        """Whether what another account's app has signed counts here."""
        known = self._config.app_secret.reveal()
        return hmac.compare_digest(known.encode(), app_secret.encode())

    @property
    def is_listening(self) -> bool:
        """Whether events can be kept."""
        return self._intake is not None

    async def whole(self, event: Event) -> Event:
        """An event with all that reading it needs."""
        event = replace(event, at=int(time.time() * 1000))
        try:
            return await self.completed(event)
        except (KeyError, TypeError, ValueError, AttributeError):
            return event  # of a form that nobody knows: it is kept as it is

    async def keep(self, event: Event) -> None:
        """Give it to the engine.  Raises `Busy`."""
        if self._intake is None:
            raise Busy("not listening")
        self.noticed(event)
        await self._intake.accept(pack(event), key=event.key)

    def noticed(self, event: Event) -> None:  # noqa: B027 - nothing is worth remembering, mostly
        """An event has come; for what is worth remembering of it."""

    async def listen(self, intake: Intake) -> None:
        """Take events in until cancelled.  Raises `ConfigError` for a token that opens nothing."""
        async with self.graph.open():
            await self._introduce()
            try:
                self._intake = intake
                intake.ready()
                await self.attend()
            finally:
                self._intake = None

    async def attend(self) -> None:
        """What is done while we listen, until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def _introduce(self) -> None:
        """See that the token opens the account; where Meta is away we go on."""
        try:
            health = await self.look()
        except TokenEnded as error:
            raise ConfigError(f"{self.place}.token", "Meta does not take it", error.fix) from None
        except (Retry, Rejected, NotAuthorised) as error:
            log.error("%s “%s”: not looked at yet: %s", self.kind, self.account, error)
            return
        if not health.ok:
            log.error("%s “%s”: %s; %s", self.kind, self.account, health.found, health.fix)

    # --- out ---

    @abstractmethod
    def steps(self, out: Outbound) -> Sequence[Step]:
        """The calls that send a message; each gives the id of what it has sent."""

    async def send(self, out: Outbound) -> Receipt:
        """One message: one call, and one more for each further file.

        What has gone is remembered, so that a further attempt goes on after it.  Raises `Retry`,
        `Rejected` or `NotAuthorised`.
        """
        key = out.idempotency_key
        gone = self._under_way.get(key) or self._under_way.put(key, UnderWay())
        if out.repeat and not gone.ids and not out.template:
            gone.marked = True
        steps = self.steps(_marked(out) if gone.marked else out)
        for step in steps[len(gone.ids) :]:
            gone.ids.append(await step())
        self._under_way.pop(key, None)
        return Receipt(tuple(gone.ids))

    # --- the doctor's ---

    @abstractmethod
    async def look(self) -> Health:
        """What the token opens.  Raises as `Graph.call` does."""

    async def check(self) -> Health:
        """Whether the token opens the account, and Meta tells us of it."""
        try:
            return await self.look()
        except NotAuthorised as error:
            fix = TOKEN_FIX.format(place=self.place)
            return Health(False, f"Meta does not take the token: {error.fix}", fix)
        except (Retry, Rejected) as error:
            fix = f"see whether this machine reaches {self._config.api_url}, and the ids in {{}}"
            return Health(False, str(error), fix.format(self.place))


def _marked(out: Outbound) -> Outbound:
    """A message that may have gone before, and says so."""
    return dataclasses.replace(out, text=f"{out.text}\n\n{AGAIN}".strip())
