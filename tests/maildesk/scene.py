"""A whole server whose agents work by mail: real SMTP both ways, and a browser for the links.

`Mailbox` is somebody's mail program: it reads what the server has sent them, and answers as mail
programs do, with the whole mail quoted below.  The team is Ana and Bo, and Frieda, who is an admin.
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import smtplib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any

from omniroute.application.authorize import SYSTEM
from omniroute.application.pages import ThreadPage
from omniroute.server.composition import Server
from omniroute.server.settings import Replies, Rules, Settings, Storage, Web
from omniroute.testing.mail_sink import MailSink

HELP, DESK = "help@shop.example", "desk@shop.example"
EDGE = "mx.shop.example"
ROOT = Path(__file__).parents[2]
TEAM = """
version: 1
agents:
  ana: {name: Ana Ruiz, email: ana@shop.example, teams: [billing, frontline, tech],
        desks: [email], skills: {lang.en: 5, lang.de: 5, billing: 5}}
  bo: {name: Bo Lindgren, email: bo@shop.example, teams: [billing, frontline, tech],
       desks: [BOS_DESK], skills: {lang.en: 5, lang.de: 5, billing: 4}}
  frieda: {name: Frieda Baumann, email: frieda@shop.example, role: admin, teams: [frontline]}
"""
WAIT = 30.0  # s that anything may take on a busy machine


@dataclass
class Mailbox:
    """Somebody with a mail program."""

    scene: Scene
    address: str
    name: str
    read: set[int] = field(default_factory=set)

    def mails(self) -> list[EmailMessage]:
        """All that has come, read or not."""
        return [mail for mail in self.scene.sink.received if self.address in str(mail["To"])]

    async def gets(self, text: str) -> EmailMessage:
        """Wait for a mail that has not been read before and says something."""

        def found() -> EmailMessage | None:
            for mail in self.mails():
                if id(mail) not in self.read and text in text_of(mail):
                    self.read.add(id(mail))
                    return mail
            return None

        mail: EmailMessage = await self.scene.until(found, lambda: self._unread(text))
        return mail

    def _unread(self, text: str) -> str:
        unread = [text_of(mail) for mail in self.mails() if id(mail) not in self.read]
        return f"no mail to {self.address} says “{text}”, but {unread}"

    async def writes(
        self, to: str, text: str, subject: str = "Hello", *, files: Sequence[str] = (),
        genuine: bool = True, **fields: str,
    ) -> None:  # fmt: skip
        """Send a mail; unless *genuine*, the edge has found that it is forged."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"{self.name} <{self.address}>", to
        mail["Subject"], mail["Message-ID"] = subject, make_msgid(domain="mail.example")
        found = "pass" if genuine else "fail"
        domain = self.address.rpartition("@")[2]
        mail["Authentication-Results"] = f"{EDGE}; dmarc={found} header.from={domain}"
        for name, value in fields.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        for name in files:
            mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename=name)
        await self.scene.hand_in(mail, self.address, to)

    async def answers(
        self, mail: EmailMessage, text: str, *, signature: str = "", quoting: str = "> ",
        **more: Any,
    ) -> None:  # fmt: skip
        """Answer a mail, with all of it quoted below."""
        quoted = "\n".join(f"{quoting}{line}" for line in text_of(mail).split("\n"))
        below = f"\n\n{signature}" if signature else ""
        body = f"{text}{below}\n\nOn Mon, 2 Mar 2026 at 10:15, {mail['From']} wrote:\n\n{quoted}\n"
        to = str(mail["Reply-To"] or mail["From"])
        address = to.rpartition("<")[2].rstrip(">")
        subject = str(mail["Subject"])
        more = {"In_Reply_To": str(mail["Message-ID"]), **more}
        re_ = subject if subject.startswith("Re: ") else f"Re: {subject}"
        await self.writes(address, body, re_, **more)

    def link(self, mail: EmailMessage, label: str) -> str:
        """Where a link leads."""
        found = re.search(rf"^{re.escape(label)}: (\S+)$", text_of(mail), re.MULTILINE)
        assert found is not None, f"no link “{label}” in {text_of(mail)}"
        return found[1]

    async def opens(self, link: str, method: str = "GET", **form: str) -> tuple[int, str]:
        """Look at the page behind a link, or press its button with POST."""
        return await asyncio.to_thread(_fetch, link, method, form)

    async def presses(self, mail: EmailMessage, label: str, **form: str) -> str:
        """Open a link and press the button; what the page says then."""
        link = self.link(mail, label)
        status, page = await self.opens(link)
        assert (status, "<button>" in page) == (200, True), page
        return (await self.opens(link, "POST", **form))[1]


