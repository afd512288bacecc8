"""Dora, who works by mail alone: her part in the demo is played on its page of mails."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import Final

from omniroute.server.composition import Server

AGENT, ADDRESS = "dora", "dora@desk.example"  # as the team file that ships has them
DESK: Final = "desk@demo.example"
KIND: Final = "email"


def with_her_desk(team: str) -> str:
    """The team file, in which she works by mail."""
    line = f"    email: {ADDRESS}\n"
    return team.replace(line, f"{line}    desks: [{KIND}]\n")


async def let_her_in(server: Server) -> None:
    """Bind her address, as her answer to an invitation would."""
    code = await server.bindings.invite(AGENT, KIND, "demo")
    await server.bindings.redeem(code, KIND, ADDRESS, "Dora Nagy")


def mail_of_hers(text: str) -> EmailMessage:
    """A new mail of hers to the desk."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Dora Nagy <{ADDRESS}>", DESK, "From Dora"
    mail["Message-ID"] = make_msgid(domain="demo.example")
    mail.set_content(text.replace("\r\n", "\n"))
    return mail


async def hand_in(port: int, mail: EmailMessage) -> None:
    """Give a mail to the server, as a mail server would."""
    sender, to = parseaddr(str(mail["From"]))[1], parseaddr(str(mail["To"]))[1]

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
            smtp.send_message(mail, sender, [to])

    await asyncio.to_thread(send)
