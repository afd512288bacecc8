"""The fake as the conformance kit and ``omniroute channel try`` play it: Joe, Mia and a bot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from omniroute.testing.fakes import Fault
from omniroute.testing.platform import DeskPlatform, Got, How, Platform, Request, Seen
from omniroute_telegram.testing.people import Chat
from omniroute_telegram.testing.server import FakeTelegram, serving
from omniroute_telegram.testing.world import Json, Limits

FAULTS: Final[Mapping[How, tuple[str, int, str]]] = {
    "rate": ("error", 429, "Too Many Requests: retry later"),
    "unauthorised": ("error", 401, "Unauthorized"),
    "rejected": ("error", 403, "Forbidden: bot was blocked by the user"),
    "away": ("disconnect", 0, ""),
    "lost": ("drop", 0, ""),
}
SENDING: Final = ("sendMessage", "sendDocument")
NEVER: Final = 10**9  # how many may be sent: the limits have tests of their own


class Town(Platform):
    """People with telephones."""

    async def __aenter__(self) -> Town:
        limits = Limits(NEVER, NEVER, NEVER, NEVER, NEVER)
        self.fake = FakeTelegram(limits=limits)
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(serving(self.fake))
        people = {"joe": "Joe Miller", "mia": "Mia Wong"}
        self.people = {who: self.fake.person(name) for who, name in people.items()}
        self._last: Json = {}
        self._update: Json = {}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        return {"token": self.fake.token, "api_url": self.fake.url}

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "token": "7000000002:another-one-than-theirs"}

    # --- customers ---

    def _chat(self, who: str) -> Chat:
        return self.people[who].chat()

    def _told(self, message: Json) -> None:
        self._last, self._update = message, self.fake.updates.waiting[-1]

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._told(self._chat(who).says(text))

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        self._told(self._chat(who).sends(data, name, "application/octet-stream", text))

    async def edits(self, text: str) -> None:
        self._chat("joe").edits(self._last, text)

    async def machine_says(self, text: str) -> None:
        bot = self.fake.person("Robot", is_bot=True)
        bot.chat(self.fake.group("Team", bot)).says(text)

    async def forges(self, text: str) -> str:
        """Joe shares Mia's number as if it said who he is."""
        number = "+4930123456"
        self._told(self._chat("joe").shares_contact(number, of=self.people["mia"]))
        return number

    async def got(self, who: str = "joe") -> Sequence[Got]:
        bot = self.fake.world.bot["id"]
        return [
            Got(str(message.get("text") or message.get("caption") or ""), self._files(message))
            for message in self._chat(who).messages()
            if message["from"]["id"] == bot
        ]

    def _files(self, message: Json) -> tuple[tuple[str, bytes], ...]:
        stored = self.fake.world.files.get(message.get("document", {}).get("file_id", ""))
        return ((stored.name, stored.data),) if stored else ()

    # --- the platform ---

    async def again(self) -> None:
        self.fake.updates.again(self._update)

    async def something_new(self) -> None:
        self.fake.updates.tell_of("something_new", {"id": 7})

    async def breaks(self) -> None:
        self.fake.faults.add(Fault("getupdates", "drop"))
        self.fake.updates.tell_of("something_new", {"id": 8})  # ends the poll that is open

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        kind, code, error = FAULTS[how]
        more: Any = {"code": code, "error": error, "retry_after": math.ceil(after)}
        asked = ("getMe",) if how in ("away", "unauthorised") else ()
        self.fake.faults.clear()
        for method in (*SENDING, *asked):
            self.fake.faults.add(Fault(method, kind, times, **more))  # type: ignore[arg-type]

    def nowhere(self) -> str:
        return "999999"

    # --- webhooks ---

    def _request(self, text: str, secret: str) -> Request:
        self._told(self._chat("joe").says(text))
        self.fake.updates.waiting.clear()  # it goes by this request, and by no other
        headers = {"x-telegram-bot-api-secret-token": secret, "content-type": "application/json"}
        return Request(json.dumps(self._update).encode(), headers, "/hook")


class Office(DeskPlatform, Town):
    """The same with Ana, who works from her chat with the bot."""

    async def __aenter__(self) -> Office:
        await super().__aenter__()
        self.ana = self.fake.person("Ana Ruiz").chat()
        return self

    def account(self) -> str:
        return str(self.ana.person.id)

    async def seen(self) -> Sequence[Seen]:
        bot = self.fake.world.bot["id"]
        posts = [m for m in self.ana.messages() if m["from"]["id"] == bot]
        answers = [str(one.get("text", "")) for one in self.fake.world.callbacks.values()]
        shown = [Seen(str(m.get("text", "")), _labels(m)) for m in posts]
        return [*shown, *(Seen(text) for text in answers if text)]

    async def presses(self, label: str) -> None:
        for message in reversed(self.ana.messages()):
            for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    if button["text"].startswith(label):
                        self.fake.presses(self.ana.person.user, message, button["callback_data"])
                        return
        raise AssertionError(f"no button “{label}”")

    async def writes(self, text: str) -> None:
        self.ana.says(text)

    async def notes(self, text: str) -> None:
        self.ana.says(f"/note {text}")


def _labels(message: Json) -> tuple[str, ...]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return tuple(str(button["text"]) for row in rows for button in row)


HOOK_SECRET: Final = "of-no-value-to-anybody"  # noqa: S105 - opens this fake only


class HookTown(Town):
    """The same where Telegram calls us."""

    def settings(self) -> Mapping[str, object]:
        return {**super().settings(), "updates": "webhook", "webhook_secret": HOOK_SECRET}

    async def request(self, text: str) -> Request:
        return self._request(text, HOOK_SECRET)

    async def forged_request(self, text: str) -> Request:
        return self._request(text, "a guess")


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
