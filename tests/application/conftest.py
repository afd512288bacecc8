"""A desk to test the application on: the real core and writer, a store in memory, a clock by hand.

Scenes are told by `Scene`: who is on the team, what customers write, what agents do, how time
passes.  The application over it is the real one; only the letter box has no thread.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests import channel_names

from omniroute.application import commands as c
from omniroute.application.authorize import Actor, Kind
from omniroute.application.directory import Directory
from omniroute.application.door import Application
from omniroute.application.views import Views
from omniroute.core import inputs as i
from omniroute.core.conditions import Always, Is, Leaf
from omniroute.core.effects import Change
from omniroute.core.ladder import Stage
from omniroute.core.model import Evidence, Fact, Status
from omniroute.core.rules import Defaults, EnrichRule, Queue, RouteRule, RuleSet, Sla
from omniroute.core.skills import compile_skills
from omniroute.core.state import State
from omniroute.runtime.rows import Attachment, Body, Owed, Reached
from omniroute.runtime.writer import Answered, Committed, Writer
from omniroute.stores.memory import MemoryStore

channel_names.tell()

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
MORNING = 1_772_442_900_000
"""Mon 2026-03-02 09:15 UTC."""

AGENTS = (
    i.Member("ana", ("billing",), {"billing": 5.0, "lang.de": 5.0}, capacity=5),
    i.Member("bo", ("billing",), {"refunds": 2.0}, capacity=2),
    i.Member("cy", ("tech",), {"api": 4.0}, capacity=5, role="lead"),
    i.Member("di", ("tech", "billing"), {}, capacity=5, role="admin"),
)
NAMES = {"ana": "Ana Ruiz", "bo": "Bo Berg", "cy": "Cy Cole", "di": "Di Dorn"}


def rules() -> RuleSet:
    """Refunds go to billing and ask for less after two minutes; the rest is general."""
    return RuleSet(
        version="r1",
        defaults=Defaults(queue="general", sla=Sla(first_reply=HOUR)),
        enrich=(
            EnrichRule("vip", Leaf(1, "customer.tier", Is(("vip",))), priority=30, tags=("vip",)),
        ),
        route=(
            RouteRule(
                "refunds",
                Leaf(2, "topic", Is(("refund",))),
                queue="billing",
                stages=(
                    Stage(need={"refunds": 3.0}, span=2 * MINUTE),
                    Stage(need={"refunds": 2.0}, tell="offer a refund of half at most"),
                ),
            ),
            RouteRule("the-rest", Always(), queue="general"),
        ),
        queues={
            "billing": Queue("billing", pick="least_loaded", teams=("billing",)),
            "general": Queue("general"),
            "tech": Queue("tech", teams=("tech",)),
        },
        skills=compile_skills(
            {"refunds": {}, "billing": {"refunds": 1.0}, "lang.de": {}, "api": {}}
        ),
    )


@dataclass
class LetterBox:
    """The writer without its thread; wakes whoever listens after each commit."""

    writer: Writer
    on_commit: Callable[[], None] = lambda: None
    puts: dict[str, bytes | None] = field(default_factory=dict)

    async def submit(
        self,
        make: Callable[[int], i.AnyInput],
        puts: Mapping[str, bytes | None] | None = None,
    ) -> Answered:
        answered = self.decide(make, puts)[1]
        self.on_commit()
        return answered

    def decide(
        self,
        make: Callable[[int], i.AnyInput],
        puts: Mapping[str, bytes | None] | None = None,
    ) -> tuple[Committed, Answered]:
        """Decide and commit at once."""
        self.puts = dict(puts or {})
        committed, (answered,) = self.writer.round([(make, puts or {})])
        return committed, answered


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = MORNING

    def now(self) -> int:
        return self.at


class FilesInMemory:
    """Attachments by their sha."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.aside: dict[str, bytes] = {}  # received, and not settled yet

    def get(self, sha: str) -> bytes | None:
        return self.content.get(sha)

    def put(self, data: bytes) -> str:
        sha = hashlib.sha256(data).hexdigest()
        self.content[sha] = data
        return sha

    def receive(self) -> Incoming:
        return Incoming(self.aside)

    def settle(self, sha: str) -> int | None:
        if sha in self.aside:
            self.content[sha] = self.aside.pop(sha)
        return len(self.content[sha]) if sha in self.content else None


class Incoming:
    """A file on its way into memory."""

    def __init__(self, aside: dict[str, bytes]) -> None:
        self._aside, self._data = aside, bytearray()

    @property
    def size(self) -> int:
        return len(self._data)

    def write(self, piece: bytes) -> None:
        self._data += piece

    def finish(self) -> str:
        sha = hashlib.sha256(self._data).hexdigest()
        self._aside[sha] = bytes(self._data)
        return sha

    def drop(self) -> None:
        """Nothing stays of what was not finished."""


