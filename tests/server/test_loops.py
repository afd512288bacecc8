"""Two servers that acknowledge each other's mail stop at once (reliability.md I8, RFC 3834)."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from tests.server.house import House

from omniroute.cli.client import Client
from omniroute.server.composition import Server
from omniroute.server.settings import load
from omniroute.testing.server_process import free_port, until

RULES = """
version: 1
defaults: {queue: general, priority: normal, sla: {first_reply: 1h, clock: always}}
route:
  - {id: everybody, when: always, reply: heard, to: {queue: general}}
queues: {general: {}}
replies: {heard: {en: "We have received your message."}}
"""
TEAM = "version: 1\nagents: {ana: {name: Ana, email: ana@desk.example}}\n"
MARKS = (b"auto-submitted:", b"x-auto-response-suppress:", b"precedence:")


class Between:
    """The mail server between the two: it hands on by domain, and may take the marks off."""

    def __init__(self, *, strips: bool) -> None:
        self.strips = strips
        self.ports: dict[str, int] = {}
        self.carried: list[tuple[str, bytes]] = []  # recipient, message

    async def handle_DATA(  # noqa: N802  aiosmtpd finds it by this name
        self, server: object, session: object, envelope: Any
    ) -> str:
        [recipient] = envelope.rcpt_tos
        message = envelope.content
        self.carried.append((recipient, message))
        sender = envelope.mail_from
        if self.strips:
            lines = message.split(b"\r\n")
            message = b"\r\n".join(line for line in lines if not line.lower().startswith(MARKS))
            sender = sender.strip("<>") or "somebody@relay.example"
        await asyncio.to_thread(self.hand_on, sender, recipient, message)
        return "250 kept"

    def hand_on(self, sender: str, recipient: str, message: bytes) -> None:
        port = self.ports[recipient.rpartition("@")[2]]
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
            smtp.sendmail(sender, [recipient], message)


class Desk(House):
    """help@DOMAIN, which acknowledges whatever comes."""

    def __init__(self, folder: Path, domain: str, out: int) -> None:
        self.domain, self.out = domain, out
        super().__init__(folder)
        for file in self.rules.rglob("*"):
            if file.is_file():
                file.unlink()
        self.rule_file().write_text(RULES)
        self.write_team(TEAM)
        self.local = Client(self.database)

    def accounts(self) -> str:
        return f"""
[channels.help]
kind = "email"
addresses = ["help@{self.domain}"]
listen_port = {self.smtp}
smtp_host = "127.0.0.1"
smtp_port = {self.out}
smtp_starttls = false
"""

    def lines(self) -> list[str]:
        """Who said what in the only thread, once there is one; nothing while one is on its way."""
        for row in self.local.get("/api/threads"):
            items = self.local.get(f"/api/threads/{row['id']}")["items"]
            if not any(item.get("state") == "sending" for item in items):
                return [item["kind"] for item in items if item["kind"] != "event"]
        return []

    async def until_said(self, *kinds: str) -> None:
        """Wait until exactly these lines stand in the thread, and what we sent has gone out."""
        said = f"{self.domain} has {', '.join(kinds)}"
        await asyncio.to_thread(until, said, 30, lambda: self.lines() == list(kinds))

    async def why(self) -> str:
        """Why the only thread is where it is."""
        (row,) = await asyncio.to_thread(self.local.get, "/api/threads")
        return str(await asyncio.to_thread(self.local.get, f"/api/threads/{row['id']}/why"))


@asynccontextmanager
async def two_desks(folder: Path, between: Between) -> AsyncIterator[tuple[Desk, Desk]]:
    out = free_port()
    relay = Controller(between, hostname="127.0.0.1", port=out)
    relay.start()
    desks = Desk(folder / "a", "a.example", out), Desk(folder / "b", "b.example", out)
    between.ports = {desk.domain: desk.smtp for desk in desks}
    servers = [Server(load(desk.config)) for desk in desks]
    try:
        for server in servers:
            await server.start()
        yield desks
    finally:
        for server in servers:
            await server.stop()
        await asyncio.to_thread(relay.stop)


FIRST = (
    b"From: help@b.example\r\nTo: help@a.example\r\nSubject: Order 1182\r\n"
    b"Message-ID: <1@b.example>\r\n\r\nWhere is it?\r\n"
)


async def test_incident_8_what_is_marked_is_not_answered(tmp_path: Path) -> None:
    between = Between(strips=False)
    async with two_desks(tmp_path, between) as (a, b):
        await asyncio.to_thread(between.hand_on, "help@b.example", "help@a.example", FIRST)
        await a.until_said("customer", "automatic")
        await b.until_said("customer")
        assert "no automatic reply heard: a machine wrote" in await b.why()
    [(recipient, message)] = between.carried
    assert recipient == "help@b.example"
    assert b"\r\nAuto-Submitted: auto-replied\r\n" in message


async def test_incident_8_two_that_hide_what_they_are_stop_all_the_same(tmp_path: Path) -> None:
    """A mail server between them takes the marks off and gives a null sender a name."""
    between = Between(strips=True)
    async with two_desks(tmp_path, between) as (a, b):
        await asyncio.to_thread(between.hand_on, "help@b.example", "help@a.example", FIRST)
        await b.until_said("customer", "automatic")
        await a.until_said("customer", "automatic", "customer")
    assert [recipient for recipient, _ in between.carried] == ["help@b.example", "help@a.example"]
