"""A node on a store in memory and real spool files, with a channel and a desk that do as told.

Time stands until it is moved, waits between tries are taken at once and noted, and after a kill
(`House.again`) a new node finds what the store and the spool had at that moment.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, cast

import msgspec

from omniroute import (
    Address,
    Cap,
    Card,
    Door,
    Health,
    Inbound,
    Intake,
    Outbound,
    Receipt,
    Refused,
)
from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.core.model import Status
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.desk import CardKind
from omniroute.errors import StoreError
from omniroute.plugins import Plugins
from omniroute.runtime.files import Files
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.node import Node, Parts, Waits
from omniroute.runtime.record import Entry, decode, encode
from omniroute.runtime.rows import Attachment, Body
from omniroute.runtime.spool import Spool
from omniroute.runtime.writer import Answered, Committed
from omniroute.stores.api import Head, Unavailable
from omniroute.stores.exchange import Exchange
from omniroute.stores.memory import MemoryStore
from omniroute.testing.machine import MONDAY

PATIENCE = 30  # seconds after which a test gives up
RULES = RuleSet("r1", Defaults("general"), queues={"general": Queue("general")})
TEAM = (i.Member("ana", desks=("bell", "horn")),)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> int:
        return self.at


class Pipe:
    """A channel.  Raw bytes are JSON of what `Inbound` has; what it sends is noted."""

    kind: ClassVar[str] = "pipe"
    caps: ClassVar[Cap] = Cap.LIVE
    max_text: ClassVar[int] = 100
    Config: ClassVar[type] = msgspec.defstruct("Config", [])

    def __init__(self, account: str = "a") -> None:
        self.account = account
        self.intake: Intake | None = None
        self.sent: list[Outbound] = []
        self.answers: deque[object] = deque()  # a receipt, or what is raised; none is a yes
        self.reads: Callable[[bytes], object] = inbounds
        self.listens: Callable[[Intake], Any] = listens

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return self.reads(raw)  # type: ignore[return-value]

    def routes(self) -> Sequence[Any]:
        return ()

    async def listen(self, intake: Intake) -> None:
        self.intake = intake
        await self.listens(intake)

    async def send(self, out: Outbound) -> Receipt:
        answer = self.answers.popleft() if self.answers else Receipt((out.idempotency_key,))
        self.sent.append(out)
        if callable(answer):
            answer = await answer(out)
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value]

    async def check(self) -> Health:
        return Health(True, "fine")

    @property
    def texts(self) -> list[str]:
        return [out.text for out in self.sent]


def inbounds(raw: bytes) -> Sequence[Inbound]:
    """What the raw bytes of a `Pipe` say: one message, or a list of them."""
    said = json.loads(raw)
    return [inbound(**one) for one in (said if isinstance(said, list) else [said])]


def inbound(
    text: str = "hello",
    sender: str = "joe",
    id: str = "1",
    verified: bool = True,
    display: str = "",
    minute: int = 0,
    **more: Any,
) -> Inbound:
    address = Address("pipe", sender, verified, display)
    at = datetime(2026, 1, 5, 8, minute, tzinfo=UTC)
    return Inbound(id, f"with {sender}", address, text, at, **more)


async def listens(intake: Intake) -> None:
    intake.ready()
    await asyncio.Event().wait()


class Bell:
    """A desk that shows what it is given, unless it is told not to."""

    kind: ClassVar[str] = "bell"

    def __init__(self) -> None:
        self.shown: list[Card] = []
        self.answers: deque[BaseException | None] = deque()
        self.hangs = False

    def routes(self) -> Sequence[Any]:
        return ()

    async def start(self, door: Door) -> None: ...

    async def present(self, card: Card) -> Receipt:
        answer = self.answers.popleft() if self.answers else None
        if answer is not None:
            raise answer
        if self.hangs:
            await asyncio.Event().wait()
        self.shown.append(card)
        return Receipt()

    @property
    def kinds(self) -> list[str]:
        return [str(card.kind) for card in self.shown]


class Workroom(Bell):
    """A desk over the pipe: what no customer said is done here."""

    kind: ClassVar[str] = "pipe"

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes] = []
        self.faults: deque[BaseException] = deque()
        self.free = asyncio.Event()
        self.free.set()

    async def attend(self, raw: bytes) -> None:
        await self.free.wait()
        if self.faults:
            raise self.faults.popleft()
        self.done.append(raw)

    def invitation(self, code: str) -> str:
        return code


class Horn(Bell):
    """Another desk."""

    kind: ClassVar[str] = "horn"


class Faulty(MemoryStore):
    """A store whose next commits fail as they are told, take their time, or find nobody there."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: deque[StoreError] = deque()
        self.answers = threading.Event()  # while it is not set a commit waits
        self.answers.set()
        self.away = False

    def copy(self) -> Faulty:
        other = Faulty()
        vars(other).update(vars(super().copy()))
        return other

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        assert self.answers.wait(PATIENCE)
        if self.away:
            raise Unavailable("the store", "is away")
        if self.faults:
            raise self.faults.popleft()
        return super().commit(at, records, puts)