class Scene:
    """The desk, and verbs to tell a story with."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.state = State()
        self.state.adopt(rules())
        self.box = LetterBox(Writer(self.store, self.state, self.clock))
        self.reader = self.store.reader()
        self.files = FilesInMemory()
        self.path = folder / "desk.views"
        self.directory = Directory(
            agents=NAMES,
            queues={name: queue.teams for name, queue in rules().queues.items()},
            skills=rules().skills,
        )
        self.effects: dict[str, Any] = {}
        self._number = 0
        self.decide(lambda at: i.RulesLoaded("rules", at, "r1"))
        self.team(*AGENTS)

    # --- telling ---

    def team(self, *members: i.Member) -> None:
        """The team file was read."""
        self.decide(lambda at: i.TeamLoaded(f"team/{self.next()}", at, members))

    def online(self, *agents: str) -> None:
        """They can be asked."""
        for agent in agents:
            self.status(agent, Status.ONLINE)

    def status(self, agent: str, status: Status) -> None:
        """They declare it."""
        self.decide(lambda at: i.StatusDeclared(f"s/{self.next()}", at, agent, status))

    def writes(
        self, who: str, text: str, *, channel: str = "email", name: str = "", subject: str = "",
        verified: bool = True, also: str = "", evidence: Evidence = Evidence.VERIFIED,
        files: tuple[Attachment, ...] = (), html: str = "", automatic: bool = False,
        topic: str = "", tier: str = "", called: str = "", named: tuple[str, ...] = (),
        within: str = "", account: str = "main",
    ) -> int:  # fmt: skip
        """A customer says something; the thread it lands in."""
        number = self.next()
        body = Body(text, subject=subject, files=files, html=html, account=account)
        reached = Reached("webchat" if channel == "webchat" else "email", who, name, verified)
        puts: dict[str, bytes | None] = {f"b/m{number}": msgspec.json.encode(body)}
        if name or not self.reader.get([f"p/{handle(who, verified)}"]):
            puts[f"p/{handle(who, verified)}"] = msgspec.json.encode(reached)
        claims: tuple[i.Claimed, ...] = ()
        if also:
            claims = (i.Claimed(i.Seen(handle(also), "email"), evidence, channel),)
            row = msgspec.json.encode(Reached("email", also, name))
            if not self.reader.get([f"p/{handle(also)}"]):
                puts[f"p/{handle(also)}"] = row
        for other in named:
            if not self.reader.get([f"p/{handle(other)}"]):
                puts[f"p/{handle(other)}"] = msgspec.json.encode(Reached("email", other))
        facts: dict[str, Fact] = {"topic": topic or None, "customer.tier": tier or None}
        sender = i.Seen(handle(who, verified), reached.kind, verified=verified)
        answer = self.decide(
            lambda at: i.MessageReceived(
                f"in/{number}", at, f"m{number}", channel, account, sender, claims, facts,
                rules="r1", live=channel == "webchat", automatic=automatic, name=called,
                named=tuple(map(handle, named)), within=(handle(within),) if within else (),
            ),
            puts,
        )  # fmt: skip
        return int(answer.values["thread"])

    def accepts(self, agent: str, thread: int) -> Answered:
        """They take what is offered to them."""
        offers = [o for o in self.state.threads[thread].offers if o.agent == agent]
        offer = offers[0].id if offers else "gone"
        return self.decide(lambda at: i.OfferAccepted(f"a/{self.next()}", at, agent, thread, offer))

    def passes(self, agent: str, thread: int) -> Answered:
        """They decline it."""
        offer = self.state.threads[thread].offers[0].id
        return self.decide(lambda at: i.OfferDeclined(f"p/{self.next()}", at, agent, thread, offer))

    def notes(self, agent: str, thread: int, text: str) -> Answered:
        """They tell colleagues."""
        message = f"n{self.next()}"
        return self.decide(
            lambda at: i.NoteWritten(message, at, agent, thread, message), self.said(message, text)
        )

    def replies(self, agent: str, thread: int, text: str, hold: int = 0) -> str:
        """They answer; the id of the message."""
        message = f"r{self.next()}"
        turns = self.state.threads[thread].turns
        self.decide(
            lambda at: i.ReplyWritten(message, at, agent, thread, message, turns, hold=hold),
            self.said(message, text),
        )
        return message

    def delivered(
        self, thread: int, message: str, outcome: str = "sent", *, repeat: bool = False,
        words: str = "",
    ) -> None:  # fmt: skip
        """The outbox settles what became of a message."""
        effect = next(e.id for e in self.effects.values() if getattr(e, "message", "") == message)
        failure = {f"x/{effect}": msgspec.json.encode({"reason": words})} if words else {}
        self.decide(
            lambda at: i.Delivered(
                f"d/{effect}", at, effect, thread, outcome, message=message, repeat=repeat
            ),
            failure,
        )

    def changes(self) -> list[Change]:
        """The changes that are owed to customers, in their order."""
        rows = [msgspec.json.decode(row, type=Owed) for _, row in self.reader.scan("o/", "")]
        rows.sort(key=lambda owed: (owed.seq, owed.place))
        return [owed.effect for owed in rows if isinstance(owed.effect, Change)]

    def change_settled(
        self, thread: int, message: str, outcome: str = "sent", *, words: str = ""
    ) -> None:
        """The outbox settles what became of a change."""
        change = self.changes()[-1]
        failure = {f"x/{change.id}": msgspec.json.encode({"reason": words})} if words else {}
        self.decide(
            lambda at: i.Delivered(
                f"d/{change.id}", at, change.id, thread, outcome, message=message,
                change=change.how,
            ),
            failure,
        )  # fmt: skip

    def resolves(self, agent: str, thread: int) -> Answered:
        """The customer has what they came for."""
        return self.decide(lambda at: i.ThreadResolved(f"x/{self.next()}", at, agent, thread))

    def transfers(self, agent: str, thread: int, why: str, **to: str) -> Answered:
        """They hand over."""
        note = f"n{self.next()}"
        return self.decide(
            lambda at: i.TransferAsked(
                note, at, agent, thread, note, to.get("to_agent", ""), to.get("to_queue", "")
            ),
            self.said(note, why),
        )

    def wait(self, *, seconds: int = 0, minutes: int = 0, days: int = 0) -> None:
        """Time passes; what is due happens at its own time."""
        goal = self.clock.at + seconds * SECOND + minutes * MINUTE + days * 24 * HOUR
        while (due := self.state.due()) is not None and due[0] <= goal:
            self.clock.at = max(self.clock.at, due[0])
            self.committed(self.box.writer.round([])[0])
        self.clock.at = goal

    # --- the works ---

    def decide(
        self, make: Callable[[int], i.AnyInput], puts: Mapping[str, bytes | None] | None = None
    ) -> Answered:
        """Have an input decided and committed."""
        committed, answered = self.box.decide(make, puts)
        self.committed(committed)
        return answered

    def committed(self, committed: Committed) -> None:
        self.effects.update({effect.id: effect for effect in committed.effects})
        self.box.on_commit()

    def said(self, message: str, text: str) -> dict[str, bytes | None]:
        return {f"b/{message}": msgspec.json.encode(Body(text))}

    def next(self) -> int:
        self._number += 1
        return self._number


def handle(who: str, verified: bool = True) -> str:
    """The id of a handle, as telling as can be."""
    return f"h:{who}" if verified else f"h:{who}?"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A team of four, nobody online, nothing written yet."""
    return Scene(tmp_path)


