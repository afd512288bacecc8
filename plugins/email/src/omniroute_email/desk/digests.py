"""So many mails an hour to one agent; what happens beyond that comes together in one.

A busy hour, or a program that writes without end, must not bury what an agent has to do.  Offers,
answers to what they wrote, and failures of their own answers come at once in any case.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from omniroute import Line, NotAuthorised, Refused, Rejected, Retry, Sheet, line_in_words
from omniroute_email.desk import words
from omniroute_email.desk.book import Conversation
from omniroute_email.desk.lines import is_new, state_of

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk

log = logging.getLogger("omniroute.email")

HOUR: Final = 3_600_000  # ms
EVERY: Final = 900.0  # s from the first that waits to the mail that has it
LONGEST_LINE: Final = 300  # characters of each line
MOST_LINES: Final = 200  # in one mail; the others wait for the next


class Digests:
    """Bounds the mails of a desk; *most* in an hour, 0 for no bound."""

    def __init__(self, desk: EmailDesk, most: int) -> None:
        self._desk, self._book, self._most = desk, desk.book, most
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._one = asyncio.Lock()  # at a time: what one has, the next has not

    def room(self, address: str) -> bool:
        """Whether a mail of what happened may go to an agent now."""
        now = self._desk.clock()
        return not self._most or self._book.mails(address, now - HOUR) < self._most

    def later(self, address: str) -> None:
        """What is new for an agent is to come together, soon."""
        if address not in self._waiting:
            self._waiting[address] = asyncio.create_task(self._wait(address))

    def stop(self) -> None:
        """Leave what waits for the next start."""
        for task in self._waiting.values():
            task.cancel()

    async def _wait(self, address: str) -> None:
        await self._desk.sleep(EVERY)
        self._waiting.pop(address, None)
        try:
            await self.send(address)
        except Retry:
            self.later(address)
        except (Rejected, NotAuthorised, Refused) as error:
            log.warning("what is new for an agent could not be sent: %s", error)
        except Exception:
            log.exception("what is new for an agent could not be put together")

    async def send(self, address: str) -> None:
        """One mail with everything that is new for an agent; none if nothing is."""
        async with self._one:
            await self._send(address)

    async def _send(self, address: str) -> None:
        agent = await self._desk.door.who(self._desk.kind, address)
        told = self._book.held(address)
        found = await self._new(agent, address) if agent else []
        if not agent or not (told or found):
            return
        parts = [words.DIGEST.format(most=self._most), *told]
        parts += [_section(sheet, lines) for _, sheet, lines in found]
        key = f"digest/{self._desk.clock()}"
        await self._desk.post(
            self._desk.letter(
                key, address, agent, None, "\n\n".join(parts),
                links=[self._desk.console(sheet) for _, sheet, _ in found[:1]],
                subject=words.DIGEST_SUBJECT.format(count=len(found)),
            )
        )  # fmt: skip
        with self._book.at_once():
            self._book.let_go(address)
            for one, _, lines in found:
                for line in lines:
                    self._book.show(one.thread, address, line.id, state_of(line))

    async def _new(self, agent: str, address: str) -> list[tuple[Conversation, Sheet, list[Line]]]:
        found, room = [], MOST_LINES
        for thread in self._book.threads():
            one = self._book.conversation(thread, address)
            if one is None or one.over:
                continue
            async with self._desk.lock(thread):
                sheet = await self._desk.door.look(agent, thread)
                known = self._book.lines(thread, address)
                lines = [x for x in sheet.lines if is_new(x, agent, known.get(x.id))][:room]
            if sheet.thread == thread and sheet.owner == agent and lines:
                found.append((one, sheet, lines))
                room -= len(lines)
        return found


def _section(sheet: Sheet, lines: list[Line]) -> str:
    """What is new in one thread."""
    said = [f"#{sheet.thread} {sheet.title}"]
    for line in lines:
        text = " ".join(line_in_words(line).split())
        cut = text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"
        said.append(f"{line.clock} {cut}")
    return "\n".join(said)
