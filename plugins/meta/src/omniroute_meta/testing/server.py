"""The fake as a server: the Graph API over HTTP, and posts to a webhook until it says yes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

import httpx2 as httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from omniroute.testing.fakes import Fake, broken
from omniroute.testing.fakes import serving as served
from omniroute_meta.signing import HEADER, sign
from omniroute_meta.testing.calls import Call, answer
from omniroute_meta.testing.people import Person
from omniroute_meta.testing.world import (
    APP_SECRET,
    BUSINESS,
    IDS,
    TOKEN,
    WHATSAPP,
    GraphError,
    Json,
    Message,
    Talk,
    World,
)

Post: TypeAlias = Callable[[bytes, Mapping[str, str]], Awaitable[int]]
AGAIN: Final = (0.01, 0.05, 0.2)  # s until a webhook is called again; Meta takes longer


class FakeMeta(Fake):
    """Meta, with a number of WhatsApp's, a page and a professional account of Instagram's."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.world = World(clock)
        self.ids = dict(IDS)
        self.token, self.app_secret = TOKEN, APP_SECRET
        self.signs: list[Json] = []  # of typing
        self.waiting: list[Json] = []  # posts that were not answered with a yes
        self.last: Json = {}
        self._told = asyncio.Event()

    # --- people ---

    def person(
        self, of: str, name: str, *, id: str = "", scoped: str = "", hides: bool = False
    ) -> Person:
        """Somebody new on one of the three."""
        number = self.world.number()
        id = id or (f"4915550{number:05d}" if of == WHATSAPP else f"24{number:014d}")
        talk = Talk(id, name, name.lower().replace(" ", "."), scoped)
        self.world.talks[of, id] = talk
        return Person(self, of, talk, hides=hides)

    def link(self, id: str) -> str:
        """Where everybody gets a file."""
        return f"{self.url}/cdn/{id}/{self.world.files[id].name}"

    # --- what is posted ---

    def change(self, name: str, *items: Json, **more: object) -> Json:
        """An entry's changes as WhatsApp has them."""
        about = {"phone_number_id": self.ids[WHATSAPP], "display_phone_number": "15550783881"}
        value = {"messaging_product": "whatsapp", "metadata": about, **more, name: list(items)}
        return {"changes": [{"field": "messages", "value": value}]}

    def body(self, of: str, *entries: Json) -> Json:
        """A post."""
        id = BUSINESS if of == WHATSAPP else self.ids[of]
        now = int(self.world.now() * 1000)
        return {"object": of, "entry": [{"id": id, "time": now, **entry} for entry in entries]}

    def post(self, of: str, *entries: Json) -> None:
        """Have the webhook told."""
        self.put(self.body(of, *entries))

    def put(self, body: Json) -> None:
        """Have the webhook told just that."""
        self.waiting.append(body)
        self.last = body
        self._told.set()

    def status(self, talk: Talk, message: Message, status: str, error: Json | None = None) -> None:
        """What became of a message (WhatsApp)."""
        item: Json = {"id": message.id, "status": status, "recipient_id": talk.id}
        item["timestamp"] = str(int(self.world.now()))
        if message.opaque:
            item["biz_opaque_callback_data"] = message.opaque
        if error:
            item["errors"] = [error]
        self.post(WHATSAPP, self.change("statuses", item))

    def signed(self, body: Json, secret: str = "") -> tuple[bytes, dict[str, str]]:
        """A post as it goes over the wire."""
        raw = json.dumps(body, ensure_ascii=True).encode()
        headers = {HEADER: sign(secret or self.app_secret, raw)}
        return raw, headers | {"content-type": "application/json"}

    async def push(self, post: Post) -> None:
        """Post what is to be told, one after the other, until cancelled."""
        tries = 0
        while True:
            self._told.clear()
            if not self.waiting:
                await self._told.wait()
                continue
            status = await post(*self.signed(self.waiting[0]))
            self.pushed.append(status)
            self.ring()
            if 200 <= status < 300:
                tries = 0
                del self.waiting[0]
            else:
                await asyncio.sleep(AGAIN[min(tries, len(AGAIN) - 1)])
                tries += 1

    # --- the Graph API ---

    def app(self) -> Starlette:
        """All of it as one application."""
        cdn = Route("/cdn/{id}/{name:path}", self._file)
        return Starlette(routes=[cdn, Route("/{path:path}", _Api(self))])

    async def _file(self, request: Request) -> Response:
        stored = self.world.files.get(request.path_params["id"])
        if stored is None:
            return Response(status_code=404)
        return Response(stored.data, media_type=stored.media_type)


class _Api:
    """The endpoint; an ASGI application, so that a fault may break the connection."""

    def __init__(self, fake: FakeMeta) -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await Call.read(Request(scope, receive))
        fault = self._fake.faults.next(call.name)
        if fault is not None and fault.how == "disconnect":
            return await broken(send)
        headers: dict[str, str] = {}
        try:
            if fault is not None and fault.how == "error":
                if fault.retry_after:
                    headers["Retry-After"] = str(fault.retry_after)
                raise GraphError(fault.code or 500, int(fault.error or 2), "a fault that is played")
            response = answer(self._fake, call)
        except GraphError as error:
            response = JSONResponse(error.json(), error.status, headers)
        if fault is not None and fault.how == "drop":
            return await broken(send)
        if fault is not None and fault.how == "delay":
            await asyncio.sleep(fault.seconds)
        return await response(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(
    fake: FakeMeta, port: int = 0, *, hook: str = "", post: Post | None = None
) -> AsyncIterator[FakeMeta]:
    """Serve *fake* on this machine, at a free port unless one is named.

    Posts go to the address *hook*, or by *post*, which a test brings.
    """
    post = post or (partial(_over_http, hook) if hook else None)
    works = [fake.push(post)] if post else []
    async with served(fake.app(), port, *works) as url:
        fake.url = url
        yield fake


async def _over_http(hook: str, raw: bytes, headers: Mapping[str, str]) -> int:
    async with httpx.AsyncClient(timeout=20, trust_env=False, verify=False) as client:
        try:
            return (await client.post(hook, content=raw, headers=dict(headers))).status_code
        except httpx.HTTPError:
            return 0
