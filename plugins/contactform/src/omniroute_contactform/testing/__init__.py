"""The form as the conformance kit and ``omniroute channel try`` play it: people with browsers."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

from omniroute.testing.asgi import ask
from omniroute.testing.platform import Platform, Request

FORM: Mapping[str, str] = {"content-type": "application/x-www-form-urlencoded"}
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


class Town(Platform):
    """Joe and Mia, who fill in the form."""

    lives_in_the_folder: ClassVar[bool] = False

    async def __aenter__(self) -> Town:
        self._last = b""
        return self

    def settings(self) -> Mapping[str, object]:
        return {"per_minute": 0, "max_message": 30_000}

    # --- people ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._last = await self._filled(text, f"{who}@mail.example", who.title())
        await self.again()

    async def forges(self, text: str) -> str:
        """Anybody may type any address."""
        self._last = await self._filled(text, "boss@bank.example", "Boss")
        await self.again()
        return "boss@bank.example"

    async def again(self) -> None:
        """The button is pressed until there are thanks."""
        while True:
            answered = await ask(self.app, "POST", self.mount + "/", self._last, FORM)
            if answered.status == 303:
                return
            assert answered.status == 503, answered.body
            await asyncio.sleep(0.01)

    async def request(self, text: str) -> Request:
        return Request(await self._filled(text, "joe@mail.example", "Joe"), FORM, "/")

    async def _filled(self, text: str, email: str, name: str) -> bytes:
        """What a browser sends of a form that it was shown."""
        shown = await ask(self.app, "GET", self.mount + "/")
        found = TICKET.search(shown.body.decode())
        assert found is not None
        ticket = html.unescape(found[1])
        return urlencode({"name": name, "email": email, "message": text, "ticket": ticket}).encode()


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
