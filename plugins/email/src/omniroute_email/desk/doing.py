"""Does what an agent's mail says: all that was understood, or nothing.

One command that is not understood stops the whole mail.  No way leads to a customer but a known
agent's own words.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omniroute import Kept, Refused, Rejected, Sheet, Told
from omniroute_email.desk import words
from omniroute_email.desk.acting import Waiting
from omniroute_email.desk.letters import Letter
from omniroute_email.desk.lines import short
from omniroute_email.desk.links import About
from omniroute_email.desk.reading import Written
from omniroute_email.desk.waiting import Waits

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk

log = logging.getLogger("omniroute.email")

ANSWERS: Final = ("reply", "all", "via", "template")
WRITTEN: Final = ("note", *ANSWERS)
"""What files go with."""

FIRST: Final = ("accept", "take", "reopen")
LAST: Final = ("transfer", "warm", "snooze", "resolve", "done", "new", "merge", "split", "pass")
TOLD: Final = ("accept", "take", "reopen", "pass", "undo", "why", "who", "template")
"""Verbs whose answer is sent; of the others no news is good news."""

UNDER_WAY: Final = ("held", "sending", "sent")
HOUR: Final = 3_600_000  # ms
MOST_FAULTS: Final = 2  # answers to the same fault in an hour


@dataclass(frozen=True, slots=True)
class Act:
    """A mail of an agent's."""

    agent: str
    address: str
    about: About | None  # which mail of ours it answers
    written: Written
    key: str
    message_id: str


