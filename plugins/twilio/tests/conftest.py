"""The channel at work, with a Twilio of one's own before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Address, Inbound, Outbound, Secret, Site, Undelivered
from omniroute.testing.intake import Notebook, listening
from omniroute_twilio import settings
from omniroute_twilio.account import TwilioChannel
from omniroute_twilio.channel import SmsChannel
from omniroute_twilio.testing import FakeTwilio, Phone, serving

DESK = "http://desk.example"


class Bench:
    """One account, of SMS unless another class of channel is given."""

    def __init__(
        self,
        fake: FakeTwilio,
        folder: Path,
        kind: type[TwilioChannel] = SmsChannel,
        config: type[settings.Account] = settings.Sms,
        **more: Any,
    ) -> None:
        self.fake, self.kept = fake, Notebook()
        about = {"account_sid": fake.account, "auth_token": Secret(fake.token),
                 "number": fake.number, "api_url": fake.url, **more}  # fmt: skip
        site = Site(folder, DESK, "Acme", b"a secret of no value")
        self.channel: Any = kind("line", config(**about), site)
        self.base = f"{DESK}/channels/{kind.kind}/line"
        mount = Mount(self.base.removeprefix(DESK), routes=list(self.channel.routes()))
        fake.network = httpx.ASGITransport(app=Starlette(routes=[mount]))
        fake.leads_to(self.base)
        fake.tries = 1

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        async with listening(self.channel, self.kept):
            yield self
        self.channel.memory.close()

    def read(self) -> list[Inbound | Undelivered]:
        """What is read out of everything that was kept."""
        return [one for raw in self.kept.kept.values() for one in self.channel.parse(raw)]

    def lines(self) -> list[str]:
        """The words of it, edits applied."""
        said: dict[str, str] = {}
        for one in self.read():
            if isinstance(one, Inbound):
                said[one.external_id] = one.text
        return list(said.values())


@pytest.fixture
async def fake() -> AsyncIterator[FakeTwilio]:
    async with serving(FakeTwilio()) as served:
        yield served


@pytest.fixture
def bench_of(fake: FakeTwilio, tmp_path: Path) -> Callable[..., Bench]:
    """A bench with settings of its own."""

    def make(**more: Any) -> Bench:
        return Bench(fake, tmp_path, **more)

    return make


@pytest.fixture
async def bench(fake: FakeTwilio, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(fake, tmp_path).listening() as bench:
        yield bench


@pytest.fixture
def joe(fake: FakeTwilio) -> Phone:
    return Phone(fake, "+14155550101", "Joe Miller")


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(text: str = "hello", to: str = "+14155550101", **more: Any) -> Outbound:
        return Outbound("k1", to, Address("phone", to, True), text, **more)

    return make
