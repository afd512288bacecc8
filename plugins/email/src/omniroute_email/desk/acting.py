"""What is asked for by a link, once its button is pressed; and answers that waited for a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from omniroute import Kept, Refused, Sheet, Told
from omniroute_email.desk.lines import short
from omniroute_email.desk.links import Ask

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk


DROPPED: Final = "Not sent. What you wrote is in your own mail; nothing of it went out."


class Waiting(msgspec.Struct, frozen=True):
    """An answer that was not sent, and what was to be done after it."""

    line: str  # in the agents' grammar
    seen: int  # customer turns that its writer had been shown
    key: str
    rest: tuple[str, ...] = ()
    files: tuple[Kept, ...] = ()


def out_of_date(ask: Ask, sheet: Sheet) -> str:
    """Why a link cannot be meant any more, as its agent sees the thread; empty if it can."""
    match ask.verb:
        case "accept" | "pass":
            return "" if sheet.offer == f"{ask.thread}.{ask.word}" else "This offer is over."
        case "resolve":
            if sheet.turns != ask.number:
                return f"Out of date: {sheet.title} wrote meanwhile."
            return "" if "resolve" in sheet.can else "Out of date."
        case "snooze":
            return "" if "snooze" in sheet.can else "Out of date."
        case "same" | "other":
            known = any(pair.id == ask.word for pair in sheet.people)
            return "" if known else "Out of date: who is who has changed."
    return ""


class Acting:
    """Does what links ask for, for a desk."""

    def __init__(self, desk: EmailDesk) -> None:
        self._desk, self._book = desk, desk.book

    async def address(self, ask: Ask) -> str:
        """The address a link was sent to, if it is still the agent's; else empty."""
        for address in await self._desk.door.accounts(ask.agent, self._desk.kind):
            if self._desk.seal.mark(address) == ask.mark:
                return address
        return ""

    async def do(self, ask: Ask, token: str, address: str, why: str = "") -> str:
        """Do it; the same *token* again changes nothing.  Raises `Refused`."""
        key = f"mail/{short(token)}"
        async with self._desk.lock(ask.thread):
            told = await self._do(ask, key, address, why)
        if ask.thread:
            await self._desk.following.follow(ask.thread)
        return told

    async def _do(self, ask: Ask, key: str, address: str, why: str) -> str:
        door, thread = self._desk.door, ask.thread
        match ask.verb:
            case "accept" | "pass":
                offer = f"{thread}.{ask.word}"
                asked = {"thread": thread, "offer": offer, "key": key}
                if ask.verb == "pass":
                    asked["why"] = why
                told = await door.act(ask.agent, ask.verb, asked)
                self._book.answered(offer)
                return told
            case "resolve":
                if why_not := out_of_date(ask, await door.look(ask.agent, thread)):
                    raise Refused("out_of_date", why_not)
                return await door.act(ask.agent, "resolve", {"thread": thread, "key": key})
            case "snooze":
                return await door.say(ask.agent, thread, f"snooze {ask.word}", key=key)
            case "same" | "other":
                sheet = await door.look(ask.agent, thread)
                if why_not := out_of_date(ask, sheet):
                    raise Refused("out_of_date", why_not)
                pair = next(pair for pair in sheet.people if pair.id == ask.word)
                verb = "merge" if ask.verb == "same" else "not-same"
                return await door.act(ask.agent, verb, {"a": pair.a, "b": pair.b, "key": key})
            case "online":
                return await door.act(ask.agent, "status", {"status": "online", "key": key})
            case "retry":
                return await self._again(ask, key, address)
        return await self._waiting(ask, address)

    async def _again(self, ask: Ask, key: str, address: str) -> str:
        """An answer that was not delivered goes out once more."""
        sheet = await self._desk.door.look(ask.agent, ask.thread)
        line = next((line for line in sheet.lines if line.id == ask.word), None)
        if line is None:
            raise Refused("out_of_date", "This answer is not there any more.")
        waiting = Waiting(f"reply {line.text}", sheet.turns, key, files=line.files)
        told = await self._reply(ask.agent, ask.thread, waiting, anyway=False)
        self.mine(ask.thread, address, told)
        return told

    async def _waiting(self, ask: Ask, address: str) -> str:
        found = self._book.get(ask.word)
        decided = self._book.used(f"waits/{ask.word}")
        if decided is not None or not found:
            raise Refused("out_of_date", decided or "This link is not known any more.")
        if ask.verb == "drop":
            self._book.use(f"waits/{ask.word}", DROPPED)
            self._book.drop(ask.word)
            return DROPPED
        waiting = msgspec.json.decode(found, type=Waiting)
        told = await self._reply(ask.agent, ask.thread, waiting, anyway=ask.verb == "anyway")
        self._book.use(f"waits/{ask.word}", told)
        self.mine(ask.thread, address, told)
        said = [str(told)]
        for number, line in enumerate(waiting.rest):
            key = f"{waiting.key}/rest{number}"
            said.append(await self._desk.door.say(ask.agent, ask.thread, line, key=key))
        self._book.drop(ask.word)
        return " ".join(said)

    async def _reply(self, agent: str, thread: int, waiting: Waiting, *, anyway: bool) -> Told:
        """*anyway*: whatever the customer wrote since, it goes."""
        seen, how = (None, "anyway") if anyway else (waiting.seen, "send")
        key = f"{waiting.key}/{how}"
        return await self._desk.door.say(
            agent, thread, waiting.line, seen, files=waiting.files, key=key
        )

    def mine(self, thread: int, address: str, told: Told) -> None:
        """What an agent has written is known to them."""
        if told.message:
            self._book.show(thread, address, told.message, told.code)
