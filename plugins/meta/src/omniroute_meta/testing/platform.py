"""The fake as the conformance kit and ``omniroute channel try`` play it: Joe and Mia, thrice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import ClassVar, Final

from omniroute.testing.asgi import ask
from omniroute.testing.fakes import Fault
from omniroute.testing.platform import Got, How, Platform, Request
from omniroute_meta.testing.people import Person
from omniroute_meta.testing.server import FakeMeta, serving
from omniroute_meta.testing.world import BUSINESS, INSTAGRAM, PAGE, VERIFY, WHATSAPP, Json

FAULTS: Final[Mapping[How, Fault]] = {
    "rate": Fault("messages", "error", code=429, error="613"),
    "unauthorised": Fault("*", "error", code=401, error="190"),
    "rejected": Fault("messages", "error", code=400, error="551"),
    "away": Fault("*", "disconnect"),
    "lost": Fault("messages", "drop"),
}


class Town(Platform):
    """People on one of the three."""

    of: ClassVar[str]
    settings_of: ClassVar[str]  # how the account's id is called in the settings

    async def __aenter__(self) -> Town:
        self.fake = FakeMeta()
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(serving(self.fake, post=self._post))
        names = {"joe": "Joe Miller", "mia": "Mia Wong"}
        self.people = {who: self.fake.person(self.of, name) for who, name in names.items()}
        self._said: Json = {}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _post(self, raw: bytes, headers: Mapping[str, str]) -> int:
        return (await ask(self.app, "POST", f"{self.mount}/hook", raw, headers)).status

    def settings(self) -> Mapping[str, object]:
        return {
            "token": self.fake.token,
            "app_secret": self.fake.app_secret,
            "verify_token": VERIFY,
            "api_url": self.fake.url,
            self.settings_of: self.fake.ids[self.of],
        }

    def wrong_settings(self) -> Mapping[str, object]:
        return {**self.settings(), "token": "EAAanother-one-than-theirs"}

    # --- customers ---

    def _joe(self) -> Person:
        return self.people["joe"]

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._said = self.people[who].says(text)

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        self._said = self.people[who].sends(name, data, text, "application/octet-stream")

    async def edits(self, text: str) -> None:
        self._joe().edits(self._said, text)

    async def forges(self, text: str) -> str:
        self._joe().talk.name = "mia@mail.example"  # anybody may call themselves so
        self._joe().says(text)
        return "mia@mail.example"

    async def got(self, who: str = "joe") -> Sequence[Got]:
        return [Got(one.text, tuple(one.files)) for one in self.people[who].got]

    # --- the platform ---

    async def again(self) -> None:
        self.fake.put(self.fake.last)

    def fails(self, how: How, *, after: float = 0.0, times: int = 1) -> None:
        known = FAULTS[how]
        fault = Fault(known.method, known.how, times, code=known.code, error=known.error)
        fault.retry_after = math.ceil(after)
        self.fake.faults.add(fault)

    async def request(self, text: str) -> Request:
        raw, headers = self.fake.signed(self._joes(text))
        return Request(raw, headers, "/hook")

    async def forged_request(self, text: str) -> Request:
        raw, headers = self.fake.signed(self._joes(text), "a guess")
        return Request(raw, headers, "/hook")

    def _joes(self, text: str) -> Json:
        """What is posted when Joe writes; it is not posted."""
        self._joe().says(text)
        return self.fake.waiting.pop()


class WhatsAppTown(Town):
    """Joe and Mia have WhatsApp."""

    of = WHATSAPP
    settings_of = "phone_number_id"

    def settings(self) -> Mapping[str, object]:
        return {**super().settings(), "business_account_id": BUSINESS}

    async def deletes(self) -> None:
        self._joe().deletes(self._said)

    async def machine_says(self, text: str) -> None:
        """The company's own telephone answers: those are echoes of ours."""
        echo = {"from": "15550783881", "to": self._joe().talk.id, "id": "wamid.echo"}
        entry = self.fake.change("message_echoes", {**echo, "type": "text", "text": {"body": text}})
        entry["changes"][0]["field"] = "smb_message_echoes"
        self.fake.post(self.of, entry)

    async def forges(self, text: str) -> str:
        """Joe shows Mia's card."""
        self._joe().shares_contact("Mia Wong", "+4930123456")
        return "+4930123456"

    async def something_new(self) -> None:
        self.fake.post(self.of, {"changes": [{"field": "dreams", "value": {"of": "sheep"}}]})


class MessengerTown(Town):
    """Joe and Mia have Messenger."""

    of = PAGE
    settings_of = "page_id"

    async def machine_says(self, text: str) -> None:
        """Another app of the page's answers: that is an echo."""
        item: Json = {"sender": {"id": self.fake.ids[self.of]}, "timestamp": 1}
        item["recipient"] = {"id": self._joe().talk.id}
        item["message"] = {"mid": "m_echo", "is_echo": True, "app_id": 2, "text": text}
        self.fake.post(self.of, {"messaging": [item]})

    async def something_new(self) -> None:
        item = {"sender": {"id": self._joe().talk.id}, "timestamp": 1, "dream": {"of": "sheep"}}
        self.fake.post(self.of, {"messaging": [item]})


class InstagramTown(MessengerTown):
    """Joe and Mia have Instagram."""

    of = INSTAGRAM
    settings_of = "account_id"

    async def deletes(self) -> None:
        self._joe().deletes(self._said)


PLATFORMS: Final = {
    "whatsapp": WhatsAppTown,
    "messenger": MessengerTown,
    "instagram": InstagramTown,
}
"""What ``omniroute channel try --fake`` plays, by the kind of channel."""
