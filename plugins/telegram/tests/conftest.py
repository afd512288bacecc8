"""A Telegram of one's own, a channel that talks to it, and an intake that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Inbound, Outbound, Secret, Site
from omniroute.testing.intake import Notebook, listening
from omniroute_telegram.channel import TelegramChannel
from omniroute_telegram.settings import Config
from omniroute_telegram.testing import FakeTelegram, serving


class Bench:
    """The channel at work."""

    def __init__(self, fake: FakeTelegram, folder: Path, **settings: Any) -> None:
        self.fake, self.kept = fake, Notebook()
        self.polls = settings.get("updates") != "webhook"
        proofs = settings.pop("proofs", None)
        about = {"token": Secret(fake.token), "api_url": fake.url, **settings}
        site = Site(folder, "http://desk.example", proofs=proofs)
        self.channel = TelegramChannel("help", Config(**about), site)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        async with listening(self.channel, self.kept):
            if self.polls:  # what it wants to hear of it says with its first poll
                await self.fake.until(lambda: any(n == "getupdates" for n, _ in self.fake.calls))
            yield self

    async def read(self, count: int) -> list[Inbound]:
        """What is read out of the first *count* things that were kept."""
        return [one for raw in await self.kept.until(count) for one in self.channel.parse(raw)]


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with serving(FakeTelegram()) as served:
        yield served


@pytest.fixture
def bench_of(fake: FakeTelegram, tmp_path: Path) -> Callable[..., Bench]:
    """A bench with settings of its own."""

    def make(**settings: Any) -> Bench:
        return Bench(fake, tmp_path, **settings)

    return make


@pytest.fixture
async def bench(fake: FakeTelegram, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(fake, tmp_path).listening() as bench:
        yield bench


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(chat: int | str, text: str = "hello", **more: Any) -> Outbound:
        return Outbound("k1", str(chat), Address("telegram", "5001", True), text, **more)

    return make
