"""The channel as the conformance kit and ``omniroute channel try`` play it: a shop that joins."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, Final

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from omniroute.testing.asgi import ask
from omniroute.testing.fakes import Fault, serving
from omniroute.testing.platform import Got, How, Platform, Request
from omniroute_http.testing.shop import SECRET, Shop

ANOTHER: Final = "whsec_" + base64.b64encode(b"another one than the shop's own").decode()
FAULTS: Final = {
    "rate": Fault("item", "error", code=429, error="slow down"),
    "unauthorised": Fault("item", "error", code=401, error="who are you?"),
    "rejected": Fault("item", "error", code=400, error="they closed their account"),
    "away": Fault("item", "disconnect"),
    "lost": Fault("item", "drop"),
}


class AskingTown(Platform):
    """Joe and Mia at a shop that asks for what is new."""

    lives_in_the_folder: ClassVar[bool] = False

    async def __aenter__(self) -> AskingTown:
        self.shop, self._number = Shop(), 0
        self._last: dict[str, Any] = {}
        self._sent: tuple[str, bytes] = ("", b"")
        return self

    def settings(self) -> Mapping[str, object]:
        return {"integrations": {"shop": {"secret": SECRET}}}

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        await self._message(text, who)

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        await self._message(text, who, files=[{"name": name, "data": _base64(data)}])

    async def edits(self, text: str) -> None:
        await self._tell(self._about("edit", text=text))

    async def deletes(self) -> None:
        await self._tell(self._about("delete"))

    async def machine_says(self, text: str) -> None:
        await self._message(text, "robot", automatic=True)

    async def forges(self, text: str) -> str:
        """The shop says more than the settings let it vouch for."""
        also = [{"kind": "email", "value": "boss@bank.example", "verified": True}]
        await self._message(text, "joe", person={"id": "joe", "also": also})
        return "boss@bank.example"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        await self._asks()
        return [
            Got(one["text"], tuple((f["name"], _bytes(f["data"])) for f in one["files"]))
            for one in self.shop.chats.get(f"chat-{who}", ())
        ]

    async def _asks(self) -> None:
        while True:
            body = json.dumps({"after": self.shop.cursor, "wait": 0}).encode()
            headers = self.shop.signed(body, self._id())
            answered = await ask(self.app, "POST", self.mount + "/shop/poll", body, headers)
            if not answered.ok:
                return
            news = json.loads(answered.body)
            self.shop.cursor = news["cursor"]
            for item in news["items"]:
                self.shop.take(item)
            if not news["items"]:
                return

    # --- the shop ---

    async def again(self) -> None:
        await self._post(*self._sent)

    async def something_new(self) -> None:
        """A newer shop tells what this server does not know: it is told so, and nothing is kept."""
        body = json.dumps({"type": "poll_opened", "id": "7"}).encode()
        headers = self.shop.signed(body, self._id())
        await ask(self.app, "POST", self.mount + "/shop/events", body, headers)

    async def request(self, text: str) -> Request:
        body = _body(self._event(text, "joe"))
        return Request(body, self.shop.signed(body, self._id()), "/shop/events")

    async def forged_request(self, text: str) -> Request:
        body = _body(self._event(text, "joe"))
        headers = self.shop.signed(body, self._id(), key=b"a guess at the secret, no more")
        return Request(body, headers, "/shop/events")

    def _id(self) -> str:
        self._number += 1
        return f"call-{self._number}"

    def _event(self, text: str, who: str, **more: Any) -> dict[str, Any]:
        person = more.pop("person", {"id": who, "name": who.title()})
        return {
            "type": "message",
            "id": f"m{self._number}",
            "from": person,
            "conversation": f"chat-{who}",
            "text": text,
            **more,
        }

    def _about(self, kind: str, **more: str) -> dict[str, Any]:
        same = {name: self._last[name] for name in ("from", "conversation")}
        return {"type": kind, "message": self._last["id"], **same, **more}

    async def _message(self, text: str, who: str, **more: Any) -> None:
        self._last = self._event(text, who, **more)
        await self._tell(self._last)

    async def _tell(self, event: dict[str, Any]) -> None:
        await self._post(self._id(), _body(event))

    async def _post(self, id: str, body: bytes) -> None:
        """Tell until we hear yes; another attempt has another time, and the same id."""
        self._sent = id, body
        while True:
            headers = self.shop.signed(body, id)
            answered = await ask(self.app, "POST", self.mount + "/shop/events", body, headers)
            self.shop.pushed.append(answered.status)
            if answered.ok:
                return
            assert answered.status == 503, answered.body
            await asyncio.sleep(0.01)


class Town(AskingTown):
    """The same at a shop with a webhook, over a real socket."""

    async def __aenter__(self) -> Town:
        await super().__aenter__()
        self._stack = AsyncExitStack()
        app = Starlette(routes=[Route("/item", _Served(self.shop))])
        self.shop.url = await self._stack.enter_async_context(serving(app))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        return {"integrations": {"shop": {"secret": SECRET, "webhook": f"{self.shop.url}/item"}}}

    def wrong_settings(self) -> Mapping[str, object]:
        return {"integrations": {"shop": {"secret": ANOTHER, "webhook": f"{self.shop.url}/item"}}}

    async def _asks(self) -> None:
        """It is told."""

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        known = FAULTS[how]
        more: dict[str, Any] = {"code": known.code, "error": known.error}
        self.shop.faults.add(Fault(known.method, known.how, times, after, **more))


class _Served:
    """The shop as an application, so that a fault may break the connection."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._shop.serve(scope, receive, send)


def _body(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
