"""A Slack of one's own, a channel that talks to it, and an intake that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Busy, Inbound, Outbound, Secret, Site
from omniroute_slack.channel import SlackChannel
from omniroute_slack.settings import Config
from omniroute_slack.testing import FakeSlack, serving

PATIENCE = 10  # s after which a test gives up


class Kept:
    """An intake: what it kept, and what is read out of that."""

    def __init__(self) -> None:
        self.raw: dict[str, bytes] = {}
        self._offered = asyncio.Event()
        self.listening = asyncio.Event()
        self.full = False
        self._news = asyncio.Event()

    def ready(self) -> None:
        self.listening.set()

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        self._offered.set()
        if self.full:
            raise Busy("the disk is full")
        self.raw.setdefault(key, raw)
        self._news.set()

    async def asked(self) -> None:
        """Wait until something was offered, kept or not."""
        async with asyncio.timeout(PATIENCE):
            await self._offered.wait()

    async def until(self, count: int) -> Sequence[bytes]:
        async with asyncio.timeout(PATIENCE):
            while len(self.raw) < count:
                self._news.clear()
                await self._news.wait()
        return list(self.raw.values())


class Bench:
    """The channel at work."""

    def __init__(self, fake: FakeSlack, folder: Path, **settings: Any) -> None:
        self.fake, self.kept = fake, Kept()
        about = {"bot_token": Secret(fake.bot_token), "api_url": fake.api_url, **settings}
        if "signing_secret" not in about:
            about.setdefault("app_token", Secret(fake.app_token))
        self.socket = "app_token" in about
        self.channel = SlackChannel("help", Config(**about), Site(folder, "http://desk.example"))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        task = asyncio.create_task(self.channel.listen(self.kept))
        async with asyncio.timeout(PATIENCE):
            await self.kept.listening.wait()
        if self.socket:
            await self.fake.until(lambda: self.fake.connected)
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def read(self, count: int) -> list[Inbound]:
        """What is read out of the first *count* things that were kept."""
        return [one for raw in await self.kept.until(count) for one in self.channel.parse(raw)]


@pytest.fixture
async def fake() -> AsyncIterator[FakeSlack]:
    async with serving(FakeSlack()) as served:
        yield served
        assert served.unknown == []


@pytest.fixture
def bench_of(fake: FakeSlack, tmp_path: Path) -> Callable[..., Bench]:
    """A bench with settings of its own."""

    def make(**settings: Any) -> Bench:
        return Bench(fake, tmp_path, **settings)

    return make


@pytest.fixture
async def bench(fake: FakeSlack, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(fake, tmp_path).listening() as bench:
        yield bench


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    def make(conversation: str, text: str = "hello", **more: Any) -> Outbound:
        return Outbound("k1", conversation, Address("slack", "U1", True), text, **more)

    return make
