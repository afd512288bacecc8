"""The platform outside: what customers write there, and what it has really delivered to them.

It outlives every process, so its record is the one to judge by.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar, Final

import msgspec

from omniroute.channel import Address, Cap, Health, Inbound, Intake, Outbound, Receipt
from omniroute.errors import Rejected, Retry

ANSWERS: Final = (
    ("yes", 70), ("lost", 6), ("busy", 8), ("doubt", 6), ("refused", 3), ("silent", 3),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A customer's message on the platform."""

    id: str
    who: str
    text: str
    key: str = ""  # by which the platform names this event each time it brings it, if it does

    def raw(self) -> bytes:
        """As the platform's webhook has it."""
        return json.dumps({"id": self.id, "who": self.who, "text": self.text}).encode()


@dataclass(frozen=True, slots=True)
class Got:
    """What a customer has been shown."""

    key: str
    to: str
    text: str
    repeat: bool
    life: int  # the process that had it sent


class Platform:
    """Customers on one side, processes on the other."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.acknowledged: dict[str, Said] = {}
        self.delivered: list[Got] = []
        self.refused: set[str] = set()  # keys of what it will never take
        self.down = False  # it says no to everybody
        self.healed = False  # from then on everything goes well
        self.on_doubt: Callable[[], None] = lambda: None  # a process does not hear how it went

    def answer(self) -> str:
        """How the next call fares."""
        if self.healed:
            return "yes"
        if self.down:
            return "busy"
        kinds, weights = zip(*ANSWERS, strict=True)
        return str(self.chance.choices(kinds, weights)[0])


class Line:
    """A channel of one process to the platform."""

    kind: ClassVar[str] = "pipe"
    caps: ClassVar[Cap] = Cap.LIVE
    max_text: ClassVar[int] = 1000
    anywhere: ClassVar[bool] = True
    Config: ClassVar[type] = msgspec.defstruct("Config", [])

    def __init__(self, platform: Platform, life: int) -> None:
        self.account = "a"
        self.intake: Intake | None = None
        self._platform, self._life = platform, life

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        said = json.loads(raw)
        address = Address("pipe", said["who"], True)
        at = datetime(2026, 1, 5, 8, tzinfo=UTC)
        return [Inbound(said["id"], f"with {said['who']}", address, said["text"], at)]

    def routes(self) -> Sequence[Any]:
        return ()

    async def listen(self, intake: Intake) -> None:
        self.intake = intake
        intake.ready()
        try:
            await asyncio.Event().wait()
        finally:
            self.intake = None

    async def send(self, out: Outbound) -> Receipt:
        platform, chance = self._platform, self._platform.chance
        how = platform.answer()
        await asyncio.sleep(chance.uniform(0.01, 2))
        if how == "busy":
            raise Retry("busy", after=chance.uniform(1, 20))
        if how == "refused":
            platform.refused.add(out.idempotency_key)
            raise Rejected("no such chat")
        if how in ("silent", "lost", "doubt"):
            platform.on_doubt()
        if how not in ("silent", "doubt") or chance.random() < 0.5:
            got = Got(out.idempotency_key, out.to.value, out.text, out.repeat, self._life)
            platform.delivered.append(got)
        if how == "silent":
            await asyncio.sleep(100_000)
        if how in ("lost", "doubt"):
            raise Retry("the line broke", in_doubt=True)
        await asyncio.sleep(chance.uniform(0.01, 2))
        return Receipt((f"x-{len(platform.delivered)}",))

    async def check(self) -> Health:
        return Health(True, "fine")