@pytest.fixture
def views(scene: Scene) -> Iterator[Views]:
    """The views of the scene; call `catch_up`."""
    views = Views(scene.path, scene.reader)
    yield views
    views.close()


@dataclass
class Desk:
    """The scene with the application on top."""

    scene: Scene
    application: Application
    said: list[c.Outcome] = field(default_factory=list)

    async def does(self, agent: str, command: c.AnyCommand) -> c.Outcome:
        """An agent acts through the door."""
        outcome = await self.application.do(actor(agent), command)
        self.said.append(outcome)
        return outcome

    async def seen(self) -> None:
        """Wait until the views show everything that is committed."""
        async with asyncio.timeout(10):
            await self.application.projector.at_least(self.scene.reader.head()[0])


ROLES = {member.id: member.role for member in AGENTS}


def actor(agent: str) -> Actor:
    """An agent of the team, as an actor."""
    return Actor(Kind.AGENT, agent, ROLES.get(agent, "agent"))


@pytest.fixture
async def desk(scene: Scene) -> AsyncIterator[Desk]:
    """The scene with its application started."""
    application = Application(
        scene.box, Views(scene.path, scene.reader), scene.reader, scene.files, scene.clock.now,
        scene.directory,
    )  # fmt: skip
    scene.box.on_commit = application.wake
    application.start()
    yield Desk(scene, application)
    await application.stop()
