"""A whole server with Telegram on the other side: customers and agents with telephones.

The server is the real one and so is the SDK; Telegram is `omniroute_telegram.testing`.  The team is
Ana, Bo and Frieda, who is an admin.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import smtplib
from collections.abc import AsyncIterator
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
from omniroute_telegram.startlinks import sign
from omniroute_telegram.testing import Chat, FakeTelegram, Person, serving
from omniroute_telegram.testing.world import ChatRoom

ADDRESS = "help@desk.example"
SECRET = "shared with the shop's backend"
ROOT = Path(__file__).parents[2]
TEAM = """
version: 1
agents:
  ana: {name: Ana Ruiz, email: ana@desk.example, teams: [billing, frontline, tech],
        desks: [telegram, web], skills: {lang.en: 5, lang.de: 5, billing: 5}}
  bo: {name: Bo Lindgren, email: bo@desk.example, teams: [billing, frontline, tech],
       desks: [telegram, web], skills: {lang.en: 5, lang.de: 5, billing: 4}}
  frieda: {name: Frieda Baumann, email: frieda@desk.example, role: admin, teams: [frontline]}
"""


@dataclass
class Agent:
    """An agent with a telephone."""

    id: str
    person: Person
    own: Chat  # with the bot
    scene: Scene

    def topic(self, number: int) -> Chat:
        """What they see of a thread's topic."""
        assert self.scene.group is not None
        for id, about in self.scene.group.topics.items():
            if about["name"].startswith(f"#{number} "):
                return self.person.chat(self.scene.group, id)
        raise AssertionError(f"no topic of #{number} among {self.scene.group.topics}")


class Scene:
    """The server at work."""

    def __init__(
        self, fake: FakeTelegram, folder: Path, *, undo: float, topics: bool, mail: bool,
        sink: MailSink | None,
    ) -> None:  # fmt: skip
        self.fake, self.folder, self._undo, self._mail = fake, folder, undo, mail
        self._sink = sink
        self.group: ChatRoom | None = fake.group("Team", forum=True) if topics else None
        rules = folder / "routing_rules"
        if not rules.exists():
            shutil.copytree(ROOT / "routing_rules", rules)
            for path in rules.glob("*.yaml"):
                text = path.read_text()
                path.write_text(re.sub(r"\btimeout: \d+s\b", "timeout: 1h", text))
            (rules / "team.yaml").write_text(TEAM)
        self.server = self.made()

    def made(self) -> Server:
        table: dict[str, Any] = {
            "kind": "telegram",
            "token": Secret(self.fake.token),
            "api_url": self.fake.url,
        }
        if self.group is not None:
            table["team_group"] = self.group.id
        more: dict[str, dict[str, Any]] = {}
        if self._mail:
            more["help"] = {"kind": "email", "addresses": [ADDRESS], "listen_port": 0}
            if self._sink is not None:
                more["help"] |= {"smtp_host": "127.0.0.1", "smtp_port": self._sink.port,
                                 "smtp_starttls": False}  # fmt: skip
            table |= {"start_secret": Secret(SECRET)}
        return Server(
            Settings(
                server=Web(port=0),
                store=Storage(self.folder / "desk.db"),
                rules=Rules(self.folder / "routing_rules"),
                replies=Replies(self._undo),
                channels={"telegram": table, **more},
            )
        )

    async def restart(self) -> None:
        """The server stops and another starts on what it left."""
        await self.server.stop()
        self.server = self.made()
        await self.server.start()
        hasten(self.server, 20, self.fake)

    async def agent(self, id: str, name: str) -> Agent:
        """Somebody of the team binds their telephone and comes online."""
        person = self.fake.person(name)
        if self.group is not None:
            self.group.members[person.id] = "member"
        agent = Agent(id, person, person.chat(), self)
        invitation = await self.server.enrolment.invite(SYSTEM, id)
        link = invitation.text.removesuffix(" and press Start.").rpartition(" ")[2]
        agent.own.says(f"/start {link.rpartition('?start=')[2]}")
        await agent.own.sees(f"This account is {id}'s now")
        agent.own.says("/status online")
        await agent.own.sees("You are online now.")
        return agent

    def comes_by_link(self, chat: Chat, email: str) -> None:
        """A customer opens the chat by the link that the shop shows to whoever is signed in."""
        chat.says("/start " + sign(SECRET, email, self.fake.world.clock()))

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

    def customer(self, name: str) -> Chat:
        """Somebody writes to the bot."""
        return self.fake.person(name).chat()

    async def heard(self, chat: Chat, text: str) -> dict[str, Any]:
        """Wait until a customer has read something."""
        return await chat.sees(text)

    async def fresh(self, chat: Chat, thread: int, turns: int) -> None:
        """Wait until the buttons of a thread know of so many messages of the customer's."""

        def known() -> bool:
            keyboards = [m["reply_markup"] for m in chat.messages() if "reply_markup" in m]
            datas = [
                button.get("callback_data", "")
                for keyboard in keyboards
                for row in keyboard.get("inline_keyboard", ())
                for button in row
            ]
            return any(data.startswith(f"resolve:{thread}:{turns}:") for data in datas)

        await self.fake.until(known)

    async def button(self, chat: Chat, label: str) -> None:
        """Wait until a button is there."""

        def there() -> bool:
            keyboards = [m.get("reply_markup", {}) for m in chat.messages()]
            rows = [row for board in keyboards for row in board.get("inline_keyboard", ())]
            return any(button["text"].startswith(label) for row in rows for button in row)

        await self.fake.until(there)

    async def has(self, chat: Chat, message: dict[str, Any], emoji: str) -> None:
        """Wait for a receipt at a message."""
        await self.fake.until(lambda: emoji in chat.reactions(message))


@asynccontextmanager
async def scene(
    folder: Path, *, undo: float = 0.0, topics: bool = False, mail: bool = False,
    sink: MailSink | None = None,
) -> AsyncIterator[Scene]:  # fmt: skip
    """A server, from its start to its stop; what its mailbox sends comes to *sink*."""
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(serving(FakeTelegram()))
        if sink is not None:
            await stack.enter_async_context(sink)
        made = Scene(fake, folder, undo=undo, topics=topics, mail=mail, sink=sink)
        await made.server.start()
        hasten(made.server, 20, fake)
        try:
            await fake.until(lambda: any(name == "getupdates" for name, _ in fake.calls))
            yield made
        finally:
            await made.server.stop()
            assert fake.unknown == []
