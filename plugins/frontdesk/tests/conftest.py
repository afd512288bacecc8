"""A desk to test with: the channel, a notebook for an engine, and screens."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Inbound, Outbound, Receipt, Secret, Site
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.intake import Notebook, listening
from omniroute.testing.proofs import Notary
from omniroute_frontdesk.channel import FrontDeskChannel
from omniroute_frontdesk.settings import Settings
from omniroute_frontdesk.testing import FORM, KEY

MOUNT = "/channels/frontdesk/main"
TICKET = re.compile(r'name="ticket" value="([0-9a-f]{32})"')


@dataclass
class Screen:
    """A browser at the desk."""

    app: Starlette
    cookie: str = ""
    language: str = ""

    @property
    def _headers(self) -> dict[str, str]:
        return {"cookie": self.cookie, "accept-language": self.language}

    async def opens(self, key: str = KEY, role: str = "staff") -> Answered:
        answered = await self.posts("/sign-in", key=key, role=role)
        self.cookie = answered.headers.get("set-cookie", "").partition(";")[0]
        return answered

    async def gets(self, path: str = "/") -> Answered:
        return await ask(self.app, "GET", MOUNT + path, b"", self._headers)

    async def posts(self, path: str, **typed: str) -> Answered:
        headers = {**FORM, **self._headers}
        return await ask(self.app, "POST", MOUNT + path, urlencode(typed).encode(), headers)

    async def logs(self, **typed: str) -> Answered:
        """A form that was shown is filled in and sent."""
        found = TICKET.search((await self.gets()).body.decode())
        assert found is not None
        return await self.posts("/", **{"text": "I have lost my card", "ticket": found[1], **typed})


@dataclass
class Desk:
    """A desk that listens, with a colleague's screen."""

    notebook: Notebook
    channel: FrontDeskChannel
    notary: Notary
    staff: Screen

    def screen(self) -> Screen:
        return Screen(self.staff.app)

    def read(self) -> list[Inbound]:
        return [one for raw in self.notebook.kept.values() for one in self.channel.parse(raw)]

    async def answers(self, text: str, key: str = "k1") -> Receipt:
        """Ana answers whoever came last."""
        to = self.read()[-1]
        out = Outbound(key, to.conversation, to.sender, text, sender_name="Ana")
        return await self.channel.send(out)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    notary, notebook = Notary(), Notebook()
    settings = Settings(
        key=Secret(KEY),
        telegram_bot="acme_help_bot",
        chat_url="https://desk.example/channels/webchat/site/",
    )
    site = Site(tmp_path, "https://desk.example", secret=b"x", proofs=notary)
    channel = FrontDeskChannel("main", settings, site)
    async with listening(channel, notebook):
        staff = Screen(Starlette(routes=[Mount(MOUNT, routes=channel.routes())]))
        await staff.opens()
        yield Desk(notebook, channel, notary, staff)
