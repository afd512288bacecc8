"""The desk: cards out as mails, an agent's mails in.

Everything about one thread happens in order (a lock each), so that a line which an agent has just
written is known as theirs before the conversation is brought up to date.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final

from starlette.routing import BaseRoute

from omniroute import (
    Card,
    CardKind,
    Door,
    File,
    Receipt,
    Rejected,
    Retry,
    Sheet,
    concerning,
    line_in_words,
    told_in_words,
    withdrawal_in_words,
)
from omniroute_email.desk import words
from omniroute_email.desk.acting import Acting
from omniroute_email.desk.arriving import Arriving
from omniroute_email.desk.book import Book
from omniroute_email.desk.digests import HOUR, Digests
from omniroute_email.desk.following import Following
from omniroute_email.desk.letters import Letter
from omniroute_email.desk.lines import attached, is_said, short, state_of
from omniroute_email.desk.links import LINKS_LAST, About, Ask
from omniroute_email.desk.pages import Pages
from omniroute_email.desk.posting import Postbag
from omniroute_email.settings import Mailboxes

log = logging.getLogger("omniroute.email")

KIND: Final = "email"
TRIES: Final = 8  # of what an agent wrote, while the mail server is away
EARLIER: Final = 12  # lines that the first mail about a thread shows
A_DAY: Final = "1d"


class EmailDesk:
    """Agents who work by mail; see `omniroute.Workplace`."""

    kind: ClassVar[str] = KIND
    answers_within: ClassVar[float] = 600.0
    chats: ClassVar[bool] = False
    holds: ClassVar[float] = 20.0

    def __init__(
        self,
        book: Book,
        bag: Postbag,
        mailboxes: Mailboxes,
        authserv_id: str,
        *,
        most: int = 0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*authserv_id* is as in the settings: who vouches for senders; *most* how many mails an
        agent gets within an hour, 0 for any."""
        self.book, self.bag, self.sleep = book, bag, sleep
        self.seal, self.clock = bag.seal, bag.clock
        self._door: Door | None = None
        self._opened = asyncio.Event()
        self._locks: dict[int, asyncio.Lock] = {}
        self.digests = Digests(self, most)
        self.following = Following(self)
        self.acting = Acting(self)
        self._arriving = Arriving(self, mailboxes, authserv_id)
        self.pages = Pages(self)

    @property
    def door(self) -> Door:
        """The application; there once the desk has started."""
        assert self._door is not None, "the desk has not started"
        return self._door

    async def opened(self) -> Door:
        """Wait until the desk has started."""
        await self._opened.wait()
        return self.door

    @asynccontextmanager
    async def lock(self, thread: int) -> AsyncIterator[None]:
        """One thing at a time about a thread; the log says which."""
        async with self._locks.setdefault(thread, asyncio.Lock()):
            with concerning(thread=thread):
                yield

    # --- the contract ---

    def routes(self) -> Sequence[BaseRoute]:
        """None: links lead to the routes of the channel's account."""
        return ()

    async def start(self, door: Door) -> None:
        """Take the door; keep conversations in step until cancelled."""
        self._door = door
        self._opened.set()
        await self.following.run()

    def invitation(self, code: str) -> str:
        """How an agent binds their address with *code*."""
        ask = f"write a mail to {self.bag.address} whose first line is: #join {code}"
        return f"From the address you want to work from, {ask}"

    async def attend(self, raw: bytes) -> None:
        """Do what an agent wrote; tried again while the mail server cannot be reached."""
        await self.opened()
        for attempt in range(1, TRIES + 1):
            try:
                return await self._arriving.attend(raw)
            except Retry as error:
                if attempt == TRIES:
                    raise
                await self.sleep(min(error.after or 2.0**attempt, 60.0))
        return None

    async def present(self, card: Card) -> Receipt:
        """Send a card.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        door = await self.opened()
        accounts = await door.accounts(card.agent, KIND)
        if not accounts:
            raise Rejected(f"{card.agent} has bound no e-mail address")
        async with self.lock(card.thread):
            if not self.book.was_sent(card.key):
                await self._present(card, accounts[0])
                self.book.sent(card.key)
        return Receipt()

    async def _present(self, card: Card, address: str) -> None:
        match card.kind:
            case CardKind.OFFER:
                await self._offer(card, address)
            case CardKind.WITHDRAWN:
                await self._withdraw(card, address)
            case CardKind.TOLD:
                await self._tell(card, address)
            case _:
                await self._work(card, address)

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        """Forget *threads*; what was sent lies in agents' mailboxes, and stays there."""
        stay = 0
        for thread in threads:
            async with self.lock(thread):
                stay += self.book.forget(thread)
        return 0, stay

    # --- cards ---

    async def _offer(self, card: Card, address: str) -> None:
        sheet = await self.door.look(card.agent, card.thread)
        ask = self._asker(card.agent, address, card.thread, sheet.turns, card.until)
        word = card.offer.rpartition(".")[2]
        left = words.minutes(card.until, self.clock())
        told = f"Yours, if you accept within {left}:"
        links = [("Accept", ask("accept", word)), ("Pass", ask("pass", word))]
        await self._send_all(card, address, sheet, told, links)
        self.book.offer(card.offer, address)

    async def _work(self, card: Card, address: str) -> None:
        """It is theirs: say so, or what is new where they know."""
        sheet = await self.door.look(card.agent, card.thread)
        if sheet.owner != card.agent:
            return None
        known = self.book.conversation(card.thread, address)
        if known is not None and card.kind is CardKind.MESSAGE:
            return await self.following.bring_up(card.thread)
        links = self.work_links(card.agent, address, sheet)
        return await self._send_all(card, address, sheet, f"#{sheet.thread} is yours.", links)

    async def _send_all(
        self, card: Card, address: str, sheet: Sheet, told: str, links: list[tuple[str, str]]
    ) -> None:
        """The card, and whatever of the thread the agent has not been sent."""
        known = self.book.lines(sheet.thread, address)
        new = [line for line in sheet.lines if line.id not in known and is_said(line)]
        shown = new[-EARLIER:]
        said = "\n\n".join([told, *(f"{line.clock} {line_in_words(line)}" for line in shown)])
        await self.post(
            self.letter(
                card.key, address, card.agent, sheet, said, turns=sheet.turns, card=card.lines,
                links=[*links, self.console(sheet)], files=await attached(self.door, shown),
            )
        )  # fmt: skip
        with self.book.at_once():
            self.book.begin(sheet.thread, address)
            for line in new:
                self.book.show(sheet.thread, address, line.id, state_of(line))

    async def _withdraw(self, card: Card, address: str) -> None:
        sheet = await self.door.look("", card.thread)
        if not self.book.offered(card.offer):
            return
        self.book.answered(card.offer)
        if card.reason == "declined" or sheet.owner == card.agent:
            return  # their own doing
        said = withdrawal_in_words(card.reason, sheet)
        await self.post(self.letter(card.key, address, card.agent, sheet, said))

    async def _tell(self, card: Card, address: str) -> None:
        sheet = await self.door.look("", card.thread)
        if card.reason == "failed" and self.book.conversation(card.thread, address):
            return await self.following.bring_up(card.thread)  # tells it with the reason
        links = [self.console(sheet)]
        if card.reason == "unresponsive":
            until = self.clock() + LINKS_LAST
            links.insert(0, ("I'm back", self._asker(card.agent, address, 0, 0, until)("online")))
        said = told_in_words(card.reason, sheet)
        if card.reason != "unresponsive" and not self.digests.room(address):
            self.book.hold(address, card.thread, said)
            return self.digests.later(address)
        await self.post(
            self.letter(card.key, address, card.agent, sheet, said, card=card.lines, links=links)
        )
        return None

    # --- for the parts ---

    async def post(self, letter: Letter) -> None:
        """Hand a mail over.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        await self.bag.post(letter)
        self.book.mailed(letter.to, self.clock(), HOUR)

    def letter(
        self,
        key: str,
        address: str,
        agent: str,
        sheet: Sheet | None,
        said: str,
        *,
        turns: int | None = None,
        card: Sequence[str] = (),
        links: Sequence[tuple[str, str]] = (),
        files: Sequence[File] = (),
        sender: str = "",
        automatic: str = "generated",
        answers: str = "",
        subject: str = "",
    ) -> Letter:
        """A mail in the agent's conversation about a thread, or about none.

        *key* is the same for every attempt; *turns* how many of the customer's lines the agent
        has been shown with it, as many as before unless given.
        """
        mark = self.seal.mark(address)
        self.book.name(mark, address)
        thread = sheet.thread if sheet is not None else 0
        first = thread > 0 and self.book.conversation(thread, address) is None
        root = self.bag.root(thread, address)
        seen = self.seen(sheet, address) if turns is None and sheet is not None else turns or 0
        if sheet is not None:
            subject = f"#{thread} {sheet.title}"
        return Letter(
            key=root if first else f"{root}-{short(key)}",
            to=address,
            about=About(thread, seen, mark),
            subject=subject or f"Your mail to {self.name}",
            banner=words.banner(sheet, agent),
            said=said,
            card=card,
            links=links,
            files=files,
            footer=words.FOOTER if sheet is not None else "",
            sender=sender,
            automatic=automatic,
            answers=answers,
            within="" if first or not thread else self.bag.within(thread, address),
        )

    @property
    def name(self) -> str:
        """What we are called."""
        return self.bag.name

    def seen(self, sheet: Sheet, address: str) -> int:
        """How many of the customer's lines an agent has been sent."""
        known = self.book.lines(sheet.thread, address)
        return max((line.turn for line in sheet.lines if line.id in known), default=0)

    def work_links(self, agent: str, address: str, sheet: Sheet) -> list[tuple[str, str]]:
        """What whoever has a thread can do by a link."""
        until = self.clock() + LINKS_LAST
        ask = self._asker(agent, address, sheet.thread, sheet.turns, until)
        links = [("Resolve", ask("resolve")), ("Snooze for a day", ask("snooze", A_DAY))]
        pair = next(iter(sheet.people), None)
        if pair is not None and not pair.joined and "merge" in sheet.can:
            links.append(("The same person", ask("same", pair.id)))
        if pair is not None and "split" in sheet.can:
            links.append(("Not the same person", ask("other", pair.id)))
        return links

    def waiting_link(self, verb: str, agent: str, address: str, thread: int, id: str) -> str:
        """A link about something that waits for the agent's word."""
        return self._asker(agent, address, thread, 0, self.clock() + LINKS_LAST)(verb, id)

    def _asker(
        self, agent: str, address: str, thread: int, turns: int, until: int
    ) -> Callable[..., str]:
        mark = self.seal.mark(address)

        def ask(verb: str, word: str = "") -> str:
            return self.bag.link(Ask(verb, agent, mark, thread, turns, until, word))

        return ask

    def console(self, sheet: Sheet) -> tuple[str, str]:
        """Where a thread stands in the console."""
        return ("Open in the console", f"{self.bag.console}/threads/{sheet.thread}")
