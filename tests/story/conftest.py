"""A whole desk for stories: a real server, real mail behind it, a real browser before it."""

import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from omniroute.runtime.clock import SystemClock
from omniroute.server.composition import Server
from omniroute.server.settings import Replies, Rules, Settings, Storage, Web
from omniroute.testing.mail_sink import MailSink

ROOT = Path(__file__).parents[2]
CHAT_SECRET = "shared with the shop's backend, which signs who a visitor is"
ADDRESS = "help@desk.example"


class MovedClock(SystemClock):
    """The machine's clock, and ahead of it by as much as a story says."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead

    def move(self, *, days: float) -> None:
        self.ahead += int(days * 86_400_000)


@dataclass
class Desk:
    """A server that runs, and what stands around it."""

    server: Server
    sink: MailSink
    clock: MovedClock

    @property
    def smtp_port(self) -> int:
        port: int = self.server.node.parts.channels["email", "help"].port  # type: ignore[attr-defined]
        return port

    @property
    def chat(self) -> str:
        return f"{self.server.url}/channels/webchat/site/"

    def mail(self, sender: str, subject: str, text: str, **headers: str) -> str:
        """Post a mail by SMTP, as any mail program would; its Message-ID."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ADDRESS, subject
        message["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@mail.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
            smtp.send_message(message, "joe@mail.example", [ADDRESS])
        return str(message["Message-ID"])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = MovedClock()
    async with MailSink() as sink:
        server = Server(
            Settings(
                server=Web(port=0, organisation="The Desk"),
                store=Storage(tmp_path / "desk.db"),
                rules=Rules(ROOT / "routing_rules"),
                replies=Replies(undo_seconds=0.3),
                channels={
                    "help": {
                        "kind": "email",
                        "addresses": [ADDRESS],
                        "listen_port": 0,
                        "smtp_host": "127.0.0.1",
                        "smtp_port": sink.port,
                        "smtp_starttls": False,
                    },
                    "site": {"kind": "webchat", "secret": CHAT_SECRET},
                },
            ),
            clock=clock,
        )
        await server.start()
        yield Desk(server, sink, clock)
        await server.stop()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        await browser.close()
