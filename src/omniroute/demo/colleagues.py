"""Colleagues who keep the demo moving; they use the same door as everybody."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final

from omniroute.application import commands as c
from omniroute.application.authorize import Actor
from omniroute.application.door import Application
from omniroute.application.pages import Board, ThreadRow
from omniroute.demo.script import answer_to
from omniroute.errors import OmniRouteError

log = logging.getLogger(__name__)

PLAYED: Final = ("bo", "cem", "emeka")  # the others are off, and the visitor is Ana
THINKING: Final = (4.0, 14.0)  # seconds until a colleague acts
WAITING: Final = 60.0  # seconds that a colleague waits for a thank-you before they resolve
DOUBT: Final = (
    "Nobody vouches for this address, so I do not answer here."
    " I will ask Joe under the address that we know."
)


async def work(
    application: Application,
    agent: str,
    say: Callable[[str], None],
    thinking: tuple[float, float] = THINKING,
    at_ease: asyncio.Event | None = None,
) -> None:
    """Be a colleague until cancelled; one who does nothing while *at_ease* is not set."""
    colleague, at_ease = Colleague(application, agent, say), at_ease or always()
    while True:
        await asyncio.sleep(colleague.chance.uniform(*thinking))
        await at_ease.wait()
        try:
            await colleague.act()
        except OmniRouteError as error:
            log.info("%s: %s", agent, error)  # somebody was faster: such is work


def always() -> asyncio.Event:
    """What is set from the beginning."""
    event = asyncio.Event()
    event.set()
    return event


class Colleague:
    """Accepts what is offered, else answers whoever waits, else resolves what is answered."""

    def __init__(
        self,
        application: Application,
        agent: str,
        say: Callable[[str], None],
        waiting: float = WAITING,
    ) -> None:
        self.chance = random.Random()  # noqa: S311 - a play, not a secret
        self._application, self._agent, self._say = application, agent, say
        self._waiting = waiting
        self._done: set[tuple[int, int]] = set()  # thread and turn: a reply is held for a while

    async def act(self) -> None:
        """The one thing that is next."""
        actor = await self._application.actor(self._agent)
        board = await self._application.query.board(actor)
        said = (
            await self._accept(actor, board)
            or await self._answer(actor, board)
            or await self._finish(actor, board)
        )
        if said:
            self._say(f"{self._application.directory.name(self._agent)} {said}")

    async def _accept(self, actor: Actor, board: Board) -> str:
        for offer in board.offers:
            row = offer.row
            await self._application.do(actor, c.Accept(thread=row.id, offer=offer.id))
            return f"accepts #{row.id} ({row.queue}), {row.name}"
        return ""

    async def _answer(self, actor: Actor, board: Board) -> str:
        for row in board.mine:
            if row.waiting and (row.id, row.turns) not in self._done:
                self._done.add((row.id, row.turns))
                return await self._say_something(actor, row)
        return ""

    async def _say_something(self, actor: Actor, row: ThreadRow) -> str:
        do = self._application.do
        if not row.verified:
            await do(actor, c.Note(thread=row.id, text=DOUBT))
            return f"doubts #{row.id}, {row.name}, and leaves a note"
        answer = answer_to(row.excerpt)
        if not answer:  # it was a thank-you
            await do(actor, c.Resolve(thread=row.id))
            return f"resolves #{row.id}, {row.name}"
        await do(actor, c.Reply(thread=row.id, text=answer, seen=row.turns))
        return f"answers #{row.id}, {row.name}"

    async def _finish(self, actor: Actor, board: Board) -> str:
        for row in board.mine:
            if not row.waiting and time.time() - row.last_at / 1000 > self._waiting:
                await self._application.do(actor, c.Resolve(thread=row.id))
                return f"resolves #{row.id}, {row.name}"
        return ""
