"""The fake as the conformance kit and ``omniroute channel try`` play it: Joe, Mia and an app."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from omniroute.testing.fakes import Fault
from omniroute.testing.platform import DeskPlatform, Got, How, Platform, Request, Seen
from omniroute_slack.testing.people import Chat, buttons_of
from omniroute_slack.testing.server import Delivery, FakeSlack, serving
from omniroute_slack.testing.world import Json, Limits

FAULTS: Final[Mapping[How, tuple[str, int, str]]] = {
    "rate": ("error", 429, "ratelimited"),
    "unauthorised": ("error", 200, "invalid_auth"),
    "rejected": ("error", 200, "channel_not_found"),
    "away": ("disconnect", 0, ""),
    "lost": ("drop", 0, ""),
}
NEVER: Final = 10**9  # how many may be written: the limits have tests of their own


class Town(Platform):
    """People with Slack open."""

    async def __aenter__(self) -> Town:
        self.fake = FakeSlack(limits=Limits(NEVER, NEVER))
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(serving(self.fake))
        people = {"joe": "Joe Miller", "mia": "Mia Wong"}
        self.people = {who: self.fake.person(name) for who, name in people.items()}
        self._last: Json = {}
        self._delivery: Delivery | None = None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def settings(self) -> Mapping[str, object]:
        tokens = {"bot_token": self.fake.bot_token, "app_token": self.fake.app_token}
        return {**tokens, "api_url": self.fake.api_url}

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "bot_token": "xoxb-another-one-than-theirs"}

    # --- customers ---

    def _chat(self, who: str) -> Chat:
        return self.people[who].chat()

    def _told(self, message: Json) -> None:
        self._last, self._delivery = message, self.fake.waiting[-1]

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._told(self._chat(who).says(html.escape(text, quote=False)))

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        self._told(self._chat(who).sends(data, name, "application/octet-stream", text))

    async def edits(self, text: str) -> None:
        self._chat("joe").edits(self._last, text)

    async def deletes(self) -> None:
        self._chat("joe").deletes(self._last)

    async def machine_says(self, text: str) -> None:
        robot = self.fake.person("Robot", is_bot=True)
        robot.chat().says(text, bot_id="B0009", subtype="bot_message")

    async def forges(self, text: str) -> str:
        """Somebody of another workspace, whose address only that workspace knows."""
        address = "boss@bank.example"
        self._told(self.fake.person("The Boss", address, team="T0009").chat().says(text))
        return address

    async def got(self, who: str = "joe") -> Sequence[Got]:
        bot = self.fake.world.bot["id"]
        return [
            Got(html.unescape(str(message["text"])), self._files(message))
            for message in self._chat(who).everything()
            if message["user"] == bot
        ]

    def _files(self, message: Json) -> tuple[tuple[str, bytes], ...]:
        found = [self.fake.world.files[file["id"]] for file in message.get("files", ())]
        return tuple((file.name, file.data) for file in found)

    # --- the platform ---

    async def again(self) -> None:
        if self._delivery is not None:
            await self._delivery.done.wait()
            self.fake.deliver(self._delivery.kind, self._delivery.payload)

    async def comes_again(self) -> None:
        """Slack takes its time by Socket Mode, unless the connection is another."""
        await self.fake.breaks()

    async def something_new(self) -> None:
        self.fake.event({"type": "huddle_weather_changed", "channel": "C1", "user": "U1"})

    async def breaks(self) -> None:
        await self.fake.breaks()

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        kind, code, error = FAULTS[how]
        more: Any = {"code": code, "error": error, "retry_after": math.ceil(after)}
        asked = ("auth.test",) if how in ("away", "unauthorised") else ()
        self.fake.faults.clear()
        for method in ("chat.postMessage", "files.completeUploadExternal", *asked):
            self.fake.faults.add(Fault(method, kind, times, **more))  # type: ignore[arg-type]

    def nowhere(self) -> str:
        return "C0NOWHERE"


class Office(DeskPlatform, Town):
    """The same with Ana, who works from her chat with the app."""

    async def __aenter__(self) -> Office:
        await super().__aenter__()
        self.ana = self.fake.person("Ana Ruiz").chat()
        return self

    def account(self) -> str:
        return self.ana.person.id

    async def seen(self) -> Sequence[Seen]:
        bot = self.fake.world.bot["id"]
        posts = [message for message in self.ana.everything() if message["user"] == bot]
        shown = [Seen(_words(message), _labels(message)) for message in posts]
        return [*shown, *(Seen(html.unescape(text)) for text in self.ana.asides())]

    async def presses(self, label: str) -> None:
        self.ana.presses(label)

    async def writes(self, text: str) -> None:
        """Below the card, which is the head of the thread's place."""
        card = next(m for m in self.ana.everything() if m["user"] == self.fake.world.bot["id"])
        self.ana.thread(card).says(text)

    async def notes(self, text: str) -> None:
        await self.writes(f"note {text}")


def _words(message: Json) -> str:
    """All that can be read of a message, blocks included."""
    blocks = [b["text"]["text"] for b in message.get("blocks", ()) if "text" in b]
    return html.unescape("\n".join([str(message["text"]), *blocks]))


def _labels(message: Json) -> tuple[str, ...]:
    return tuple(str(button["text"]["text"]) for button in buttons_of(message))


class HookTown(Town):
    """The same where Slack calls us."""

    def settings(self) -> Mapping[str, object]:
        known = {"bot_token": self.fake.bot_token, "signing_secret": self.fake.signing_secret}
        return {**known, "api_url": self.fake.api_url}

    async def request(self, text: str) -> Request:
        return self._request(text, self.fake.signing_secret)

    async def forged_request(self, text: str) -> Request:
        return self._request(text, "a guess")

    def _request(self, text: str, secret: str) -> Request:
        known = self.fake.signing_secret
        self._told(self._chat("joe").says(text))
        assert self._delivery is not None
        self.fake.waiting.clear()  # it goes by this request, and by no other
        self.fake.signing_secret = secret
        body, headers = self.fake.signed(self._delivery)
        self.fake.signing_secret = known
        return Request(body, headers, "/hook")


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
