"""The customers' side of the web chat in the demo: what was said is on their page, too."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from omniroute import Site
from omniroute.demo.script import Customer
from omniroute.demo.stage import ChatLine
from omniroute_webchat.mailbox import Effort, Mailbox, add_line
from omniroute_webchat.sessions import Session, Sessions
from omniroute_webchat.token import sign

Chats: TypeAlias = Mapping[Customer, Session]
AUDIENCE = "omniroute"  # the plugin's default
DAYS = 7  # the same


async def keep(folder: Path, secret: str, said: Sequence[ChatLine]) -> None:
    """Put *said* into the mailbox of the chat account whose folder that is."""
    mailbox = Mailbox(Site(folder, ""))
    await mailbox.open()
    try:
        sessions = Sessions(mailbox, (secret,), AUDIENCE, DAYS)
        people = list(dict.fromkeys(line.customer for line in said))
        opened = await asyncio.gather(*(sessions.open("", token(who, secret)) for who in people))
        chats = {who: one.session for who, one in zip(people, opened, strict=True)}
        await mailbox.do(lambda db: _write(db, chats, said), Effort.WRITE)
    finally:
        await mailbox.close()


def _write(db: sqlite3.Connection, chats: Chats, said: Sequence[ChatLine]) -> None:
    for number, line in enumerate(said):
        chat = chats[line.customer]
        session = "" if line.ours else chat.visitor
        id, place = f"demo/{number}", chat.conversation
        add_line(db, place, session, id, line.author if line.ours else "", line.text, line.at)


def token(person: Customer, secret: str) -> str:
    """What the shop's backend signs for a customer who is logged in there."""
    return sign(secret, person.login, AUDIENCE, email=person.email, name=person.name)