class House:
    """The node and what stands around it."""

    def __init__(
        self,
        folder: Path,
        *,
        plugins: Sequence[object] = (),
        until_ready: float = PATIENCE,
        call: float = PATIENCE,
        grace: float = 0.01,
    ) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store = Faulty()
        self.files = Files(folder / "files")
        self.spool = Jammed(folder / "spool")
        self.pipe, self.bell, self.horn = Pipe(), Bell(), Horn()
        self.workroom = Workroom()
        self.more: list[Pipe] = []  # further channel accounts
        self.plugins = Plugins()
        for number, plugin in enumerate(plugins):
            self.plugins.register(plugin, f"plugin{number}")
        self.rules, self.team = RULES, TEAM
        self.troubles: list[StoreError] = []
        self.commits: list[Committed] = []
        self.slept: list[float] = []
        self.halves: list[float] = []
        self.names: Callable[[str], str] = str.title
        self.shared: tuple[str, ...] = ()  # addresses that the settings call several people's
        self.exchange: Exchange | None = None
        self.on_sleep: Callable[[], None] = lambda: None
        self.awake = asyncio.Event()  # while it is not set, who sleeps sleeps on
        self.awake.set()
        self.keys = itertools.count(1)
        self.half = asyncio.Event()  # set when half the time of offers has run
        self._waits = Waits(until_ready, call, grace, self.sleep, self.halftime)
        self.node = self.made()

    async def halftime(self, seconds: float) -> None:
        self.halves.append(seconds)
        await self.half.wait()

    def made(self) -> Node:
        return Node(
            Parts(
                self.store,
                self.spool,
                self.files,
                Keyed(b"k" * 32),
                self.plugins,
                {(pipe.kind, pipe.account): pipe for pipe in (self.pipe, *self.more)},
                {"bell": self.bell, "horn": self.horn},
                {("pipe", "a"): self.workroom},
                self.clock,
                self.shared,
                self.exchange,
            ),
            card=self.card,
            names=lambda agent: self.names(agent),
            on_commit=self.commits.append,
            on_trouble=self.troubles.append,
            waits=self._waits,
        )

    async def start(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.node.start(self.rules, b"rules", self.team)
            await self.node.open_desks(lambda kind: cast(Door, Nobody()))

    async def close(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.node.stop()
            await self.node.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[House]:
        try:
            await self.start()
            yield self
        finally:
            await self.close()

    async def restart(self, spool: str = "spool") -> None:
        """The node stops in order, and another starts on what it left; on another *spool*,
        elsewhere.
        """
        await self.node.stop()
        left = self.store.copy()
        await self.node.close()
        self.store, self.spool = left, Jammed(self.folder / spool)
        self.node = self.made()
        await self.start()

    async def again(self, spool: str = "spool") -> None:
        """The process dies here and another starts on what it left; on another *spool*, elsewhere.

        Calls of a platform that go on are cut off; whatever the old node still commits is not seen.
        """
        left = self.store.copy()
        await self.close()
        self.store, self.spool = left, Jammed(self.folder / spool)
        self.node = self.made()
        await self.start()

    # --- what is handed in ---

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
        await asyncio.sleep(0)
        await self.awake.wait()

    async def card(self, effect: Present) -> Card:
        return Card(
            effect.id,
            effect.agent,
            CardKind(effect.kind),
            effect.thread,
            effect.version,
            effect.offer,
            effect.until,
            (f"thread {effect.thread}",),
            effect.reason,
        )

    # --- telling ---

    async def accept(self, raw: bytes, key: str = "") -> None:
        assert self.pipe.intake is not None
        await self.pipe.intake.accept(raw, key=key)

    async def says(self, text: str = "hello", **more: object) -> None:
        """A customer writes."""
        await self.accept(json.dumps({"text": text, "id": str(next(self.keys)), **more}).encode())

    async def do(
        self,
        kind: Callable[..., i.AnyInput],
        puts: Mapping[str, bytes | None] | None = None,
        **values: object,
    ) -> Answered:
        key = f"input/{next(self.keys)}"
        async with asyncio.timeout(PATIENCE):
            return await self.node.inbox.submit(lambda at: kind(key=key, at=at, **values), puts)

    async def goes(self, agent: str, status: Status = Status.ONLINE) -> None:
        await self.do(i.StatusDeclared, agent=agent, status=status)

    async def replies(
        self,
        text: str,
        thread: int = 1,
        *,
        agent: str = "ana",
        files: tuple[Attachment, ...] = (),
        quotes: str = "",
        template: str = "",
        values: tuple[str, ...] = (),
        hold: int = 0,
        **way: object,
    ) -> str:
        """An agent answers, whatever the customer has written meanwhile; the message's id."""
        message = f"reply{next(self.keys)}"
        body = encode(Body(text=text, files=files, quotes=quotes, template=template, values=values))
        await self.do(
            i.ReplyWritten,
            {"b/" + message: body},
            agent=agent,
            thread=thread,
            message=message,
            seen=0,
            anyway=True,
            hold=hold,
            **way,
        )
        return message

    async def merges(self, a: str, b: str, *, agent: str = "ana") -> None:
        """An agent says that two handles are one person's."""
        await self.do(i.MergeAsked, agent=agent, a=a, b=b)

    async def erase(self, *rows: str) -> None:
        """Rows are gone, as after a person was erased."""
        gone: dict[str, bytes | None] = dict.fromkeys(rows)
        await self.do(i.TagsChanged, gone, agent="ana", thread=1, add=(f"t{next(self.keys)}",))

    # --- what came of it ---

    def journal(self) -> list[Entry]:
        return [decode(record.body) for record in self.store.tail(0, 10_000)]

    def events(self, *kinds: str) -> list[Any]:
        every = [event for entry in self.journal() for event in entry.ev]
        return [event for event in every if not kinds or type(event).__name__ in kinds]

    def messages(self) -> list[i.MessageReceived]:
        """The customers' messages, as they were decided."""
        inputs = [entry.input for entry in self.journal()]
        return [input for input in inputs if isinstance(input, i.MessageReceived)]

    def texts(self) -> list[str]:
        """What the customers said, in the order of the journal."""
        return [self.body(message.message).text for message in self.messages()]

    def body(self, message: str) -> Body:
        return msgspec.json.decode(self.row("b/" + message), type=Body)

    def row(self, key: str) -> bytes:
        return self.node.reader.get([key])[key]

    def rows(self, prefix: str) -> list[str]:
        return [key for key, _ in self.node.reader.scan(prefix)]

    def owed(self) -> list[str]:
        """Ids of effects that are not settled."""
        return [key.removeprefix("o/") for key in self.rows("o/")]

    async def until(self, so: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not so():  # noqa: ASYNC110 - what is waited for lies in a store and a spool
                await asyncio.sleep(0.001)

    async def read(self, count: int) -> None:
        """Wait until so many messages are decided, and the spool has let go of what it held."""
        await self.until(lambda: len(self.messages()) >= count and not self.spool.depth)

    async def letter(self) -> str:
        """Wait for the one dead letter; its reason."""
        await self.until(lambda: not self.spool.depth)
        (letter,) = await self.spool.dead()
        return letter.why


class Nobody:
    """A door without a house behind it."""

    def __getattr__(self, name: str) -> Any:
        raise Refused("closed", "Nobody is here.")


class Jammed(Spool):
    """A spool that cannot write certain things, so many times: by the name of the method."""

    def __init__(self, path: Path, *, min_free: int = 0) -> None:
        super().__init__(path, min_free=min_free)
        self.left: dict[str, int] = {}

    def _jams(self, what: str) -> None:
        if self.left.get(what, 0):
            self.left[what] -= 1
            raise Unavailable("spool", "the disk is full")

    async def bury(self, id: int, why: str) -> None:
        self._jams("bury")
        await super().bury(id, why)

    async def attempt(self, eid: str, at: int) -> int:
        self._jams("attempt")
        return await super().attempt(eid, at)

    async def receipt(self, eid: str, body: bytes) -> None:
        self._jams("receipt")
        await super().receipt(eid, body)