class Doing:
    """Does what mails say, for a desk."""

    def __init__(self, desk: EmailDesk) -> None:
        self._desk, self._book = desk, desk.book
        self._waits = Waits(desk, self._post)

    async def do(self, act: Act) -> None:
        """Do it, or say why not."""
        try:
            said = await self._done(act)
        except Refused as refused:
            said = f"⚠ {refused.text}"
        if said and not self._is_endless(act, said):
            await self.answer(act, said)
        if act.about is not None and act.about.thread:
            await self._desk.following.follow(act.about.thread)

    def _is_endless(self, act: Act, said: str) -> bool:
        """Whether the same fault comes again and again, as from a machine that does not say so."""
        if not said.startswith("⚠"):
            return False
        whole = "\n".join([*act.written.commands, act.written.text, act.written.fault])
        times = self._book.fault(act.address, short(whole), self._desk.clock(), HOUR)
        return times > MOST_FAULTS

    async def _done(self, act: Act) -> str:
        """Do all of it; what the agent is to be told.  Raises `Refused` with nothing done."""
        if act.written.fault:
            return f"⚠ {act.written.fault}"
        lines = self._lines(act.written)
        said = [words.HELP] if "help" in act.written.verbs() else []
        if "mine" in act.written.verbs():
            said.append(await self._mine(act.agent))
        if not lines:
            return "\n\n".join(said) or f"⚠ {words.NOTHING}"
        for line in lines:
            if _verb(line) == "status":
                asked = {"status": line.partition(" ")[2].lower(), "key": f"{act.key}/status"}
                said.append(await self._desk.door.act(act.agent, "status", asked))
        lines = [line for line in lines if _verb(line) != "status"]
        if lines and (act.about is None or not act.about.thread):
            said.append(f"⚠ {words.NO_THREAD}")
        elif lines and act.about is not None:
            async with self._desk.lock(act.about.thread):
                said += await self._on_thread(act, act.about, lines)
        return "\n\n".join(said)

    def _lines(self, written: Written) -> list[str]:
        """What is to be said to the door, in order.  Raises `Refused` if any is not understood."""
        verbs = written.verbs()
        lines = [line for line in written.commands if _verb(line) not in (*words.OURS, "help")]
        if written.files and "note" in verbs and not set(verbs).isdisjoint(ANSWERS):
            raise Refused("bad_action", words.WHOSE_FILES)
        for line in lines:
            if line not in ("reply", "all", "note") or not written.files:
                self._desk.door.understood(line)
        alone = written.files and set(verbs).isdisjoint(WRITTEN)
        if written.text or alone:
            lines.append(f"reply {written.text}".strip())
        return sorted(lines, key=_place)

    async def _on_thread(self, act: Act, about: About, lines: list[str]) -> list[str]:
        """One line after the other; after one that is refused, none."""
        files = await self._kept(act, lines)
        said: list[str] = []
        for number, line in enumerate(lines):
            key, rest = f"{act.key}/{number}", tuple(lines[number + 1 :])
            try:
                if _verb(line) in ANSWERS and line != "template":  # which asks what there is
                    waiting = Waiting(line, about.turns, key, rest, files)
                    if await self._waits_instead(act, about, waiting):
                        return said
                else:
                    noted = files if _verb(line) == "note" else ()
                    told = await self._desk.door.say(
                        act.agent, about.thread, line, files=noted, key=key
                    )
                    said += self._to_be_told(act, about, line, told)
            except Refused as refused:
                left = f" Not done either: {', '.join(f'#{x[:60]}' for x in rest)}" if rest else ""
                return [*said, f"⚠ {refused.text}{left}"]
        return said

    def _to_be_told(self, act: Act, about: About, line: str, told: Told) -> list[str]:
        self._desk.acting.mine(about.thread, act.address, told)
        return [str(told)] if _verb(line) in TOLD else []

    async def _waits_instead(self, act: Act, about: About, waiting: Waiting) -> bool:
        """Answer the customer; whether that waits for the agent's word instead."""
        await self._check_answer(act, about.thread, waiting)
        if "hold" in act.written.verbs():
            await self._waits.show(act, about, waiting)
            return True
        try:
            told = await self._desk.door.say(
                act.agent, about.thread, waiting.line, about.turns,
                files=waiting.files, key=waiting.key,
            )  # fmt: skip
        except Refused as refused:
            if refused.code != "customer_wrote":
                raise
            await self._waits.collided(act, about, refused, waiting)
            return True
        self._desk.acting.mine(about.thread, act.address, told)
        return False

    async def _check_answer(self, act: Act, thread: int, waiting: Waiting) -> None:
        """Plain text never answers a colleague's customer, even where one might.

        Nor does it go out twice: what is said again without being asked is a machine's.
        """
        if self._book.was_sent(waiting.key) or not set(ANSWERS).isdisjoint(act.written.verbs()):
            return  # given again after a crash, or said in so many words
        sheet = await self._desk.door.look(act.agent, thread)
        if sheet.owner and sheet.owner != act.agent:
            fix = "nothing was sent; #note … tells colleagues."
            raise Refused("not_yours", f"#{thread} is with {sheet.owner_name}: {fix}")
        mine = [x for x in sheet.lines if x.kind == "reply" and x.agent == act.agent]
        said = waiting.line.partition(" ")[2].strip()
        if said and mine and mine[-1].text == said and mine[-1].state in UNDER_WAY:
            raise Refused("said_before", words.AGAIN.format(clock=mine[-1].clock))
        self._book.sent(waiting.key)

    async def _kept(self, act: Act, lines: list[str]) -> tuple[Kept, ...]:
        if not any(_verb(line) in WRITTEN for line in lines):
            return ()
        door = self._desk.door
        return tuple([await door.keep(act.agent, file) for file in act.written.files])

    # --- words back ---

    async def _post(self, agent: str, letter: Letter) -> None:
        """Send an answer; that its mailbox takes none undoes nothing of what was done."""
        try:
            await self._desk.post(letter)
        except Rejected as error:
            log.info("an answer of the desk's was not taken: %s", error)
            if agent:
                await self._desk.door.unreachable(agent)

    async def _sheet(self, act: Act) -> Sheet | None:
        """The thread that an agent's mail is about, if it is there."""
        if not act.agent or act.about is None or not act.about.thread:
            return None
        try:
            sheet = await self._desk.door.look(act.agent, act.about.thread)
        except Refused:
            return None
        return sheet if sheet.thread == act.about.thread else None

    async def _mine(self, agent: str) -> str:
        sheets = await self._desk.door.mine(agent)
        rows = [f"#{one.thread} {one.title} · {_waits(one)}" for one in sheets]
        return "\n".join(rows) or "Nothing is yours at the moment."

    async def answer(self, act: Act, said: str) -> None:
        """Tell whoever wrote; the answer shows no line of the customer's."""
        sheet = await self._sheet(act)
        turns = act.about.turns if sheet is not None and act.about is not None else 0
        await self._post(act.agent,
            self._desk.letter(
                f"answer/{act.key}", act.address, act.agent, sheet, said,
                turns=turns, automatic="replied", answers=act.message_id,
            )
        )  # fmt: skip


def _verb(line: str) -> str:
    return line.partition(" ")[0]


def _place(line: str) -> int:
    """What must come before an answer, the answer, and what ends the work."""
    verb = _verb(line)
    if verb in FIRST:
        return 0
    return 2 if verb in ANSWERS else 3 if verb in LAST else 1


def _waits(sheet: Sheet) -> str:
    return sheet.phase if sheet.phase != "assigned" else (sheet.card or ("",))[0].lstrip("● ")
