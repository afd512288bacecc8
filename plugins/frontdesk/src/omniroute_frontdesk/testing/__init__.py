"""The desk as the conformance kit and ``omniroute channel try`` play it: a colleague's screen."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final
from urllib.parse import urlencode

from omniroute.testing.asgi import Answered, ask
from omniroute.testing.platform import Got, Platform, Request

KEY: Final = "of no value to anybody"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
OURS: Final = re.compile(
    r'<li class="ours"><b>[^<]*</b>\s*<span class="said">(.*?)</span></li>', re.S
)


class Town(Platform):
    """Joe and Mia come to the desk, and a colleague writes down what they say."""

    lives_in_the_folder: ClassVar[bool] = True

    async def __aenter__(self) -> Town:
        self._visits: dict[str, str] = {}  # by who came
        self._last: tuple[str, bytes] = ("", b"")
        self._cookie = ""
        return self

    def settings(self) -> Mapping[str, object]:
        return {"key": KEY, "max_message": 30_000, "telegram_bot": "acme_desk_bot"}

    # --- people ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        await self._write(text, who)

    async def forges(self, text: str) -> str:
        """Anybody may give any address."""
        await self._write(text, "joe", email="boss@bank.example")
        return "boss@bank.example"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        shown = await self._ask("GET", f"/visits/{self._visits.get(who, 'nobody')}")
        return [Got(html.unescape(said)) for said in OURS.findall(shown.body.decode())]

    async def again(self) -> None:
        await self._until_kept(*self._last)

    async def request(self, text: str) -> Request:
        await self._let_in()
        return self._request(text, self._cookie)

    async def forged_request(self, text: str) -> Request:
        name = self._cookie.partition("=")[0]
        return self._request(text, f"{name}=staff.99999999999.0123456789abcdef")

    def _request(self, text: str, cookie: str) -> Request:
        body = urlencode({"text": text, "ticket": secrets.token_hex(16)}).encode()
        return Request(body, {**FORM, "cookie": cookie}, "/")

    # --- the screen ---

    async def _write(self, text: str, who: str, **more: str) -> None:
        ticket = secrets.token_hex(16)
        path = f"/visits/{self._visits[who]}" if who in self._visits else "/"
        self._visits.setdefault(who, ticket)
        typed = {"name": who.title(), "text": text, "ticket": ticket, **more}
        await self._until_kept(path, urlencode(typed).encode())

    async def _until_kept(self, path: str, body: bytes) -> None:
        self._last = path, body
        while (answered := await self._ask("POST", path, body)).status != 303:
            assert answered.status == 503, answered.body
            await asyncio.sleep(0.01)

    async def _ask(self, method: str, path: str, body: bytes = b"") -> Answered:
        await self._let_in()
        headers = {**FORM, "cookie": self._cookie}
        return await ask(self.app, method, self.mount + path, body, headers)

    async def _let_in(self) -> None:
        if not self._cookie:
            body = urlencode({"key": KEY, "role": "staff"}).encode()
            answered = await ask(self.app, "POST", self.mount + "/sign-in", body, FORM)
            self._cookie = answered.headers["set-cookie"].partition(";")[0]


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
