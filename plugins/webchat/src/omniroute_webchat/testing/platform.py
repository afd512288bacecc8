"""The chat as the conformance kit and ``omniroute channel try`` play it: two browsers."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from omniroute.testing.asgi import Answered, ask
from omniroute.testing.platform import Got, Platform, Request
from omniroute_webchat.token import sign

SECRET: Final = "of no value to anybody, and long enough"  # noqa: S105 - opens this chat only
JSON: Final = {"content-type": "application/json"}


class Town(Platform):
    """People with browsers."""

    lives_in_the_folder: ClassVar[bool] = True

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}
        self._last: tuple[str, bytes] = ("", b"")

    def settings(self) -> Mapping[str, object]:
        return {
            "secret": SECRET,
            "messages_per_minute": 0,
            "files_per_minute": 0,
            "max_message": 30_000,
        }

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._last = who, json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()
        await self.again()

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        await self._until_open(who, {})
        asked = f"/files?{urlencode({'name': name})}"
        brought = json.loads((await self._ask("POST", asked, who, data)).body)
        said = {"id": str(uuid.uuid4()), "text": text, "files": [brought["id"]]}
        self._last = who, json.dumps(said).encode()
        await self.again()

    async def forges(self, text: str) -> str:
        """Somebody shows a token that another hand has signed."""
        token = sign("a guess at the secret, long enough too", "17", email="boss@bank.example")
        await self._until_open("joe", {"token": token})
        await self.says(text)
        return "boss@bank.example"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        answered = await self._ask("GET", "/lines", who)
        lines = json.loads(answered.body)["lines"] if answered.ok else ()
        return [
            Got(line["text"], files=await self._fetched(who, line.get("files", ())))
            for line in lines
            if line["direction"] == "out"
        ]

    async def _fetched(
        self, who: str, files: Sequence[Mapping[str, str]]
    ) -> tuple[tuple[str, bytes], ...]:
        """The files of a line, each fetched at the address that stands in it."""
        found = [await self._ask("GET", f"/{file['url']}", who) for file in files]
        return tuple((file["name"], got.body) for file, got in zip(files, found, strict=True))

    # --- the browser ---

    async def again(self) -> None:
        who, body = self._last
        while True:
            await self._until_open(who, {})
            answered = await self._ask("POST", "/messages", who, body)
            if answered.ok:
                return
            await asyncio.sleep(0.01)

    async def request(self, text: str) -> Request:
        await self._opened("joe", {})
        return self._request(text, self._cookies.get("joe", ""))

    async def forged_request(self, text: str) -> Request:
        name, _, _ = self._cookies.get("joe", "omniroute_chat_main=").partition("=")
        return self._request(text, f"{name}=a-guess")

    def _request(self, text: str, cookie: str) -> Request:
        body = json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()
        return Request(body, {**JSON, "cookie": cookie}, "/messages")

    async def _until_open(self, who: str, opening: Mapping[str, Any]) -> None:
        while True:
            if await self._opened(who, opening):
                return
            await asyncio.sleep(0.01)

    async def _opened(self, who: str, opening: Mapping[str, Any]) -> bool:
        if who in self._cookies:
            return True
        answered = await self._ask("POST", "/session", who, json.dumps(opening).encode())
        if answered.ok:
            self._cookies[who] = answered.headers["set-cookie"].partition(";")[0]
        return answered.ok

    async def _ask(self, method: str, path: str, who: str, body: bytes = b"") -> Answered:
        headers = {**JSON, "cookie": self._cookies.get(who, "")}
        return await ask(self.app, method, self.mount + path, body, headers)


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
