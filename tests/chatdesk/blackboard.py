"""A desk without a platform and without an engine: a blackboard to post on, and a door that notes.

Time stands until it is moved; whoever sleeps is woken by that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from omniroute import (
    Attached,
    Button,
    Card,
    CardKind,
    ChatDesk,
    Door,
    File,
    Kept,
    Line,
    Mark,
    Place,
    Pressed,
    Receiver,
    Refused,
    Rejected,
    Sheet,
    Site,
    Told,
    Wrote,
)

NOW = 1_772_442_900_000


@dataclass
class Chalk:
    """A post on the board."""

    place: str
    text: str
    buttons: Sequence[Sequence[Button]] = ()
    quotes: str = ""
    mark: Mark | None = None
    files: Sequence[File] = ()

    def data(self, label: str) -> str:
        """What a button carries."""
        rows = [button for row in self.buttons for button in row]
        return next(button.data for button in rows if button.label.startswith(label))

    @property
    def labels(self) -> list[str]:
        """The buttons that are there."""
        return [button.label for row in self.buttons for button in row]


class Blackboard:
    """A platform."""

    kind = "board"
    longest = 1000
    slash = "/"
    board = ""
    quotes = True
    shared_is_inside = False

    def __init__(self) -> None:
        self.posts: dict[str, Chalk] = {}
        self.answers: dict[str, str] = {}
        self.closed: dict[str, bool] = {}
        self.faults: list[Exception] = []
        self.stays: set[str] = set()  # posts that cannot be taken away
        self.rooms = False  # a place for each thread, which colleagues read

    def is_shared(self, place: str) -> bool:
        return place.startswith("room")

    def home(self, account: str) -> str:
        return f"home {account}"

    def below(self, place: str, post: str) -> str:
        return ""

    def serves(self, place: str, account: str) -> bool:
        return self.is_shared(place) or place == self.home(account)

    async def open(self, account: str, title: str) -> Place:
        if self.rooms:
            return Place(f"room {title}", alone=True, shared=True)
        return Place(self.home(account), alone=False, shared=False)

    async def post(
        self, place: str, text: str, buttons: Sequence[Sequence[Button]] = (), *,
        quotes: str = "", files: Sequence[File] = (), ask: bool = False, urgent: bool = False,
        only: str = "",
    ) -> tuple[str, int]:  # fmt: skip
        if self.faults:
            raise self.faults.pop(0)
        number = len(self.posts) + 1000
        self.posts[str(number)] = Chalk(place, text, buttons, quotes, files=files)
        return str(number), number

    async def edit(
        self, place: str, post: str, text: str, buttons: Sequence[Sequence[Button]] = ()
    ) -> None:
        self.posts[post] = replace(self.posts[post], text=text, buttons=buttons)

    async def remove(self, place: str, post: str) -> None:
        if post in self.stays:
            raise Rejected("it is too old to be taken away")
        self.posts.pop(post, None)

    async def mark(self, place: str, post: str, mark: Mark | None) -> None:
        self.posts.setdefault(post, Chalk(place, "")).mark = mark

    async def close(self, place: str, closed: bool) -> None:
        self.closed[place] = closed

    async def answer(self, press: str, text: str) -> None:
        self.answers[press] = text

    async def fetch(self, file: Attached) -> File:
        return File(file.name, file.media_type, b"bytes")

    def find(self, text: str) -> tuple[str, Chalk]:
        """The latest post that says this."""
        found = [(id, chalk) for id, chalk in self.posts.items() if text in chalk.text]
        assert found, f"“{text}” is not among {[chalk.text for chalk in self.posts.values()]}"
        return found[-1]


@dataclass
class Doorkeeper:
    """An application: one thread, and a note of what was asked."""

    sheet: Sheet
    acts: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    said: list[tuple[str, int, str, int | None]] = field(default_factory=list)
    refuse: Refused | None = None
    answer: Told = field(default_factory=lambda: Told("Done.", "done"))
    bound: dict[str, str] = field(default_factory=lambda: {"a1": "ana", "b1": "bo"})
    news: asyncio.Queue[Sequence[int]] = field(default_factory=asyncio.Queue)

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> Told:
        self.acts.append((agent, action, dict(arguments)))
        if self.refuse is not None:
            raise self.refuse
        return self.answer

    async def say(
        self, agent: str, thread: int, line: str, seen: int | None = None, *,
        files: Sequence[Kept] = (), quotes: str = "", key: str = "",
    ) -> Told:  # fmt: skip
        self.said.append((agent, thread, line, seen))
        if self.refuse is not None:
            raise self.refuse
        return self.answer

    async def look(self, agent: str, thread: int) -> Sheet:
        return self.sheet

    async def mine(self, agent: str) -> Sequence[Sheet]:
        return [self.sheet]

    async def receivers(self, agent: str) -> Sequence[Receiver]:
        return [Receiver("bo", "Bo", "online"), Receiver("billing", "billing")]

    async def accounts(self, agent: str, kind: str) -> Sequence[str]:
        return [account for account, whose in self.bound.items() if whose == agent]

    async def changes(self) -> AsyncIterator[Sequence[int]]:
        while True:
            yield await self.news.get()


class Office:
    """The desk, and verbs to tell with."""

    def __init__(self, folder: Path, **sheet: Any) -> None:
        self.now = NOW
        self.board = Blackboard()
        about: dict[str, Any] = {
            "thread": 1, "version": 3, "phase": "assigned", "title": "Joe Miller",
            "card": ("● HIGH  refund  #1", "Joe Miller"), "lines": (said(1, "hello"),),
            "turns": 1, "owner": "ana", "owner_name": "Ana", "to": "Joe Miller by Board",
            "clock": "10:17",
            "can": ("reply", "note", "transfer", "snooze", "resolve"),
        }  # fmt: skip
        self.door = Doorkeeper(Sheet(**(about | sheet)))
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []
        self.desk = ChatDesk(
            self.board, Site(folder, ""), b"secret", lambda: self.now, sleep=self._sleep
        )
        self._task = asyncio.create_task(self.desk.start(cast(Door, self.door)))
        self._numbers = 0

    async def _sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now + seconds * 1000, woken))
        await woken

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        await self.settled()
        self.now += int(seconds * 1000)
        due = [one for one in self._sleeping if one[0] <= self.now]
        self._sleeping = [one for one in self._sleeping if one[0] > self.now]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)
        await self.settled()

    async def settled(self) -> None:
        """Let everything run that can."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.desk.book.close()

    def changes(self, **about: Any) -> None:
        """The thread is another now."""
        self.door.sheet = replace(self.door.sheet, **about)

    async def offers(self, until: int = 45_000, agent: str = "ana", **card: Any) -> None:
        """A card with an offer."""
        offer = Card("k", agent, CardKind.OFFER, 1, 3, "1.1", self.now + until,
                     self.door.sheet.card)  # fmt: skip
        await self.desk.present(replace(offer, **card))

    async def shows(self, kind: CardKind, reason: str = "", agent: str = "ana") -> None:
        """Another card."""
        await self.desk.present(Card("k2", agent, kind, 1, 3, "1.1", 0, (), reason))

    async def presses(self, label: str, text: str, account: str = "a1") -> str:
        """Somebody presses a button of the post that says this; what they are answered."""
        post, chalk = self.board.find(text)
        self._numbers += 1
        press = f"p{self._numbers}"
        who = self.door.bound.get(account, "")
        await self.desk.did(
            Pressed(account, who, chalk.place, post, press, chalk.data(label), f"k{press}")
        )
        return self.board.answers[press]

    async def writes(self, text: str, *, place: str = "home a1", account: str = "a1",
                     quotes: str = "", order: int = 5000, edited: bool = False,
                     files: tuple[Attached, ...] = ()) -> str:  # fmt: skip
        """Somebody writes; the id of the post."""
        self._numbers += 1
        post = f"w{self._numbers}"
        who = self.door.bound.get(account, "")
        await self.desk.did(
            Wrote(account, who, place, post, order, text, f"k{post}", quotes, files, edited)
        )
        return post


def said(turn: int, text: str, **more: Any) -> Line:
    """A line of the customer's."""
    about: dict[str, Any] = {"author": "Joe Miller", "turn": turn, "clock": "10:15"}
    return Line(f"m{turn}", "customer", text, NOW, **(about | more))


def replied(id: str, text: str, state: str, **more: Any) -> Line:
    """An answer of Ana's."""
    return Line(
        id, "reply", text, NOW, author="Ana", clock="10:16", agent="ana", state=state, **more
    )
