"""A Meta of one's own, channels that talk to it, and an intake that remembers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Inbound, Outbound, Receipt, Secret, Site, Undelivered
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.intake import Notebook, as_follower, listening
from omniroute_meta import reading_messaging, reading_whatsapp
from omniroute_meta.account import MetaChannel
from omniroute_meta.batches import WHATSAPP, events
from omniroute_meta.messaging import InstagramChannel, MessengerChannel
from omniroute_meta.settings import Instagram, Messenger, WhatsApp
from omniroute_meta.testing import FakeMeta, serving
from omniroute_meta.testing.world import BUSINESS, IDS, INSTAGRAM, PAGE, VERIFY, Json
from omniroute_meta.whatsapp import WhatsAppChannel

EVENTS = Path(__file__).parent / "events"
NEWS: Json = {
    "name": "order_news",
    "language": "en",
    "status": "APPROVED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "News for {{1}}"},
        {"type": "BODY", "text": "Order {{1}}: {{2}}"},
        {"type": "FOOTER", "text": "Acme"},
    ],
}


def post_of(name: str) -> Json:
    """A recorded post."""
    found: Json = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def read(body: object) -> list[Inbound | Undelivered]:
    """What is read out of a post."""
    found: list[Inbound | Undelivered] = []
    for event in events(body):
        reading = reading_whatsapp if event.of == WHATSAPP else reading_messaging
        found += reading.read(event)
    return found


def inbounds(name: str) -> list[Inbound]:
    """What customers did, in a recorded post."""
    return [one for one in read(post_of(name)) if isinstance(one, Inbound)]


Made = TypeVar("Made", bound=MetaChannel)


class Bench:
    """Accounts at work over one app, whose webhook is the first one's."""

    def __init__(self, fake: FakeMeta, folder: Path) -> None:
        self.fake, self.folder = fake, folder
        self.accounts: list[MetaChannel] = []
        self.kept: dict[str, Notebook] = {}  # by the kind of the account
        self.app: Any = None
        self.follows = False  # at a node that follows

    def _about(self, more: Mapping[str, Any]) -> dict[str, Any]:
        secrets = {"token": self.fake.token, "app_secret": self.fake.app_secret}
        given = {**secrets, "verify_token": VERIFY, **more}
        names = ("token", "app_secret", "verify_token")
        hidden = {name: Secret(str(given.pop(name))) for name in names}
        return {"api_url": self.fake.url, **hidden, **given}

    def whatsapp(self, **more: Any) -> WhatsAppChannel:
        ids = {"phone_number_id": IDS[WHATSAPP], "business_account_id": BUSINESS}
        config = WhatsApp(**self._about({**ids, **more}))
        return self._add(WhatsAppChannel("wa", config, self._site("wa")))

    def messenger(self, **more: Any) -> MessengerChannel:
        config = Messenger(**self._about({"page_id": IDS[PAGE], **more}))
        return self._add(MessengerChannel("fb", config, self._site("fb")))

    def instagram(self, **more: Any) -> InstagramChannel:
        config = Instagram(**self._about({"account_id": IDS[INSTAGRAM], **more}))
        return self._add(InstagramChannel("ig", config, self._site("ig")))

    def _site(self, account: str) -> Site:
        (self.folder / account).mkdir(exist_ok=True)
        site = Site(self.folder / account, "http://desk.example")
        return as_follower(site) if self.follows else site

    def _add(self, channel: Made) -> Made:
        self.accounts.append(channel)
        self.kept[channel.kind] = Notebook()
        return channel

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        async with AsyncExitStack() as stack:
            for channel in self.accounts:
                await stack.enter_async_context(listening(channel, self.kept[channel.kind]))
            self.open_hook()
            yield self

    def open_hook(self) -> None:
        """From now on Meta reaches the first account's webhook."""
        self.app = Starlette(routes=[Mount("/", routes=self.accounts[0].routes())])

    async def posts(self, raw: bytes, headers: Mapping[str, str]) -> int:
        """What Meta posts, which comes to the first account."""
        return 503 if self.app is None else (await self.told(raw, headers)).status

    async def told(self, raw: bytes, headers: Mapping[str, str]) -> Answered:
        return await ask(self.app, "POST", "/hook", raw, headers)

    async def tells(self, body: Json) -> Answered:
        """Meta posts just that."""
        return await self.told(*self.fake.signed(body))

    async def heard(self, kind: str, count: int) -> list[Inbound]:
        """What the account of a kind read, once it is *count* things that customers did."""
        channel = next(one for one in self.accounts if one.kind == kind)

        def said() -> list[Inbound]:
            found = self.kept[kind].read_by(channel)
            return [one for one in found if isinstance(one, Inbound)]

        await self.kept[kind].until_so(lambda: len(said()) >= count)
        return said()

    async def returned(self, kind: str, count: int) -> list[Undelivered]:
        """What came back."""
        channel = next(one for one in self.accounts if one.kind == kind)

        def came() -> list[Undelivered]:
            found = self.kept[kind].read_by(channel)
            return [one for one in found if isinstance(one, Undelivered)]

        await self.kept[kind].until_so(lambda: len(came()) >= count)
        return came()


async def answer(
    channel: MetaChannel, to: Inbound, text: str, key: str = "k1", **more: Any
) -> Receipt:
    """An answer as the engine sends it."""
    return await channel.send(Outbound(key, to.conversation, to.sender, text, **more))


def texts(got: Sequence[Any]) -> list[str]:
    """The words that somebody got."""
    return [one.text for one in got]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made: list[Bench] = []

    async def post(raw: bytes, headers: Mapping[str, str]) -> int:
        return await made[0].posts(raw, headers)

    async with serving(FakeMeta(), post=post) as fake:
        made.append(Bench(fake, tmp_path))
        yield made[0]
