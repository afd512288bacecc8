"""The fake as the conformance kit and ``omniroute channel try`` play it: Joe, Mia and a machine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, Final
from urllib.parse import unquote

import httpx2 as httpx

from omniroute.testing.fakes import Fault
from omniroute.testing.platform import Got, How, Platform, Request
from omniroute_twilio.testing.server import FakeTwilio, serving
from omniroute_twilio.testing.telephones import Phone
from omniroute_twilio.testing.world import Text

DESK: Final = "http://desk.example"
FAULTS: Final[Mapping[How, tuple[str, int, str]]] = {
    "rate": ("error", 429, "20429: Too Many Requests"),
    "unauthorised": ("error", 401, "20003: Authenticate"),
    "rejected": ("error", 400, "21612: no way from this number to that one"),
    "away": ("disconnect", 0, ""),
    "lost": ("drop", 0, ""),
}
PEOPLE: Final = {"joe": ("Joe Miller", "+14155550101"), "mia": ("Mia Wong", "+14155550102")}
_LINK: Final = re.compile(r"\n*[^\n:]+: (http://desk\.example/\S+/files/\S+/([^/\s]+))")


class Town(Platform):
    """People who text."""

    whatsapp: ClassVar[bool] = False

    async def __aenter__(self) -> Town:
        self.fake = FakeTwilio()
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(serving(self.fake))
        self.people = {
            who: Phone(self.fake, number, name, whatsapp=self.whatsapp)
            for who, (name, number) in PEOPLE.items()
        }
        self._last: Text
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        fake = self.fake
        fake.network = httpx.ASGITransport(app=self.app)
        fake.leads_to(DESK + self.mount)
        known = {"account_sid": fake.account, "auth_token": fake.token, "number": fake.number}
        return {**known, "api_url": fake.url}

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "auth_token": "another-one-than-theirs"}

    # --- customers ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._last = self.people[who].text(text)
        await self.people[who].tell(self._last)

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        self._last = self.people[who].text(text, ("application/octet-stream", name, data))
        await self.people[who].tell(self._last)

    async def machine_says(self, text: str) -> None:
        await Phone(self.fake, "24273").says(text)

    async def forges(self, text: str) -> str:
        """Somebody calls, and their exchange gives Mia's number."""
        call = await Phone(self.fake, PEOPLE["mia"][1]).calls()
        await call.presses("1")
        return PEOPLE["mia"][1]

    async def got(self, who: str = "joe") -> Sequence[Got]:
        return [await self._got(text) for text in self.people[who].inbox()]

    async def _got(self, text: Text) -> Got:
        """What a text says, and what is behind its links."""
        files = [(media.name, media.data) for media in text.media]
        async with self.fake.client() as client:
            for url, name in _LINK.findall(text.body):
                files.append((unquote(name), (await client.get(url)).content))
        return Got(_LINK.sub("", text.body), tuple(files))

    # --- the platform ---

    async def again(self) -> None:
        await self.people["joe"].tell(self._last)

    async def something_new(self) -> None:
        fields = {"MessageSid": self.fake.world.sid("SM"), "MessageStatus": "evaporated"}
        await self.fake.call(f"{DESK}{self.mount}/status?of=k1", fields)

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        kind, code, error = FAULTS[how]
        more: Any = {"code": code, "error": error, "retry_after": math.ceil(after)}
        asked = ("account",) if how in ("away", "unauthorised") else ()
        self.fake.faults.clear()
        for method in ("send", *asked):
            self.fake.faults.add(Fault(method, kind, times, **more))  # type: ignore[arg-type]

    def nowhere(self) -> str:
        return "+1415555019x"

    async def request(self, text: str) -> Request:
        return self._request(text, self.fake.token)

    async def forged_request(self, text: str) -> Request:
        return self._request(text, "a guess")

    def _request(self, text: str, token: str) -> Request:
        said = self.people["joe"].text(text)
        del self.fake.world.texts[said.sid]  # it comes by this request, and by no other
        url = f"{DESK}{self.mount}/message"
        body, headers = self.fake.signed(url, self.fake.fields(said), token)
        return Request(body, headers, "/message")


class WhatsAppTown(Town):
    """People who write on WhatsApp."""

    whatsapp = True

    def settings(self) -> Mapping[str, object]:
        return {**super().settings(), "content_url": self.fake.url}

    async def forges(self, text: str) -> str:
        """Joe calls himself Mia, and says her number."""
        self.people["joe"].name = "Mia Wong " + PEOPLE["mia"][1]
        await self.says(f"{text}: {PEOPLE['mia'][1]}")
        return PEOPLE["mia"][1]


PLATFORMS: Final = {"sms": Town, "twilio-whatsapp": WhatsAppTown}
"""What ``omniroute channel try --fake`` plays, by kind of channel."""
