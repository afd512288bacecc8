"""One life of the node: a process from its start to its death, in order or by a kill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from omniroute.channel import Receipt
from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.desk import Card, CardKind, Door
from omniroute.errors import StoreError
from omniroute.faults.loop import Killed, VirtualLoop
from omniroute.faults.platform import Line, Platform
from omniroute.faults.stepping import SteppedInbox, SteppedSpool
from omniroute.faults.store import Chance, FaultyStore
from omniroute.plugins import Plugins
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.node import Node, Parts
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body
from omniroute.runtime.writer import Answered
from omniroute.stores.api import InDoubt, Moved, Store

REOPEN: Final = 300_000  # ms, so that customers who are done grow cold and come again
RULES: Final = tuple(
    RuleSet(
        f"r{number}",
        Defaults("general"),
        queues={"general": Queue("general", reopen_window_ms=REOPEN)},
    )
    for number in range(2)
)
TEAM: Final = tuple(i.Member(name, desks=("bell",)) for name in ("ana", "bo", "cem"))


class Bell:
    """A desk that shows every card."""

    kind: ClassVar[str] = "bell"

    def routes(self) -> Sequence[Any]:
        return ()

    async def start(self, door: Door) -> None: ...

    async def present(self, card: Card) -> Receipt:
        return Receipt()


@dataclass(frozen=True, slots=True)
class Ways:
    """What a life is made of; a mutant has one of these that is wrong."""

    store: Callable[[Store, Chance], Store] = FaultyStore
    spool: Callable[[Path], SteppedSpool] = SteppedSpool
    inbox: type[Inbox] = SteppedInbox
    line: type[Line] = Line
    changed: Callable[[Node], None] = lambda node: None


@dataclass(slots=True)
class Outside:
    """What a life finds in the world and what stays when it ends."""

    folder: Path
    store: Store
    platform: Platform
    clock: Callable[[], int]  # ms
    ways: Ways = field(default_factory=Ways)


class Life:
    """A process.  `begin` may raise `Killed` or `StoreError`: then it never lived."""

    def __init__(self, number: int, outside: Outside, chance: Chance) -> None:
        self.number, self.dead, self.over = number, False, False
        self._outside, self._chance = outside, chance
        self.loop = VirtualLoop(lambda: outside.clock() / 1000)
        self.spool: SteppedSpool | None = None
        self.node: Node
        self.line: Line
        self._starting: asyncio.Task[None] | None = None

    def begin(self, rules: RuleSet) -> None:
        """Open everything and start."""
        self.loop.within(lambda: self._begin(rules))

    def _begin(self, rules: RuleSet) -> None:
        outside = self._outside
        ways = outside.ways
        self.line = ways.line(outside.platform, self.number)
        self.spool = ways.spool(outside.folder / "spool")
        parts = Parts(
            ways.store(outside.store, self._chance),
            self.spool,
            Files(outside.folder / "files"),
            Keyed(b"k" * 32),
            Plugins(),
            {("pipe", "a"): self.line},
            {"bell": Bell()},
            {},
            SystemClock(lambda: outside.clock() * 1_000_000),
        )
        self.node = Node(
            parts, card=_card, names=str.title, on_trouble=self._trouble, inbox=ways.inbox
        )
        ways.changed(self.node)
        self._starting = self.loop.create_task(self.node.start(rules, b"rules", TEAM))

    @property
    def ready(self) -> bool:
        """Whether it takes messages."""
        return not self.dead and self._started() and self.line.intake is not None

    def _started(self) -> bool:
        task = self._starting
        return task is not None and task.done() and task.exception() is None

    def step(self) -> None:
        """Run one callback."""
        try:
            self.loop.step()
        except Killed:
            self.kill()
        task = self._starting
        if task is not None and task.done() and not task.cancelled() and task.exception():
            self.over = True

    def kill(self) -> None:
        """As a power cut would; what is on the disk stays."""
        self.dead = True
        if self.spool is not None:
            self.spool.break_off()
            self.spool = None

    def does(self, work: Awaitable[Any], then: Callable[[BaseException | None], None]) -> None:
        """Have *work* done in this process; *then* hears how it ended, unless that died before."""

        async def doing() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - the world wants to know it
                then(error)
            else:
                then(None)

        self.loop.within(lambda: self.loop.create_task(doing()))

    def asks(self, make: Callable[[int], i.AnyInput], text: str = "") -> Awaitable[Answered]:
        """An agent does something; *text* is what they wrote, if that is an answer."""
        puts: Mapping[str, bytes | None] = {}
        if text:
            puts = {f"b/{text}": encode(Body(text=text))}
        return self.node.inbox.submit(make, puts)

    def _trouble(self, error: StoreError) -> None:
        if isinstance(error, InDoubt | Moved):
            self.over = True


async def _card(effect: Present) -> Card:
    return Card(
        effect.id, effect.agent, CardKind(effect.kind), effect.thread, effect.version,
        effect.offer, effect.until, (f"thread {effect.thread}",), effect.reason,
    )  # fmt: skip
