"""Answers that wait for their writer's word: who asked to see them first, or had not read all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import msgspec

from omniroute import Refused, Sheet
from omniroute_email.desk.acting import Waiting
from omniroute_email.desk.letters import Letter
from omniroute_email.desk.links import LINKS_LAST, About

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk
    from omniroute_email.desk.doing import Act

LABELS: Final = {"send": "Send", "anyway": "Send anyway"}


class Waits:
    """Shows answers that wait, for a desk; *post* sends a mail to an agent."""

    def __init__(self, desk: EmailDesk, post: Callable[[str, Letter], Awaitable[None]]) -> None:
        self._desk, self._book, self._post = desk, desk.book, post

    async def show(self, act: Act, about: About, waiting: Waiting) -> None:
        """Show an answer as the customer would read it."""
        sheet = await self._desk.door.look(act.agent, about.thread)
        files = "".join(f"\n📎 {file.name}" for file in waiting.files)
        said = f"Not sent yet. This would go to {sheet.to or sheet.title}:"
        await self._wait(act, about, sheet, f"{said}\n\n{said_in(waiting)}{files}", "send", waiting)

    async def collided(self, act: Act, about: About, refused: Refused, waiting: Waiting) -> None:
        """The customer wrote what the agent had not been sent: send it, and ask."""
        await self._desk.following.bring_up(about.thread)
        sheet = await self._desk.door.look(act.agent, about.thread)
        said = f"✋ Not sent. {refused.text}\n\nYou wrote:\n{said_in(waiting)}"
        await self._wait(act, about, sheet, said, "anyway", waiting)

    async def _wait(
        self, act: Act, about: About, sheet: Sheet, said: str, verb: str, waiting: Waiting
    ) -> None:
        id = waiting.key
        what = msgspec.json.encode(waiting).decode()
        self._book.put(id, what, about.thread, self._desk.clock(), LINKS_LAST)
        ask = self._desk.waiting_link
        links = [
            (LABELS[verb], ask(verb, act.agent, act.address, about.thread, id)),
            ("Do not send", ask("drop", act.agent, act.address, about.thread, id)),
        ]
        await self._post(act.agent,
            self._desk.letter(
                f"waits/{id}", act.address, act.agent, sheet, said,
                links=links, automatic="replied", answers=act.message_id,
            )
        )  # fmt: skip


def said_in(waiting: Waiting) -> str:
    """The words for the customer."""
    verb, _, text = waiting.line.partition(" ")
    return text.partition(" ")[2] if verb == "via" else text
