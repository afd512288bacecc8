"""What Twilio, Slack and Telegram push to a machine that follows, while nobody writes.

Two servers in this process on one store, and the three platforms outside, which tell everything
again until it is acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.server.house import House
from tests.server.shared import PATIENCE, Shared, moved, running

import omniroute_slack.testing as slack
import omniroute_telegram.testing as telegram
import omniroute_twilio.testing as twilio
from omniroute.cli.client import Client
from omniroute.core.inputs import MessageReceived
from omniroute.runtime.record import decode

GONE = "one that has died"


@dataclass
class Platforms:
    """Where the customers are."""

    twilio: twilio.FakeTwilio
    slack: slack.FakeSlack
    telegram: telegram.FakeTelegram

    def settings(self) -> str:
        """An account of ours at each."""
        return f"""
[channels.line]
kind = "sms"
account_sid = "{self.twilio.account}"
auth_token = "{self.twilio.token}"
number = "{self.twilio.number}"
api_url = "{self.twilio.url}"
[channels.space]
kind = "slack"
bot_token = "{self.slack.bot_token}"
signing_secret = "{self.slack.signing_secret}"
api_url = "{self.slack.api_url}"
[channels.bot]
kind = "telegram"
token = "{self.telegram.token}"
api_url = "{self.telegram.url}"
updates = "webhook"
"""

    def push_to(self, url: str) -> None:
        """Telegram was told by the writer; the others' admins enter it by hand."""
        self.twilio.leads_to(f"{url}/channels/sms/line")
        self.slack.hook = f"{url}/channels/slack/space/hook"

    async def pushed(self) -> None:
        """Everything has been acknowledged."""
        await until(lambda: not self.slack.waiting and not self.telegram.updates.waiting)


@pytest.fixture
async def platforms() -> AsyncIterator[Platforms]:
    async with AsyncExitStack() as opened:
        yield Platforms(
            await opened.enter_async_context(twilio.serving(twilio.FakeTwilio())),
            await opened.enter_async_context(slack.serving(slack.FakeSlack())),
            await opened.enter_async_context(telegram.serving(telegram.FakeTelegram())),
        )


async def until(so: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110 - what is waited for lies with others
            await asyncio.sleep(0.02)


@asynccontextmanager
async def without_a_writer(
    folder: Path, store: Shared, platforms: Platforms
) -> AsyncIterator[House]:
    """A machine that follows, after one that wrote and is gone, with the lease in its hand."""
    follower = House(folder / "b", channels=False)
    balancer = f'[server]\npublic_url = "{follower.url}"'
    writer = House(folder / "a", channels=False)
    for house in (writer, follower):
        house.store, house.more = "shared:", platforms.settings()
        house.write(house.settings().replace("[server]", balancer))
    platforms.push_to(follower.url)
    async with AsyncExitStack() as follows:
        async with running(writer, store):
            await until(lambda: platforms.telegram.updates.webhook)
            moved(writer, follower)
            await follows.enter_async_context(running(follower, store))
            while (holder := store.nodes.lease(GONE, 600)) != GONE:
                store.nodes.release(holder)
        yield follower


def decided(store: Shared) -> list[str]:
    """The channels of the messages that are decided, one for each."""
    entries = [decode(record.body) for record in store.tail(0, 10_000)]
    return sorted(e.input.channel for e in entries if isinstance(e.input, MessageReceived))


async def test_it_is_acknowledged_at_once_and_decided_once_after_the_takeover(
    tmp_path: Path, platforms: Platforms
) -> None:
    store = Shared()
    phone = twilio.Phone(platforms.twilio, "+14155550101", "Joe Miller")
    async with without_a_writer(tmp_path, store, platforms) as follower:
        here = Client(follower.database)

        async def node() -> Any:
            (found,) = (await asyncio.to_thread(here.get, "/api/admin/nodes"))["nodes"]
            return found

        text = await phone.says("by text")
        platforms.slack.person("Kim").chat().says("in Slack")
        platforms.telegram.person("Ada").chat().says("on Telegram")
        await platforms.pushed()
        told = await node()
        assert (told["role"], told["spooled"]) == ("follower", 3)
        assert decided(store) == []

        await phone.tell(text)  # Twilio has not heard that we have it
        store.nodes.release(GONE)
        await until(lambda: len(decided(store)) >= 3)
        await phone.tell(text)  # nor of that; and the writer itself is told
        await phone.says("and once more")
        await until(lambda: len(decided(store)) >= 4)
        assert decided(store) == ["slack", "sms", "sms", "telegram"]
        async with asyncio.timeout(PATIENCE):
            while (await node())["spooled"]:  # noqa: ASYNC110 - it lies in a spool
                await asyncio.sleep(0.02)
