"""A door for one desk: one agent, one thread, and a memory of everything that was asked."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from omniroute.channel import File
from omniroute.desk import Kept, Line, Receiver, Sheet, Told
from omniroute.errors import Refused

ANA: Final = "ana"
THREAD: Final = 4812
OFFER: Final = f"{THREAD}.1"
CARD: Final = (
    "● HIGH  refund   first reply due in 9 min   #4812",
    "Joe Miller · joe@example.org ✓",
    "“I was charged twice”",
    "Why you  rule refunds → billing",
)


class OneThread:
    """A `Door` behind which Ana has, or is offered, one thread.

    *account* is hers at the platform, empty until she has bound it; *refusal* is what every act
    meets while it is set.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.refusal: Refused | None = None
        self.acts: list[tuple[str, str, dict[str, object]]] = []  # who, what, with what
        self.lines: list[tuple[str, str, str]] = []  # who, what was said, key
        self.sheet = Sheet(
            THREAD,
            1,
            "offered",
            "Joe Miller",
            CARD,
            (Line("l1", "customer", "I was charged twice", 0, "Joe Miller", turn=1),),
            1,
            "",
            "",
            ("accept", "pass", "note"),
            "Joe Miller by Telegram",
            OFFER,
        )
        self._changed = asyncio.Event()

    def taken(self) -> None:
        """The thread is Ana's."""
        can = ("reply", "note", "transfer", "snooze", "resolve")
        self.sheet = dataclasses.replace(
            self.sheet, phase="assigned", owner=ANA, owner_name="Ana Ruiz", can=can, offer=""
        )
        self._changed.set()

    @property
    def keys(self) -> set[str]:
        """The keys of everything that was done."""
        return {str(more.get("key")) for _, _, more in self.acts} | {key for *_, key in self.lines}

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> Told:
        """Note it; an accept takes the thread.  Raises the *refusal*."""
        if self.refusal is not None:
            raise self.refusal
        self.acts.append((agent, action, dict(arguments)))
        if action == "accept":
            self.taken()
        return Told("You have it." if action == "accept" else "Done.", action)

    async def say(self, agent: str, thread: int, line: str, *_: Any, **more: Any) -> Told:
        """Note it.  Raises the *refusal*."""
        if self.refusal is not None:
            raise self.refusal
        self.lines.append((agent, line, str(more.get("key", ""))))
        return Told("Kept inside." if line.startswith("note") else "Sent.", "noted", "m1")

    def understood(self, line: str) -> None:
        """Everything is."""

    async def look(self, agent: str, thread: int) -> Sheet:
        """The one thread."""
        return self.sheet

    async def mine(self, agent: str) -> Sequence[Sheet]:
        """The one thread, if it is hers."""
        return [self.sheet] if self.sheet.owner == agent else []

    async def receivers(self, agent: str) -> Sequence[Receiver]:
        """Bo, and a queue."""
        return [Receiver("bo", "Bo Lindgren", "online"), Receiver("tech", "tech")]

    async def keep(self, agent: str, file: File) -> Kept:
        """The file's description."""
        return Kept(file.name, file.media_type, len(file.data), "0" * 64)

    async def file(self, agent: str, kept: Kept) -> File:
        """Bytes of that length."""
        return File(kept.name, kept.media_type, bytes(kept.size))

    async def changes(self) -> AsyncIterator[Sequence[int]]:
        """Each change, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            yield [THREAD]

    async def who(self, kind: str, value: str) -> str:
        """Ana, if the account is hers."""
        return ANA if self.account and value == self.account else ""

    async def accounts(self, agent: str, kind: str) -> Sequence[str]:
        """Hers."""
        return [self.account] if self.account and agent == ANA else []

    async def unreachable(self, agent: str) -> None:
        """Note it."""
        self.acts.append((agent, "unreachable", {}))

    async def bind(self, code: str, kind: str, value: str, display: str = "") -> str:
        """Any code is Ana's."""
        self.account = value
        return ANA
