"""A Slack of one's own, a channel that talks to it, and an intake that remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Inbound, Outbound, Secret, Site
from omniroute.testing.intake import Notebook, listening
from omniroute_slack.channel import SlackChannel
from omniroute_slack.settings import Config
from omniroute_slack.testing import FakeSlack, serving


class Bench:
    """The channel at work."""

    def __init__(self, fake: FakeSlack, folder: Path, **settings: Any) -> None:
        self.fake, self.kept = fake, Notebook()
        about = {"bot_token": Secret(fake.bot_token), "api_url": fake.api_url, **settings}
        if "signing_secret" not in about:
            about.setdefault("app_token", Secret(fake.app_token))
        self.socket = "app_token" in about
        self.channel = SlackChannel("help", Config(**about), Site(folder, "http://desk.example"))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Bench]:
        async with listening(self.channel, self.kept):
            if self.socket:
                await self.fake.until(lambda: self.fake.connected)
            yield self

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