class Scene:
    """The server at work."""

    def __init__(
        self, folder: Path, sink: MailSink, *, undo: float, bos_desk: str,
        channels: Mapping[str, dict[str, Any]], settings: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.sink, self.folder, self.undo = sink, folder, undo
        rules = folder / "routing_rules"
        shutil.copytree(ROOT / "routing_rules", rules)
        for path in rules.glob("*.yaml"):
            path.write_text(re.sub(r"\btimeout: \d+s\b", "timeout: 1h", path.read_text()))
        (rules / "team.yaml").write_text(TEAM.replace("BOS_DESK", bos_desk))
        mail: dict[str, Any] = {
            "kind": "email", "addresses": [HELP], "desk_address": DESK, "listen_port": 0,
            "authserv_id": EDGE, "smtp_host": "127.0.0.1", "smtp_port": sink.port,
            "smtp_starttls": False, **settings,
        }  # fmt: skip
        self.channels = {"help": mail, **channels}
        self.server = self.made()

    def made(self) -> Server:
        return Server(
            Settings(
                server=Web(port=0),
                store=Storage(self.folder / "desk.db"),
                rules=Rules(self.folder / "routing_rules"),
                replies=Replies(self.undo),
                channels=self.channels,
            )
        )

    async def restart(self) -> None:
        """The server stops and another starts on what it left."""
        await self.server.stop()
        self.server = self.made()
        await self.server.start()

    @property
    def channel(self) -> Any:
        return self.server.node.parts.channels["email", "help"]

    def mailbox(self, address: str, name: str) -> Mailbox:
        return Mailbox(self, address, name)

    async def agent(self, id: str, name: str, *, online: bool = True) -> Mailbox:
        """Somebody of the team binds their mailbox and comes online."""
        box = self.mailbox(f"{id}@shop.example", name)
        invitation = await self.server.enrolment.invite(SYSTEM, id, "email")
        assert DESK in invitation.text
        await box.writes(DESK, invitation.text.rpartition(": ")[2])
        await box.gets(f"This address is {id}'s now")
        if online:
            await box.writes(DESK, "#status online")
            await box.gets("You are online now.")
        return box

    async def hand_in(self, mail: EmailMessage | str, sender: str, to: str) -> None:
        """The edge hands a mail over."""
        raw = mail.encode() if isinstance(mail, str) else mail.as_bytes()
        recipients = [one.strip() for one in to.split(",")]

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.channel.port, timeout=WAIT) as smtp:
                smtp.sendmail(sender, recipients, raw)

        await asyncio.to_thread(send)

    async def until(self, found: Callable[[], Any], what: Callable[[], str] = lambda: "") -> Any:
        """Wait until something is there; it."""
        async with asyncio.timeout(WAIT) as patience:
            try:
                while not (value := found()):  # noqa: ASYNC110  many things may change it
                    await asyncio.sleep(0.02)
            except asyncio.CancelledError:
                if patience.expired():
                    raise AssertionError(what()) from None
                raise
        return value

    async def settled(self) -> None:
        """Wait until everything that came in was attended to."""
        spool = self.server.node.parts.spool
        await self.until(lambda: spool.depth == 0)

    async def page(self, thread: int = 1) -> ThreadPage:
        """A thread as everybody sees it."""
        await self.server.application.up_to_date()
        return await self.server.application.query.thread(SYSTEM, thread)


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def _fetch(link: str, method: str, form: Mapping[str, str]) -> tuple[int, str]:
    data = urllib.parse.urlencode(form).encode() if method == "POST" else None
    request = urllib.request.Request(link, data, method=method)  # noqa: S310  our own server
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as answer:  # noqa: S310
            return answer.status, html.unescape(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, html.unescape(error.read().decode())


@asynccontextmanager
async def scene(
    folder: Path, *, undo: float = 0.0, bos_desk: str = "email",
    channels: Mapping[str, dict[str, Any]] | None = None, **settings: Any,
) -> AsyncIterator[Scene]:  # fmt: skip
    """A server, from its start to its stop."""
    async with MailSink() as sink:
        made = Scene(
            folder, sink, undo=undo, bos_desk=bos_desk, channels=channels or {}, settings=settings
        )
        await made.server.start()
        try:
            yield made
        finally:
            await made.server.stop()
