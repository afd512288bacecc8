"""A whole server with Slack on the other side: customers and agents in one workspace.

The server is the real one and so are the SDK and slack-bolt; Slack is `omniroute_slack.testing`.
The team is Ana, Bo and Frieda, who is an admin.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import smtplib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from omniroute import Secret
from omniroute.application.authorize import SYSTEM
from omniroute.demo.windows import hasten
from omniroute.server.composition import Server
from omniroute.server.settings import Replies, Rules, Settings, Storage, Web
from omniroute.testing.mail_sink import MailSink
from omniroute_slack.testing import Chat, FakeSlack, Person, serving
from omniroute_slack.testing.world import Room

ADDRESS = "help@desk.example"
ROOT = Path(__file__).parents[2]
TEAM = """
version: 1
agents:
  ana: {name: Ana Ruiz, email: ana@desk.example, teams: [billing, frontline, tech],
        desks: [slack, web], skills: {lang.en: 5, lang.de: 5, billing: 5}}
  bo: {name: Bo Lindgren, email: bo@desk.example, teams: [billing, frontline, tech],
       desks: [BOS_DESK, web], skills: {lang.en: 5, lang.de: 5, billing: 4}}
  frieda: {name: Frieda Baumann, email: frieda@desk.example, role: admin, teams: [frontline]}
"""


@dataclass
class Agent:
    """An agent with Slack open."""

    id: str
    person: Person
    own: Chat  # with the app

    async def asked(self) -> dict[str, Any]:
        """The card of an offer."""
        return await self.own.sees("Why you")

    async def takes(self) -> Chat:
        """Accept what is offered; the thread under the card, where the work is done."""
        card = await self.asked()
        self.own.presses("Accept", card)
        place = self.own.thread(card)
        await place.sees("What you write here goes to")
        return place


class Scene:
    """The server at work."""

    def __init__(
        self, fake: FakeSlack, folder: Path, *, undo: float, triage: bool,
        channels: Mapping[str, dict[str, Any]], bos_desk: str, http: bool, offers: str,
        broadcast: bool, grace: str,
    ) -> None:  # fmt: skip
        self.fake, self.folder = fake, folder
        self.triage: Room | None = fake.channel("triage") if triage else None
        rules = folder / "routing_rules"
        shutil.copytree(ROOT / "routing_rules", rules)
        for path in rules.glob("*.yaml"):
            text = re.sub(r"\btimeout: \d+s\b", f"timeout: {offers}", path.read_text())
            if broadcast:
                text = text.replace("for: 2m}", "for: 2m, broadcast: true}", 1)
            if path.name == "support.yaml":
                text = text.replace(
                    "defaults:\n", f"defaults:\n  presence: {{offline_grace: {grace}}}\n", 1
                )
            path.write_text(text)
        (rules / "team.yaml").write_text(TEAM.replace("BOS_DESK", bos_desk))
        slack: dict[str, Any] = {
            "kind": "slack",
            "bot_token": Secret(fake.bot_token),
            "api_url": fake.api_url,
        }
        secret = "signing_secret" if http else "app_token"
        slack[secret] = Secret(fake.signing_secret if http else fake.app_token)
        if self.triage is not None:
            slack["triage_channel"] = self.triage.id
        self.server = Server(
            Settings(
                server=Web(port=0),
                store=Storage(folder / "desk.db"),
                rules=Rules(rules),
                replies=Replies(undo),
                channels={"slack": slack, **channels},
            )
        )

    async def agent(self, id: str, name: str) -> Agent:
        """Somebody of the team binds their account and comes online."""
        person = self.fake.person(name)
        if self.triage is not None:
            self.triage.members.add(person.id)
        agent = Agent(id, person, person.chat())
        invitation = await self.server.enrolment.invite(SYSTEM, id, "slack")
        agent.own.says(invitation.text.rpartition(": ")[2])
        await agent.own.sees(f"This account is {id}'s now")
        agent.own.says("status online")
        await agent.own.sees("You are online now.")
        return agent

    def customer(self, name: str, email: str = "") -> Chat:
        """Somebody writes to the app."""
        return self.fake.person(name, email).chat()

    def team(self, agent: Agent, card: dict[str, Any]) -> Chat:
        """What an agent sees of a thread in the team's channel."""
        assert self.triage is not None
        return Chat(self.fake, agent.person, self.triage, card["ts"])

    async def mail(self, sender: str, text: str) -> None:
        """Somebody writes to the mailbox."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ADDRESS, "About my order"
        message.set_content(text)
        channel: Any = self.server.node.parts.channels["email", "help"]

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", channel.port, timeout=20) as smtp:
                smtp.send_message(message, sender, [ADDRESS])

        await asyncio.to_thread(send)


@asynccontextmanager
async def scene(
    folder: Path, *, undo: float = 0.0, triage: bool = False, sink: MailSink | None = None,
    channels: Mapping[str, dict[str, Any]] | None = None, bos_desk: str = "slack",
    http: bool = False, offers: str = "1h", broadcast: bool = False, grace: str = "60s",
) -> AsyncIterator[Scene]:  # fmt: skip
    """A server, from its start to its stop; with a mailbox if there is a *sink*."""
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(serving(FakeSlack()))
        more = dict(channels or {})
        if sink is not None:
            await stack.enter_async_context(sink)
            more["help"] = {"kind": "email", "addresses": [ADDRESS], "listen_port": 0,
                            "smtp_host": "127.0.0.1", "smtp_port": sink.port,
                            "smtp_starttls": False}  # fmt: skip
        made = Scene(
            fake, folder, undo=undo, triage=triage, channels=more, bos_desk=bos_desk, http=http,
            offers=offers, broadcast=broadcast, grace=grace,
        )  # fmt: skip
        await made.server.start()
        hasten(made.server, 20, fake)
        try:
            if http:
                fake.hook = f"{made.server.url}/channels/slack/slack/hook"
            else:
                await fake.until(lambda: fake.connected)
            yield made
        finally:
            await made.server.stop()
            assert fake.unknown == []
