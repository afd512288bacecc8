"""One node: everything between the raw bytes and the effects, started and stopped in order.

What is acknowledged survives any stop at any moment: `start` takes up what the last run left in
the spool and in the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from omniroute.channel import Channel
from omniroute.core.effects import Deliver, Present
from omniroute.core.inputs import (
    AnyInput,
    Member,
    Reseen,
    RulesLoaded,
    RulesTried,
    ShareDeclared,
    TeamLoaded,
)
from omniroute.core.model import AgentId
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.desk import Card, Desk, Door, Workplace
from omniroute.errors import StoreError
from omniroute.hookspecs import Notice
from omniroute.plugins import Plugins
from omniroute.rules.replies import reply_text
from omniroute.runtime.clock import Clock, SystemClock
from omniroute.runtime.files import Files
from omniroute.runtime.handover import HandedIn
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.isolation import Parser
from omniroute.runtime.keeping import Keeping
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.listening import Listeners, contained, report
from omniroute.runtime.loading import load
from omniroute.runtime.messages import Messages
from omniroute.runtime.names import Names
from omniroute.runtime.observers import Observers
from omniroute.runtime.outbox import CALL, GRACE, Outbox
from omniroute.runtime.precedence import Precedence
from omniroute.runtime.questions import question
from omniroute.runtime.reading import Reading, Source
from omniroute.runtime.record import encode
from omniroute.runtime.returns import Returns
from omniroute.runtime.rows import Body, RulesAct
from omniroute.runtime.sharing import Shared
from omniroute.runtime.signs import Signs
from omniroute.runtime.spool import DeadLetter, Spool
from omniroute.runtime.suspects import Suspects
from omniroute.runtime.sweeping import sweep
from omniroute.runtime.trimming import Trimming
from omniroute.runtime.upgrading import bring_forward
from omniroute.runtime.writer import Answered, Committed, Puts
from omniroute.stores.api import InDoubt, Moved, Store
from omniroute.stores.exchange import Exchange

log = logging.getLogger(__name__)

KEYS_KEPT: Final = 30 * 86_400_000  # ms for which a redelivery is known


@dataclass(slots=True)
class Parts:
    """What a node is made of; the composition root fills it in."""

    store: Store
    spool: Spool
    files: Files
    keyed: Keyed
    plugins: Plugins
    channels: Mapping[tuple[str, str], Channel]
    desks: Mapping[str, Desk]
    workplaces: Mapping[tuple[str, str], Workplace] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    shared: Sequence[str] = ()  # addresses that the settings call several people's
    exchange: Exchange | None = None  # with other nodes, where there may be some
    parsers: dict[tuple[str, str], Parser] = field(default_factory=dict)  # of isolated accounts
    trimming: Trimming | None = None  # where the store lets go of what the archive has


@dataclass(frozen=True, slots=True)
class Waits:
    """How a node waits; spans in seconds."""

    until_ready: float = 10.0  # for a channel to listen, at the start
    call: float = CALL  # for a platform or a desk to answer
    grace: float = GRACE  # for platforms that are being called, at a stop
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep  # between tries
    unanswered: Callable[[float], Awaitable[None]] = asyncio.sleep  # before asking elsewhere, too


class Node:
    """Spool, reading, inbox, outbox and the channels' listeners, as one."""

    def __init__(
        self,
        parts: Parts,
        *,
        card: Callable[[Present], Awaitable[Card]],
        names: Callable[[str], str],
        on_commit: Callable[[Committed], None] = lambda committed: None,
        on_trouble: Callable[[StoreError], None] = lambda error: None,
        waits: Waits | None = None,
        inbox: type[Inbox] = Inbox,
        handed: Callable[[Exchange, Suspects], HandedIn] = HandedIn,
    ) -> None:
        """*on_trouble* hears of every failure of the store; *inbox* is who decides, and when.

        Of `InDoubt` and `Moved` there is no way back but `stop` and another start: until then
        nothing is sent and nothing new is read.
        """
        waits = waits or Waits()
        self.parts = parts
        self._on_commit, self._on_trouble = on_commit, on_trouble
        bring_forward(parts.store, parts.clock)
        self.state: State = load(parts.store)
        self.inbox = inbox(
            parts.store,
            self.state,
            parts.clock,
            deciders=parts.plugins.deciders,
            canned=self._canned,
            on_commit=self._committed,
            on_trouble=self._trouble,
        )
        self.reader = parts.store.reader()
        self.keeping: Keeping | None = None
        if parts.exchange is not None:
            self.keeping = Keeping(parts.spool, parts.exchange, parts.clock, sleep=waits.sleep)
        self.outbox = Outbox(
            self.reader,
            parts.spool,
            self.inbox,
            parts.channels,
            parts.desks,
            parts.files,
            parts.clock,
            card=card,
            names=names,
            sleep=waits.sleep,
            call=waits.call,
            unanswered=waits.unanswered,
            external=parts.keyed.external,
            grace=waits.grace,
            ask=None if self.keeping is None else self.keeping.witnesses.ask,
        )
        self.signs = Signs(self.reader, self.state, parts.channels, parts.keyed, parts.clock)
        self.shared = Shared(parts.keyed, self.reader, parts.shared)
        self.names = Names(self.reader)
        messages = Messages(
            parts.plugins,
            parts.keyed,
            self.names,
            parts.files,
            lambda: self.state.rules,
            lambda at: self.state.tried(at),
            reader=self.reader,
            shared=self.shared,
        )
        self._precedence = Precedence(parts.spool)
        self._handed: HandedIn | None = None
        self.reading = self._reads(parts.spool, messages, waits)
        self._others: Reading | None = None
        if parts.exchange is not None:
            self._handed = handed(parts.exchange, parts.spool.others_suspects)
            self._handed.known = lambda: parts.spool.known.head
            self._others = self._reads(self._handed, messages, waits)
        self._listeners = Listeners(
            parts.spool, parts.clock, self.signs.customer, until_ready=waits.until_ready
        )
        self._observers = Observers(parts.plugins.observers())
        self._tasks: list[asyncio.Task[None]] = []
        self._writes = False

    async def start(
        self,
        rules: RuleSet,
        sources: bytes,
        team: tuple[Member, ...],
        tried: RuleSet | None = None,
    ) -> None:
        """Take the rules and the team over, then what the last run left, then listen.

        *tried* are the rules that were on trial.  Raises what a channel raised in place of
        listening; all that several did, if they did.
        """
        tenure, me = self.state.tenure, self.parts.spool.name
        keeping = self.keeping
        least = 0
        if keeping is not None:
            least = await keeping.begin(self.state, lambda: self.inbox.stands)
        self.outbox.recover(
            lambda owed: owed.in_doubt or tenure.leaves_in_doubt(me, owed.term),
            lost=keeping is not None and keeping.lost,
            unsure=keeping is not None and keeping.unsure,
        )
        self.state.adopt(rules)  # before the timers that came due meanwhile are decided
        if tried is not None:
            self.state.adopt(tried)
        if (taken := self.inbox.take(me, least)).entries:
            self._committed(taken)
        self.inbox.start()
        self._writes = self.parts.exchange is not None  # and must say when it does not any more
        await self.adopt(rules, sources, team)
        for handle in self.shared.listed:
            await self._declare(handle)
        if (exchange := self.parts.exchange) is not None:
            await asyncio.to_thread(exchange.clear, me)  # it lies in our spool, and is read there
        self.outbox.start()
        self._run(self.reading.run(), "reading")
        if self._handed is not None and self._others is not None:
            self._run(self._others.run(), "reading what others took in")
            self._run(self._handed.run(), "what others took in")
        if keeping is not None:
            self._run(keeping.watch(self._trouble), "what the store keeps")
        self._run(sweep(self.reader, self.inbox, self.parts.clock), "sweeping")
        if self.parts.trimming is not None:
            self._run(self.parts.trimming.run(self.inbox), "trimming")
        self._run(self._observers.run(), "observers")
        self.parts.spool.sweep(self.parts.clock.now() - KEYS_KEPT)
        await self._listeners.begin(self.parts.channels.values())

    async def open_desks(self, door: Callable[[str], Door]) -> None:
        """Hand each desk the door that *door* makes for its kind."""
        for kind, desk in self.parts.desks.items():
            self._run(desk.start(door(kind)), f"desk {kind}")
        await asyncio.sleep(0)

    async def adopt(self, rules: RuleSet, sources: bytes, team: tuple[Member, ...]) -> None:
        """Decide by these rules and this team from now on."""
        at = self.parts.clock.now()
        await self.activate(rules, sources, RulesAct(at, rules.version, "start"))
        await self.load_team(team)

    async def _declare(self, handle: str) -> None:
        """Part whoever was joined over an address that the settings call shared by now."""
        key = f"shared/{handle}/{self.parts.clock.now()}"
        await self.inbox.submit(lambda now: ShareDeclared(key, now, handle))

    async def load_team(self, team: tuple[Member, ...]) -> None:
        """Work with this team from now on."""
        key = f"team/{self.parts.clock.now()}"
        await self.inbox.submit(lambda now: TeamLoaded(key, now, team))

    async def activate(
        self,
        rules: RuleSet,
        sources: bytes,
        act: RulesAct,
        *,
        agent: AgentId = "",
        reseen: Sequence[Reseen] = (),
    ) -> Answered:
        """Decide by these rules from now on; *agent* is who wants it, if somebody of the team.

        Waiting threads in *reseen* are put under them, too.
        """
        version, seen = rules.version, tuple(reseen)
        if (before := self.state.counters.rules) != version:
            act = msgspec.structs.replace(act, replaced=before)
        return await self.inbox.adopt(
            rules,
            {f"r/{version}": sources, act.row: encode(act)},
            lambda now: RulesLoaded(f"rules/{version}/{act.at}", now, version, agent, seen),
        )

    async def try_rules(
        self, rules: RuleSet, sources: bytes, act: RulesAct, *, agent: AgentId = ""
    ) -> Answered:
        """Put these rules on trial beside those that decide, as *act* has it."""
        trial, key = rules.version, f"trial/{rules.version}/{act.at}"
        return await self.inbox.adopt(
            rules,
            {f"r/{trial}": sources, act.row: encode(act)},
            lambda now: RulesTried(key, now, trial, act.how, act.share, act.until, agent),
        )

    async def stop_trial(self, act: RulesAct, *, agent: AgentId = "") -> Answered:
        """Have nothing on trial any more."""
        key = f"trial//{act.at}"
        return await self.inbox.submit(
            lambda now: RulesTried(key, now, by=agent), {act.row: encode(act)}
        )

    async def retry(self, letter: int) -> None:
        """Read a dead letter again.  Raises `Refused` if there is none by that number."""
        await self.parts.spool.revive(letter)

    async def dead_letters(self) -> list[DeadLetter]:
        """What could not be read or decided."""
        return await self.parts.spool.dead()

    async def stop_listening(self) -> None:
        """Take nothing more in: channels, desks, reading and observers end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, self._listeners.end(), return_exceptions=True)
        self._tasks.clear()
        readers = [parser.close() for parser in self.parts.parsers.values()]
        await asyncio.gather(*readers, return_exceptions=True)

    async def stop(self) -> None:
        """Stop listening and decide what was taken in; what is left waits on disk."""
        await self.stop_listening()
        await self.outbox.stop()
        await self.inbox.stop()
        if self._writes:
            await self._leave()

    async def _leave(self) -> None:
        """Spare the next writer doubt, and customers marks."""
        self._writes = False
        try:
            in_doubt = await self.outbox.in_doubt()
            await asyncio.to_thread(self.inbox.leave, self.parts.spool.name, in_doubt)
        except StoreError as error:
            log.warning("what is still to be sent goes out marked: %s", error)

    async def close(self) -> None:
        """Close spool and store, when nobody reads them any more."""
        await self.parts.spool.close()
        self.reader.close()
        if self.parts.trimming is not None:
            self.parts.trimming.close()
        self.parts.store.close()

    def _reads(self, source: Source, messages: Messages, waits: Waits) -> Reading:
        return Reading(
            source,
            self.inbox,
            self.parts.channels,
            messages,
            Returns(self.reader, sleep=waits.sleep),
            workplaces=self.parts.workplaces,
            parsers=self.parts.parsers,
            sleep=waits.sleep,
            give_way=self._precedence.give_way,
        )

    def _run(self, work: Awaitable[None], name: str) -> None:
        task = asyncio.create_task(contained(work), name=name)
        task.add_done_callback(report)
        self._tasks.append(task)

    def _canned(self, effect: Deliver, input: AnyInput) -> Puts:
        """The text of an automatic reply, as a row; on the writer's thread."""
        facts = getattr(input, "facts", {})
        thread = self.state.threads[effect.thread]
        language = str(facts.get("message.language") or thread.language)
        rules = self.state.known_rules(thread.rules) or self.state.rules
        if effect.reply not in rules.replies:  # later rules ask how it was
            rules = self.state.rules
        text, _ = reply_text(rules, effect.reply, language, input.at, effect.wait)
        asks = None
        if effect.survey and (survey := rules.survey(effect.survey)) is not None:
            asks = question(rules, survey, language, input.at, effect.until)
        body = Body(text=text, sent_at=input.at, question=asks)
        return {"b/" + effect.message: encode(body)}

    def _committed(self, committed: Committed) -> None:
        if self.keeping is not None:
            self.keeping.note(committed.head, self.state.counters.next_thread)
            if self.keeping.may_repeat(committed.came):
                self.outbox.doubt(effect.id for effect in committed.effects)
        self.outbox.take(committed.effects)
        self._on_commit(committed)
        if self._observers:
            self._observers.tell(notices(committed))

    def _trouble(self, error: StoreError) -> None:
        if isinstance(error, InDoubt | Moved):
            self._writes = False
            self.outbox.halt()
        self._on_trouble(error)


def notices(committed: Committed) -> list[Notice]:
    """What observers are told of a commit."""
    first = committed.head[0] - len(committed.entries) + 1
    return [
        Notice(
            first + number,
            entry.at,
            type(event).__name__,
            getattr(event, "thread", None),
            {name: getattr(event, name) for name in event.__struct_fields__},
        )
        for number, entry in enumerate(committed.entries)
        for event in entry.ev
    ]


def files_of(database: Path) -> dict[str, Path]:
    """Where a node on one database file keeps what."""
    return {
        "database": database,
        "spool": database.with_suffix(".spool"),
        "views": database.with_suffix(".views"),
        "accounts": database.with_suffix(".accounts"),
        "tokens": database.with_suffix(".tokens"),
        "webhooks": database.with_suffix(".webhooks"),
        "bindings": database.with_suffix(".bindings"),
        "key": database.with_suffix(".key"),
        "proofs": database.with_suffix(".proofs"),
        "erased": database.with_suffix(".erased"),
        "socket": database.with_suffix(".sock"),
        "files": database.with_suffix(".files"),
        "channels": database.with_suffix(".channels"),
    }
