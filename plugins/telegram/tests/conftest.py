"""A Telegram of one's own, a channel that talks to it, and an intake that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Busy, Inbound, Outbound, Secret, Site
from omniroute_telegram.channel import TelegramChannel
from omniroute_telegram.settings import Config
from omniroute_telegram.testing import FakeTelegram, serving

PATIENCE = 10  # s after which a test gives up


class Kept:
    """An intake: what it kept, and what is read out of that."""

    def __init__(self) -> None:
        self.raw: dict[str, bytes] = {}
        self.listening = asyncio.Event()
        self.full = False
        self._news = asyncio.Event()

    def ready(self) -> None:
        self.listening.set()

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        if self.full:
            raise Busy("the disk is full")
        self.raw.setdefault(key, raw)
        self._news.set()

    async def until(self, count: int) -> Sequence[bytes]:
        async with asyncio.timeout(PATIENCE):
            while len(self.raw) < count:
                self._news.clear()
                await self._news.wait()
        return list(self.raw.values())


class Bench:
    """The channel at work."""

    def __init__(self, fake: FakeTelegram, folder: Path, **settings: Any) -> None:
        self.fake, self.kept = fake, Kept()
        self.polls = settings.get("updates") != "webhook"
        about = {"token": Secret(fake.token), "api_url": fake.url, **settings}
        site = Site(folder, "http://desk.example")
        self.channel = TelegramChannel("help", Config(**about), site)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        task = asyncio.create_task(self.channel.listen(self.kept))
        async with asyncio.timeout(PATIENCE):
            await self.kept.listening.wait()
        if self.polls:  # what it wants to hear of it says with its first poll
            await self.fake.until(lambda: any(n == "getupdates" for n, _ in self.fake.calls))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

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
