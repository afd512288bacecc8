"""Example of one's own, for tests and for ``omniroute channel try --fake``.

`FakeExample` is the platform over a real socket; on it the conformance kit plays `Town`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from omniroute.testing.asgi import ask
from omniroute.testing.fakes import Fake, Fault, broken, serving
from omniroute.testing.platform import Got, How, Platform, Request
from starlette.applications import Starlette
from starlette.requests import Request as Called
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from omniroute_example import signing

TOKEN = "of-no-value-to-anybody"  # noqa: S105 - opens this fake only
SIGNING_SECRET = "worth-nothing-at-all"  # noqa: S105 - the same
LONGEST = 2000  # characters of a message
FAULTS = {
    "rate": Fault("/messages", "error", code=429, error="slow down"),
    "unauthorised": Fault("*", "error", code=401, error="who are you?"),
    "rejected": Fault("/messages", "error", code=400, error="they left the chat"),
    "away": Fault("*", "disconnect"),
    "lost": Fault("/messages", "drop"),
}


class FakeExample(Fake):
    """Example's API, with chats between people and us."""

    def __init__(self) -> None:
        super().__init__()
        self.chats: dict[str, list[str]] = {}  # what stands in each: our messages

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, or the fault that it meets."""
        called = Called(scope, receive)
        body = await called.body()
        fault = self.faults.next(called.url.path)
        if fault is not None and fault.how == "disconnect":
            await broken(send)
            return
        if fault is not None and fault.how == "error":
            headers = {"Retry-After": f"{fault.seconds:g}"} if fault.code == 429 else {}
            answer: Response = JSONResponse({"error": fault.error}, fault.code, headers)
        else:
            answer = self._answer(called, body)
        if fault is not None and fault.how == "drop":
            await broken(send)
        else:
            await answer(scope, receive, send)

    def _answer(self, called: Called, body: bytes) -> Response:
        if called.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "who are you?"}, 401)
        if called.url.path == "/me":
            return JSONResponse({"name": "Desk"})
        self.calls.append((called.url.path, json.loads(body)))
        given = self.calls[-1][1]
        if given["chat"] not in self.chats:
            return JSONResponse({"error": "no such chat"}, 404)
        if not 1 <= len(given["text"]) <= LONGEST:
            return JSONResponse({"error": f"a text has 1 to {LONGEST} characters"}, 400)
        self.chats[given["chat"]].append(given["text"])
        self.ring()
        return JSONResponse({"id": f"m{len(self.calls)}"})


class Town(Platform):
    """Joe and Mia on a fake Example."""

    async def __aenter__(self) -> Town:
        self.fake, self._number = FakeExample(), 0
        self._told: dict[str, Any] = {}
        self._stack = AsyncExitStack()
        app = Starlette(routes=[Route("/{path:path}", _Served(self.fake))])
        self.fake.url = await self._stack.enter_async_context(serving(app))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        known = {"token": TOKEN, "signing_secret": SIGNING_SECRET}
        return {**known, "api_url": self.fake.url}

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "token": "another-one-than-theirs"}

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        await self._tell(self._event(text, who))

    async def edits(self, text: str) -> None:
        await self._tell({**self._told, "type": "message_edited", "text": text})

    async def deletes(self) -> None:
        await self._tell({**self._told, "type": "message_deleted", "text": ""})

    async def machine_says(self, text: str) -> None:
        event = self._event(text, "robot")
        event["from"]["bot"] = True
        await self._tell(event)

    async def forges(self, text: str) -> str:
        event = self._event(text, "joe")
        event["from"]["name"] = "mia"  # anybody may call themselves so
        await self._tell(event)
        return "mia"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        return [Got(text) for text in self.fake.chats.get(f"chat-{who}", ())]

    # --- the platform ---

    async def again(self) -> None:
        await self._tell(self._told)

    async def something_new(self) -> None:
        await self._tell({"type": "poll_opened", "poll": {"id": 7}})

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        known = FAULTS[how]
        more: dict[str, Any] = {"code": known.code, "error": known.error}
        self.fake.faults.add(Fault(known.method, known.how, times, after, **more))

    async def request(self, text: str) -> Request:
        return self._request(self._event(text, "joe"), SIGNING_SECRET)

    async def forged_request(self, text: str) -> Request:
        return self._request(self._event(text, "joe"), "a guess")

    def _event(self, text: str, who: str) -> dict[str, Any]:
        self._number += 1
        self.fake.chats.setdefault(f"chat-{who}", [])
        return {
            "type": "message",
            "id": f"e{self._number}",
            "chat": f"chat-{who}",
            "from": {"id": who, "name": who.title()},
            "text": text,
            "at": 1_772_449_200 + self._number,
        }

    def _request(self, event: Mapping[str, Any], secret: str) -> Request:
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {signing.HEADER: signing.sign(secret, body, int(time.time()))}
        return Request(body, headers, "/hook")

    async def _tell(self, event: dict[str, Any]) -> None:
        """Tell the channel until it says yes."""
        if event.get("type") == "message":
            self._told = event
        while True:
            request = self._request(event, SIGNING_SECRET)
            path = self.mount + request.path
            answer = await ask(self.app, "POST", path, request.body, request.headers)
            self.fake.pushed.append(answer.status)
            if answer.ok:
                return
            assert answer.status >= 500, (
                f"{answer.status} to a request that was signed as it should be"
            )
            await asyncio.sleep(0.01)


class _Served:
    """The fake as an application of its own, so that a fault may break the connection."""

    def __init__(self, fake: FakeExample) -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._fake.serve(scope, receive, send)


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
