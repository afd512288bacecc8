"""The stand-ins of Telegram and Slack with people before them: who writes from a telephone, and
which agents work where.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from omniroute.application.bindings import Bindings
from omniroute.demo.script import JOE, Customer
from omniroute.runtime.clock import SystemClock
from omniroute.server.composition import Server
from omniroute_slack import testing as slack
from omniroute_slack.budget import new_budget as slack_budget
from omniroute_telegram import testing as telegram
from omniroute_telegram.budget import new_budget as telegram_budget
from omniroute_telegram.startlinks import sign

DESKS: Final[Mapping[str, str]] = {"ana": "slack", "bo": "telegram", "cem": "slack"}
"""Where agents work, besides the console."""

TEAM_CHANNEL: Final = "support"


class Windows:
    """Both platforms.  Everybody of `DESKS` has an account before the server starts."""

    def __init__(self, start_secret: str) -> None:
        self._start_secret = start_secret
        self.telegram, self.slack = telegram.FakeTelegram(), slack.FakeSlack()
        self.ana = self.slack.person("Ana Ruiz")
        self.cem = self.slack.person("Cem Aydin")
        self.team = self.slack.channel(TEAM_CHANNEL, self.ana, self.cem)
        self.bo = self.telegram.person("Bo Lindgren")
        self.joe = self.telegram.person(JOE.name)

    def hasten(self, server: Server, times: int) -> None:
        """Have both platforms let so much more through.

        As they are they take a message a second, and whoever watches would wait for a team's
        channel to fill.
        """
        hasten(server, times, self.slack, self.telegram)

    async def connected(self, seconds: float = 10.0) -> None:
        """Wait until the server listens on both, or for so long."""

        def listens() -> bool:
            return any(method == "getupdates" for method, _ in self.telegram.calls)

        with contextlib.suppress(TimeoutError):
            await self.telegram.until(listens, seconds)
            await self.slack.until(lambda: self.slack.connected, seconds)

    def bind(self, path: Path) -> None:
        """Let the agents' accounts count as theirs, in the file at *path*."""
        accounts = {"ana": self.ana.id, "bo": str(self.bo.id), "cem": self.cem.id}
        bindings = Bindings(path, DESKS.__contains__, SystemClock().now)

        async def bind() -> None:
            for agent, desk in DESKS.items():
                code = await bindings.invite(agent, desk, "demo")
                await bindings.redeem(code, desk, accounts[agent])

        try:
            asyncio.run(bind())
        finally:
            bindings.close()

    def comes(self, who: Customer, person: telegram.Person | None = None) -> telegram.Chat:
        """Open a telephone's chat by the link that the shop shows to whoever is signed in there,
        so that what they write is known to be theirs.
        """
        chat = (person or self.telegram.person(who.name)).chat()
        chat.says("/start " + sign(self._start_secret, who.login, self.telegram.world.clock()))
        return chat

    def phone(self, chat: telegram.Chat) -> str:
        """The page that is somebody's telephone."""
        return f"{self.telegram.url}/phone?user={chat.person.id}"

    def client(self, person: slack.Person) -> str:
        """The page that is somebody's Slack."""
        return f"{self.slack.url}/client?user={person.id}"


def hasten(server: Server, times: int, *fakes: slack.FakeSlack | telegram.FakeTelegram) -> None:
    """Have *fakes* let so many times more through, and our side know of it."""

    def clock() -> float:
        return time.monotonic() * times

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / times)

    for kind, account in server.node.parts.channels:
        channel: Any = server.node.parts.channels[kind, account]
        if kind == "slack":
            channel.connection.budget = slack_budget(clock, sleep)
        elif kind == "telegram":
            channel.connection.budget = telegram_budget(clock, sleep)
    for fake in fakes:
        if isinstance(fake, slack.FakeSlack):
            fake.world.limits = slack.Limits(float(times), 12 * times)
        else:
            fake.world.limits = telegram.Limits(
                30.0 * times, float(times), 12 * times, 20 * times, 20 * times
            )
