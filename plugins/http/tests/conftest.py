"""An account to test with: the channel, a notebook for an engine, and programs that join."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Inbound, Outbound, Receipt, Secret, Site, Undelivered
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.intake import Notebook, listening
from omniroute_http.channel import HttpChannel
from omniroute_http.settings import Integration, Settings
from omniroute_http.testing import SECRET, Shop

MOUNT = "/channels/http/main"


@dataclass
class House:
    """An account that listens, with a shop that asks and an app that may vouch for mailboxes."""

    channel: HttpChannel
    notebook: Notebook
    app: Starlette
    shop: Shop = field(default_factory=Shop)
    number: int = 0

    async def posts(
        self, path: str, value: object, *, id: str = "", headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Somebody posts signed JSON."""
        self.number += 1
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        shown = headers or self.shop.signed(body, id or f"call-{self.number}")
        return await ask(self.app, "POST", f"{MOUNT}/{path}", body, shown)

    async def says(self, text: str, *, whose: str = "shop", **more: Any) -> Answered:
        """Joe writes."""
        event = {"type": "message", "id": f"m{self.number}", "from": {"id": "joe"}, "text": text}
        return await self.posts(f"{whose}/events", {**event, **more})

    async def polls(self, after: str = "", *, wait: int = 0, whose: str = "shop") -> Any:
        """A program asks what is new."""
        answered = await self.posts(f"{whose}/poll", {"after": after, "wait": wait})
        assert answered.ok, answered.body
        return json.loads(answered.body)

    def read(self) -> list[Inbound | Undelivered]:
        """What the engine reads."""
        return self.notebook.read_by(self.channel)

    def heard(self) -> Inbound:
        """What somebody did last."""
        last = self.read()[-1]
        assert isinstance(last, Inbound)
        return last

    async def answers(self, text: str, key: str = "k1", **more: Any) -> Receipt:
        """An agent answers whoever wrote last."""
        to = self.heard()
        out = Outbound(key, to.conversation, to.sender, text, sender_name="Ana", **more)
        return await self.channel.send(out)


@pytest.fixture
def settings() -> Settings:
    secret = Secret(SECRET)
    return Settings(
        integrations={
            "shop": Integration(secret=secret),
            "app": Integration(secret=secret, vouches=["email"], one_id_per_person=True),
            "called": Integration(secret=secret, webhook="http://127.0.0.1:9/item"),
        },
        largest=20_000,
    )


@pytest.fixture
async def house(tmp_path: Path, settings: Settings) -> AsyncIterator[House]:
    channel = HttpChannel("main", settings, Site(tmp_path, "http://desk.example"))
    app = Starlette(routes=[Mount(MOUNT, routes=channel.routes())])
    async with AsyncExitStack() as stack:
        notebook = Notebook()
        await stack.enter_async_context(listening(channel, notebook))
        yield House(channel, notebook, app)
