"""Colleagues and customers who keep the demo moving; they use the same doors as everybody."""

from __future__ import annotations

import asyncio
import logging
import random
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Final

from omniroute.application import commands as c
from omniroute.application.door import Application
from omniroute.demo.script import MATTERS, Customer, customers
from omniroute.errors import OmniRouteError

log = logging.getLogger(__name__)

PLAYED: Final = ("bo", "cem", "emeka")  # the others are off, and the visitor is Ana
ARRIVALS: Final = (25.0, 60.0)  # seconds between two customers
THINKING: Final = (4.0, 14.0)  # seconds until a colleague acts


async def play(
    application: Application, smtp_port: int, address: str, say: Callable[[str], None]
) -> None:
    """Play until cancelled."""
    await asyncio.gather(
        _arrive(smtp_port, address, say),
        *(_work(application, agent, say) for agent in PLAYED),
    )


async def _arrive(port: int, address: str, say: Callable[[str], None]) -> None:
    chance = random.Random()  # noqa: S311 - a play, not a secret
    people = customers(chance, 200)
    for person in people:
        await asyncio.sleep(chance.uniform(*ARRIVALS))
        matter = chance.choice(MATTERS[person.language])
        mail = EmailMessage()
        mail["From"] = f"{person.name} <{person.email}>"
        mail["To"], mail["Subject"] = address, matter.subject
        mail["Message-ID"] = make_msgid(domain="mail.example")
        mail.set_content(matter.asks)
        await asyncio.to_thread(_post, port, mail, person, address)
        say(f"e-mail   {person.name}: “{matter.subject}”")


def _post(port: int, mail: EmailMessage, person: Customer, address: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(mail, person.email, [address])


async def _work(application: Application, agent: str, say: Callable[[str], None]) -> None:
    chance = random.Random()  # noqa: S311 - a play, not a secret
    answered: set[tuple[int, int]] = set()  # thread and turn: a reply is held for a few seconds
    while True:
        await asyncio.sleep(chance.uniform(*THINKING))
        try:
            await _one_act(application, agent, chance, answered, say)
        except OmniRouteError as error:
            log.info("%s: %s", agent, error)  # somebody was faster: such is work


async def _one_act(
    application: Application,
    agent: str,
    chance: random.Random,
    answered: set[tuple[int, int]],
    say: Callable[[str], None],
) -> None:
    """Accept what is offered, else answer whoever waits, else resolve what is answered."""
    actor = await application.actor(agent)
    name = application.directory.name(agent)
    board = await application.query.board(actor)
    for offer in board.offers:
        await application.do(actor, c.Accept(thread=offer.row.id, offer=offer.id))
        return say(f"{name} accepts #{offer.row.id} ({offer.row.queue})")
    for row in board.mine:
        if row.waiting and row.phase == "assigned" and (row.id, row.turns) not in answered:
            answered.add((row.id, row.turns))
            answer = chance.choice(MATTERS["en"]).answer
            await application.do(actor, c.Reply(thread=row.id, text=answer, seen=row.turns))
            return say(f"{name} answers #{row.id}, {row.name}")
    for row in board.mine:
        if not row.waiting and row.phase == "assigned" and chance.random() < 0.3:
            await application.do(actor, c.Resolve(thread=row.id))
            return say(f"{name} resolves #{row.id}")
    return None
