"""The desk: cards in, acts out.

Everything about one thread happens in order (a lock each): what an agent does there, and what the
place is told about it.  So a line that an agent has just written is known as theirs before the
place is brought up to date.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from omniroute.channel import Receipt, Site
from omniroute.chatdesk import words
from omniroute.chatdesk.book import Book, Kept, Post
from omniroute.chatdesk.buttons import Order, Signer
from omniroute.chatdesk.following import Following
from omniroute.chatdesk.pressing import Pressing
from omniroute.chatdesk.surface import Button, Mark, Place, Pressed, Surface, Wrote
from omniroute.chatdesk.writing import Writing
from omniroute.desk import Card, CardKind, Door, Sheet
from omniroute.errors import Refused, Rejected, RemoteError, Retry
from omniroute.logged import concerning

log = logging.getLogger(__name__)

TICK: Final = 5.0  # s between looks at the cards whose time runs
TRIES: Final = 8  # of what an agent did, while the platform cannot be reached


class ChatDesk:
    """What is common to desks in chats; the plugin's desk hands everything on to one."""

    def __init__(
        self,
        surface: Surface,
        site: Site,
        secret: bytes,
        clock: Callable[[], int],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*site* keeps what is remembered; *secret* signs buttons; *clock* tells ms (epoch)."""
        self.surface, self.clock, self.sleep = surface, clock, sleep
        self.book = Book(site.database("desk.sqlite"))
        self._signer = Signer(secret)
        self._door: Door | None = None
        self._opened = asyncio.Event()
        self._locks: dict[int, asyncio.Lock] = {}
        self.following = Following(self)
        self._writing = Writing(self)
        self._pressing = Pressing(self)

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

    async def start(self, door: Door) -> None:
        """Take the door; keep places in step until cancelled."""
        self._door = door
        self._opened.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.following.run())
            group.create_task(self._count_down())

    # --- cards ---

    async def present(self, card: Card) -> Receipt:
        """Show a card; see `Desk.present`."""
        door = await self.opened()
        accounts = await door.accounts(card.agent, self.surface.kind)
        if not accounts:
            raise Rejected(f"{card.agent} has bound no {self.surface.kind} account")
        account = accounts[0]
        match card.kind:
            case CardKind.OFFER:
                await self._offer(card, self.surface.home(account))
            case CardKind.WITHDRAWN:
                await self._withdraw(card)
            case CardKind.TOLD:
                await self._tell(card, self.surface.home(account))
            case _:
                async with self.lock(card.thread):
                    sheet = await door.look(card.agent, card.thread)
                    if sheet.owner == card.agent:
                        await self.ensure_place(account, sheet)
                    await self.following.bring_up(card.thread)
        return Receipt()

    async def _offer(self, card: Card, home: str) -> None:
        async with self.lock(card.thread):
            if self.book.find("card", card.offer):
                return  # an attempt before this one has shown it
            looks = words.left(card.until, self.clock())
            text, buttons = words.card(card.lines), self._answers(home, card, looks)
            id, _ = await self.surface.post(home, text, buttons, urgent=True)
            self.book.put(
                Post(home, id, "card", card.thread, card.offer, card.until, looks, card.agent)
            )

    def _answers(self, place: str, card: Card | Post, looks: str) -> list[list[Button]]:
        offer = card.offer if isinstance(card, Card) else card.ref
        word = offer.rpartition(".")[2]
        return [[
            self.button(place, f"Accept {looks}", "accept", card.thread, 0, word),
            self.button(place, "Pass", "pass", card.thread, 0, word),
        ]]  # fmt: skip

    async def _withdraw(self, card: Card) -> None:
        sheet = await self.door.look("", card.thread)
        for post in self.book.find("card", card.offer):
            await self.end_card(post, sheet, words.withdrawn(card.reason, sheet))

    async def end_card(self, post: Post, sheet: Sheet, why: str) -> None:
        """Take the buttons off a card and say why."""
        if any(kept.header == post.post for kept in self.book.places(sheet.thread)):
            return  # it has become the head of the thread's place
        await self.surface.edit(post.place, post.post, f"{words.card(sheet.card)}\n\n{why}")
        self.book.drop(post.place, post.post)

    async def _tell(self, card: Card, home: str) -> None:
        sheet = await self.door.look("", card.thread)
        said = words.told(card.reason, sheet)
        buttons = []
        if card.reason == "unresponsive":
            buttons = [[self.button(home, "I'm back", "online")]]
        if card.reason not in ("failed", "unchanged") or not self.book.places(card.thread):
            await self.surface.post(home, said, buttons)
        await self.following.follow(card.thread)

    async def _count_down(self) -> None:
        while True:
            await self.sleep(TICK)
            now = self.clock()
            for post in self.book.counting(now):
                looks = words.left(post.until, now)
                if looks == post.looks:
                    continue
                try:
                    await self._refresh_card(post, looks)
                except (RemoteError, Refused) as error:
                    with concerning(thread=post.thread, agent=post.agent):
                        log.info("a card was not counted down: %s", error)

    async def _refresh_card(self, post: Post, looks: str) -> None:
        sheet = await self.door.look("", post.thread)
        if self.book.get(post.place, post.post) is None:
            return  # answered meanwhile
        buttons = self._answers(post.place, post, looks)
        await self.surface.edit(post.place, post.post, words.card(sheet.card), buttons)
        if self.book.get(post.place, post.post) is not None:
            self.book.put(dataclasses.replace(post, looks=looks))

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        """Take away what is shown of *threads*; see `ForgetsThreads`."""
        gone = kept = 0
        for thread in threads:
            async with self.lock(thread):
                for place, post in self.book.posts_of(thread):
                    try:
                        await self.surface.remove(place, post)
                        gone += 1
                    except RemoteError as error:
                        log.warning("a post about #%d stays: %s", thread, error)
                        kept += 1
                self.book.forget(thread)
        return gone, kept

    # --- what agents did ---

    async def did(self, act: Wrote | Pressed) -> None:
        """Do what an agent did; tried again while the platform cannot be reached."""
        await self.opened()
        for attempt in range(1, TRIES + 1):
            try:
                if isinstance(act, Wrote):
                    return await self._writing.wrote(act)
                return await self._pressing.pressed(act)
            except Retry as error:
                if attempt == TRIES:
                    raise
                await self.sleep(min(error.after or 2.0**attempt, 60.0))
        return None

    # --- for the parts ---

    async def receipt(self, place: str, post: str, mark: Mark) -> None:
        """Put a receipt at a post; where that is not possible the work goes on without."""
        try:
            await self.surface.mark(place, post, mark)
        except Rejected as error:
            log.info("no receipt: %s", error)

    def button(
        self, place: str, label: str, verb: str, thread: int = 0, number: int = 0, word: str = ""
    ) -> Button:
        """A button that counts in a place."""
        return Button(label, self._signer.sign(place, Order(verb, thread, number, word)))

    def order(self, place: str, data: str) -> Order | None:
        """What a pressed button asks for."""
        return self._signer.read(place, data)

    async def ensure_place(self, account: str, sheet: Sheet, card: str = "") -> Kept:
        """Where the account's agent works on a thread, opened if need be: under their *card*."""
        surface, home = self.surface, self.surface.home(account)
        for kept in self.book.places(sheet.thread):
            if kept.place == home or (kept.alone and surface.serves(kept.place, account)):
                self.book.turn_to(kept.place, sheet.thread)
                return kept
        if card and (below := surface.below(home, card)):
            place = Place(below, alone=True, shared=False, head=card)
        else:
            place = await surface.open(account, f"#{sheet.thread} {sheet.title}")
        return self.settle(sheet.thread, place)

    def settle(self, thread: int, place: Place) -> Kept:
        """Note that a thread is worked on in a place."""
        self.book.open(thread, place.key, place.alone)
        if place.head:
            self.book.head(thread, place.key, place.head, "")
        self.book.turn_to(place.key, thread)
        found = self.book.at(thread, place.key)
        assert found is not None
        return found

    def work_buttons(self, place: str, sheet: Sheet) -> Sequence[Sequence[Button]]:
        """The buttons under a thread's card, as they are open to whoever has it."""
        rows = (("take", "transfer", "snooze", "resolve", "reopen"), ("why", "more"))
        labels = {"take": "Take", "transfer": "Transfer", "snooze": "Snooze", "resolve": "Resolve",
                  "reopen": "Reopen", "why": "Why", "more": "More"}  # fmt: skip
        found = [
            [
                self.button(place, labels[verb], verb, sheet.thread, sheet.turns)
                for verb in row
                if verb in sheet.can or verb in ("why", "more")
            ]
            for row in rows
        ]
        return [row for row in [*found, self.person_buttons(place, sheet)] if row]

    def person_buttons(self, place: str, sheet: Sheet) -> list[Button]:
        """What can be said of who the customer is, of the pair that comes first."""
        pair = next(iter(sheet.people), None)
        if pair is None:
            return []
        verbs = words.PEOPLE if not pair.joined else words.PEOPLE[1:]
        return [
            self.button(place, label, verb, sheet.thread, 0, pair.id)
            for verb, label, needs in verbs
            if needs in sheet.can
        ]
