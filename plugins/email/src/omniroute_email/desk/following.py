"""Keeps each agent's conversation in step with its thread: what is new comes as a mail.

Only whoever has a thread is sent what happens in it.  What colleagues or programs answer comes
along with the next mail, and an agent's own answers never do, unless they were not delivered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from omniroute import (
    Line,
    NotAuthorised,
    Refused,
    Rejected,
    Retry,
    Sheet,
    line_in_words,
    standing_in_words,
)
from omniroute_email.desk.book import Conversation
from omniroute_email.desk.letters import Letter
from omniroute_email.desk.lines import attached, has_failed, is_new, state_of, words_of

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk

log = logging.getLogger("omniroute.email")

AGAIN: Final = 5.0  # s until a conversation is brought up again


class Following:
    """Follows threads for a desk."""

    def __init__(self, desk: EmailDesk) -> None:
        self._desk, self._book = desk, desk.book
        self._waiting: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Follow until cancelled; first whatever happened while nobody did."""
        changes = self._desk.door.changes()
        try:
            for thread in self._book.threads():
                await self.follow(thread)
            async for threads in changes:
                for thread in threads or self._book.threads():
                    if self._book.conversations(thread):
                        await self.follow(thread)
        finally:
            for task in self._waiting.values():
                task.cancel()
            self._desk.digests.stop()

    async def follow(self, thread: int) -> None:
        """Send what is new in a thread; what cannot be sent now is sent later."""
        async with self._desk.lock(thread):
            try:
                await self.bring_up(thread)
            except Retry as error:
                self._later(thread, error.after or AGAIN)
            except (Rejected, NotAuthorised, Refused) as error:
                log.warning("the mails about #%d are behind: %s", thread, error)
            except Exception:
                log.exception("the mails about #%d cannot be sent", thread)

    def _later(self, thread: int, seconds: float) -> None:
        async def again() -> None:
            await self._desk.sleep(seconds)
            self._waiting.pop(thread, None)
            await self.follow(thread)

        if thread not in self._waiting:
            self._waiting[thread] = asyncio.create_task(again())

    async def bring_up(self, thread: int) -> None:
        """The same, for whoever has the thread's lock; raises what sending does."""
        conversations = [one for one in self._book.conversations(thread) if not one.over]
        if not conversations:
            return
        door = self._desk.door
        owner = (await door.look("", thread)).owner
        sheet = await door.look(owner, thread)
        accounts = await door.accounts(owner, self._desk.kind) if owner else ()
        for one in conversations:
            if sheet.thread != thread:
                await self._joined(one, sheet)
            elif one.address in accounts:
                await self._new(one, sheet)

    async def _joined(self, one: Conversation, sheet: Sheet) -> None:
        """The thread was folded into another, which has mails of its own."""
        owner = await self._desk.door.who(self._desk.kind, one.address)
        said = f"#{one.thread} goes on as #{sheet.thread}. {standing_in_words(sheet)}"
        await self._desk.post(
            self._desk.letter(f"joined/{one.thread}", one.address, owner, sheet, said)
        )
        self._book.end(one.thread, one.address)

    async def _new(self, one: Conversation, sheet: Sheet) -> None:
        known = self._book.lines(one.thread, one.address)
        for line in sheet.lines:
            if has_failed(line, sheet.owner, known.get(line.id)):
                await self._tell_of_failure(one, sheet, line)
        new = [line for line in sheet.lines if is_new(line, sheet.owner, known.get(line.id))]
        if any(line.kind in ("customer", "note") for line in new):
            if self._desk.digests.room(one.address):
                await self._send(one, sheet, new)
            else:
                self._desk.digests.later(one.address)

    async def _send(self, one: Conversation, sheet: Sheet, new: Sequence[Line]) -> None:
        """One mail with everything that is new."""
        door, agent = self._desk.door, sheet.owner
        only = new[0] if len(new) == 1 and new[0].kind == "customer" else None
        said = words_of(only) if only else "\n\n".join(
            f"{line.clock} {line_in_words(line)}" for line in new
        )  # fmt: skip
        customers = any(line.kind == "customer" for line in new)
        links = self._desk.work_links(agent, one.address, sheet)
        key = "/".join(f"{line.id}{state_of(line)}" for line in new)
        letter = self._desk.letter(
            key, one.address, agent, sheet, said,
            turns=sheet.turns,
            links=[*links, self._desk.console(sheet)],
            files=await attached(door, new),
            sender=sheet.title if customers else "",
            automatic="" if customers else "generated",
        )  # fmt: skip
        await self._post(letter, agent)
        with self._book.at_once():
            for line in new:
                self._book.show(one.thread, one.address, line.id, state_of(line))

    async def _tell_of_failure(self, one: Conversation, sheet: Sheet, line: Line) -> None:
        """An answer did not reach the customer: why, what it was, and a way to try again."""
        retry = self._desk.waiting_link("retry", sheet.owner, one.address, one.thread, line.id)
        said = f"❌ Not delivered: {line.reason or 'no reason was given'}\n\n{words_of(line)}"
        links = [("Send it again", retry), self._desk.console(sheet)]
        key = f"failed/{line.id}"
        letter = self._desk.letter(key, one.address, sheet.owner, sheet, said, links=links)
        await self._post(letter, sheet.owner)
        self._book.show(one.thread, one.address, line.id, "failed")

    async def _post(self, letter: Letter, agent: str) -> None:
        try:
            await self._desk.post(letter)
        except Rejected:  # their mailbox is full, or gone
            await self._desk.door.unreachable(agent)
            raise
