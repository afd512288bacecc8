"""The fake as a server: the Bot API over HTTP, webhooks pushed, and the people's side beside it.

It is one Starlette application, to be mounted or served on a port of its own (`serving`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from omniroute.testing.fakes import Fake, Fault, broken
from omniroute.testing.fakes import serving as served
from omniroute_telegram.testing import page
from omniroute_telegram.testing.calls import METHODS, Call, Upload
from omniroute_telegram.testing.methods import METHODS as _TALKING
from omniroute_telegram.testing.more_methods import METHODS as _OTHERS
from omniroute_telegram.testing.people import Chat, Person
from omniroute_telegram.testing.updates import Updates
from omniroute_telegram.testing.world import ApiError, ChatRoom, Json, Limits, World

assert _TALKING is METHODS is _OTHERS

AGAIN: Final = (0.05, 0.2, 1.0)  # s until a webhook is called again; Telegram takes longer


class FakeTelegram(Fake):
    """Telegram, with one bot.  *clock* gives seconds since the epoch."""

    def __init__(
        self,
        token: str = "7000000001:TEST-of-no-value-to-anybody",  # noqa: S107 - opens this fake only
        *,
        username: str = "desk_bot",
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
    ) -> None:
        super().__init__()
        self.token = token
        self.world = World(clock, limits or Limits(), username)
        self.updates = Updates()
        self.actions: list[tuple[int, str]] = []  # "typing" and the like
        self.commands: list[str] = []
        self.manages_topics = True
        self._answers: dict[str, asyncio.Event] = {}

    @property
    def api_url(self) -> str:
        """What an SDK takes for ``https://api.telegram.org``."""
        return self.url

    # --- people ---

    def person(self, name: str, *, is_bot: bool = False) -> Person:
        """Somebody new."""
        first, _, last = name.partition(" ")
        return Person(self, self.world.new_user(first, last, is_bot=is_bot))

    def group(self, title: str, *people: Person, forum: bool = False) -> ChatRoom:
        """A group of people with the bot in it; with topics, if it is a *forum*."""
        room = self.world.new_group(title, forum=forum)
        for person in people:
            room.members[person.id] = "member"
        return room

    def chat(self, person: Person, room: ChatRoom | None = None, topic: int = 0) -> Chat:
        """What a person sees of a chat: with the bot, unless another is named."""
        return Chat(self, person, room or self.world.private(person.user), topic)

    # --- what happens ---

    def says(self, room: ChatRoom, sender: Json, topic: int, **content: object) -> Json:
        """Put a message into a chat; the bot hears of others' only."""
        message = self.world.new_message(room, sender, topic, **content)
        if sender["id"] != self.world.bot["id"]:
            self.updates.put("message", message)
        self.changed(room)
        return message

    def react(self, room: ChatRoom, id: int, user: Json, emoji: str) -> None:
        """A reaction, or none any more."""
        given = room.reactions.setdefault(id, {})
        old = given.pop(user["id"], "")
        if emoji:
            given[user["id"]] = emoji
        if user["id"] != self.world.bot["id"] and old != emoji:
            self.updates.put(
                "message_reaction",
                {
                    "chat": self.world.chat_json(room),
                    "message_id": id,
                    "user": user,
                    "date": int(self.world.clock()),
                    "old_reaction": [{"type": "emoji", "emoji": old}] if old else [],
                    "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
                },
            )
        self.changed(room)

    def presses(self, user: Json, message: Json, data: str) -> str:
        """A button is pressed; the id of the query."""
        id = f"q{self.world.number()}"
        self.world.callbacks[id] = {}
        self._answers[id] = asyncio.Event()
        query = {"id": id, "from": user, "message": message, "data": data, "chat_instance": "1"}
        self.updates.put("callback_query", query)
        return id

    def answered(self, id: str, text: str, alert: bool) -> None:
        """The bot answered a press."""
        self.world.callbacks[id] = {"text": text, "show_alert": alert}
        self._answers[id].set()

    async def answer(self, id: str, within: float = 10.0) -> str:
        """What the bot answered a press with."""
        async with asyncio.timeout(within):
            await self._answers[id].wait()
        return str(self.world.callbacks[id].get("text", ""))

    def changed(self, room: ChatRoom) -> None:
        """Something can be seen that could not be before."""
        self.ring()

    def seen_by(self, user: Json, room: ChatRoom, topic: int = 0) -> Chat:
        """What somebody, by their account, sees of a chat."""
        return Chat(self, Person(self, user), room, topic)

    # --- HTTP ---

    def routes(self) -> list[BaseRoute]:
        """The Bot API, the files, and the page that plays a phone."""
        return [
            Route("/bot{token}/{method}", _Api(self), methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._file),
            *page.routes(self),
        ]

    def app(self) -> Starlette:
        """All of it as one application."""
        return Starlette(routes=self.routes())

    async def _file(self, request: Request) -> Response:
        id = request.path_params["path"].rpartition("/")[2]
        stored = self.world.files.get(id)
        if request.path_params["token"] != self.token or stored is None:
            return _failed(ApiError(404, "Not Found"))
        return Response(stored.data, media_type="application/octet-stream")

    async def call(self, token: str, call: Call) -> object:
        """Do what a call asks.  Raises `ApiError`."""
        if token != self.token:
            raise ApiError(401, "Unauthorized")
        self.calls.append((call.method, dict(call.given)))
        self.ring()
        found = METHODS.find(call.method)
        if found is None:
            self.unknown.append(call.method)
            raise ApiError(404, f"Not Found: the fake does not implement {call.method}")
        return await found.do(self, call)

    # --- webhooks ---

    async def push(self, through: httpx.AsyncBaseTransport | None = None) -> None:
        """Deliver updates to the webhook, one after another, until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False, transport=through) as client:
            tries = 0
            while True:
                self.updates.news.clear()
                if not (self.updates.webhook and self.updates.waiting):
                    await self.updates.news.wait()
                    continue
                update, hook = self.updates.waiting[0], self.updates.webhook
                headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret_token"]}
                try:
                    answer = await client.post(hook["url"], json=update, headers=headers)
                    status = answer.status_code
                except httpx.HTTPError:
                    status = 0
                self.pushed.append(status)
                self.ring()
                if 200 <= status < 300:
                    tries = 0
                    with contextlib.suppress(ValueError):
                        self.updates.waiting.remove(update)
                else:
                    await asyncio.sleep(AGAIN[min(tries, len(AGAIN) - 1)])
                    tries += 1


class _Api:
    """The endpoint; an ASGI application, so that a fault may break the connection."""

    def __init__(self, fake: FakeTelegram) -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = await _call(request)
        fault = self._fake.faults.next(call.method)
        if fault is not None and fault.how == "disconnect":
            return await broken(send)
        try:
            if fault is not None and fault.how == "error":
                more = {"retry_after": fault.retry_after} if fault.retry_after else {}
                said = fault.error or "Internal Server Error"
                raise ApiError(fault.code or 500, said, **more)
            result = await self._fake.call(request.path_params["token"], call)
            response: Response = JSONResponse({"ok": True, "result": result})
        except ApiError as error:
            response = _failed(error)
        if fault is not None and fault.how == "drop":
            return await broken(send)
        if fault is not None and fault.how == "delay":
            await asyncio.sleep(fault.seconds)
        return await response(scope, receive, send)


def _failed(error: ApiError) -> JSONResponse:
    said: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        said["parameters"] = error.parameters
    return JSONResponse(said, error.code)


async def _call(request: Request) -> Call:
    given: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        given |= json.loads(await request.body() or b"{}")
    elif kind.startswith(("multipart/", "application/x-www-form-urlencoded")):
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    media_type = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or name, media_type, await value.read())
                else:
                    given[name] = value
    return Call(request.path_params["method"], given, uploads)


@contextlib.asynccontextmanager
async def serving(
    fake: FakeTelegram, port: int = 0, *, through: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[FakeTelegram]:
    """Serve *fake* on this machine, at a free port unless one is named.

    Webhooks are called over the network, or *through* what a test brings.
    """
    async with served(fake.app(), port, fake.push(through)) as url:
        fake.url = url
        yield fake


__all__ = ["FakeTelegram", "Fault", "serving"]
