"""Agents and customers of a transcript, with the verbs they act and the expectations they have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from omniroute.core import inputs as i
from omniroute.core.engine import Answer
from omniroute.core.events import (
    CustomerWrote,
    ReplyReleased,
    ThreadDivided,
    ThreadFolded,
    ThreadStranded,
    ThreadUnfolded,
)
from omniroute.core.model import Agent as AgentRow
from omniroute.core.model import Customer as CustomerRow
from omniroute.core.model import Evidence, Fact, Phase, Status, Thread
from omniroute.core.rules import RuleSet, observe
from omniroute.testing.machine import Machine


@dataclass(slots=True)
class Stage:
    """What people of one transcript share: the machine, the words that were said, who was named."""

    machine: Machine
    not_live: frozenset[str]
    one_per_person: frozenset[str]
    words: dict[str, str] = field(default_factory=dict)  # message → text
    spoken_of: set[str] = field(default_factory=set)
    last_thread: dict[str, int] = field(default_factory=dict)  # customer's name → thread
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def said(self, text: str) -> str:
        """The id of a new message with this text."""
        message = f"m{next(self.numbers)}"
        self.words[message] = text
        return message

    def known_thread(self, whom: Customer) -> Thread:
        """The thread a customer wrote in last, or whatever became of it."""
        number = self.last_thread[whom.name]
        for done in self.machine.journal:
            for event in done.decision.events:
                match event:
                    case ThreadFolded(thread=old) if old == number:
                        number = event.into
                    case ThreadUnfolded(out_of=old) if old == number and whom.has(event.handles):
                        number = event.thread
                    case ThreadDivided(thread=old) if old == number and whom.has(event.handles):
                        number = event.into
        thread = self.machine.state.threads.get(number)
        assert thread is not None, f"thread {number} of {whom.name} is closed"
        return thread


class Customer:
    """Somebody with addresses; *forged* ones are what nobody vouches for."""

    def __init__(
        self,
        stage: Stage,
        name: str,
        addresses: Mapping[str, str],
        verified: bool = False,
        forged: bool = False,
    ) -> None:
        self._stage, self.name, self._addresses = stage, name, addresses
        self._verified, self._forged = verified, forged

    def on(self, channel: str) -> Place:
        """Where they write and read."""
        return Place(self._stage, self, channel)

    def seen(self, kind: str) -> i.Seen:
        """One of their addresses, as a message shows it."""
        handle = f"{kind}:{self._addresses[kind]}{'?' * self._forged}"
        unique = kind in self._stage.one_per_person
        realm = self._addresses[kind].partition("@")[2]
        return i.Seen(handle, kind, unique, not self._forged, realm)

    def has(self, handles: Sequence[str]) -> bool:
        """Whether one of these handles is theirs."""
        return any(self.seen(kind).id in handles for kind in self._addresses)

    def vouched(self, channel: str) -> tuple[i.Claimed, ...]:
        """Their other addresses, where the channel vouches for them."""
        others = [kind for kind in self._addresses if kind != channel] if self._verified else []
        return tuple(i.Claimed(self.seen(k), Evidence.VERIFIED, channel) for k in others)

    def known_as(self, kind: str, evidence: str = "verified", by: str = "test") -> i.Claimed:
        """Evidence that whoever writes has this address of theirs: verified, asserted, inferred."""
        return i.Claimed(self.seen(kind), Evidence(evidence), by)

    @property
    def emails(self) -> tuple[str, ...]:
        """Addresses of theirs that rules may ask for."""
        if self._forged:
            return ()
        return tuple(value for kind, value in self._addresses.items() if kind == "email")

    @property
    def thread(self) -> Thread:
        """Their open thread."""
        return self._stage.known_thread(self)

    @property
    def row(self) -> CustomerRow:
        """The customer they are taken for now."""
        machine = self._stage.machine
        for kind in self._addresses:
            message = i.MessageReceived(
                key="", at=0, message="", channel="", account="", sender=self.seen(kind)
            )
            machine.absorb(message)
            if (handle := machine.state.handles.get(self.seen(kind).id)) is not None:
                return machine.state.customers[handle.customer]
        raise AssertionError(f"nobody knows {self.name}")

    def leaves(self, refused: str = "") -> None:
        """They give up waiting, or try to and are *refused* with this code."""
        thread = self._stage.last_thread[self.name]
        answer = self._stage.machine.put(i.CustomerLeft, thread=thread).answer
        assert (not answer.ok) == bool(refused), f"{self.name} leaves: {answer}"
        assert not refused or answer.code == refused, f"{self.name} leaves: {answer}"

    def waits(self) -> None:
        """They are in a queue."""
        assert self.thread.phase is Phase.QUEUED, f"{self.name}'s thread is {self.thread.phase}"

    def is_stranded(self, because: str = "") -> None:
        """They wait, and it was said that nothing scheduled can change that, and why."""
        thread = self.thread
        assert thread.phase is Phase.STRANDED, f"{self.name}'s thread is {thread.phase}"
        reasons = [
            event.reason
            for done in self._stage.machine.journal
            for event in done.decision.events
            if isinstance(event, ThreadStranded) and event.thread == thread.id
        ]
        assert because in ("", reasons[-1]), f"{self.name} is stranded: {reasons[-1]}"

    def is_held(self) -> None:
        """Their queue is closed."""
        assert self.thread.phase is Phase.HELD, f"{self.name}'s thread is {self.thread.phase}"

    def is_snoozed(self) -> None:
        """Their thread is put aside."""
        assert self.thread.phase is Phase.SNOOZED, f"{self.name}'s thread is {self.thread.phase}"

    def is_with(self, agent: Agent | None) -> None:
        """The agent, or nobody, has their thread."""
        has, name = self.thread.agent, agent.name if agent else ""
        assert has == name, f"{self.name}'s thread is with “{has}”, not with “{name}”"


@dataclass(frozen=True, slots=True)
class Place:
    """A customer on one channel."""

    stage: Stage
    whom: Customer
    channel: str

    def says(
        self,
        text: str,
        *,
        automatic: bool = False,
        claims: Sequence[i.Claimed] = (),
        about: Mapping[str, Fact] | None = None,
        called: str = "",
        named: tuple[str, ...] = (),
        within: tuple[str, ...] = (),
        shared: bool = False,
    ) -> Answer:
        """They, or a machine of theirs, write.  *claims* is more evidence of who they are, *about*
        what a plugin found out (``{"message.language": "de"}``), *called* the name they gave.
        *named* are the handles of others to whom it was sent, *within* those in whose conversation
        it stands; *shared* is written where several people read."""
        machine, whom = self.stage.machine, self.whom
        message = self.stage.said(text)
        rules, tried = machine.state.rules, machine.state.tried(machine.now)

        language = str((about or {}).get("message.language") or "")

        def holding(rules: RuleSet) -> tuple[int, ...]:
            return observe(
                rules, text=text, subject="", emails=whom.emails, name=whom.name, language=language
            )

        decision = machine.put(
            i.MessageReceived,
            message=message,
            channel=self.channel,
            account="main",
            sender=whom.seen(self.channel),
            claims=(*whom.vouched(self.channel), *claims),
            facts=about or {},
            observed=holding(rules),
            rules=rules.version,
            trial=tried.version if tried else "",
            trial_observed=holding(tried) if tried else (),
            live=self.channel not in self.stage.not_live,
            words=f"{crc32(text.encode()):08x}",
            automatic=automatic,
            name=called,
            named=named,
            within=within,
            shared=shared,
        )
        thread = decision.answer.values["thread"]
        assert isinstance(thread, int)
        self.stage.last_thread[whom.name] = thread
        return decision.answer

    def got(self) -> list[str]:
        """What has been sent to them here, in order; canned replies by their name."""
        handle = self.whom.seen(self.channel).id
        deliveries = [d for d in self.stage.machine.deliveries if d.handle == handle]
        return [d.reply or self.stage.words[d.message] for d in deliveries]

    def receives(self, *texts: str) -> None:
        """Exactly this has been sent to them here."""
        assert self.got() == list(texts), f"{self.whom.name} has got {self.got()}"

    def receives_nothing(self) -> None:
        """Nothing has been sent to them here."""
        self.receives()


class Agent:
    """Somebody who does work.

    An act is expected to succeed; with *refused* it is expected to be refused with that code.
    Without a customer named, the act is about the one thread that is offered to them or theirs.
    """

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage, self.name = stage, name

    # --- acts ---

    def accepts(self, whom: Customer | None = None, *, refused: str = "") -> Answer:
        """Take the offer they have, or last had."""
        return self._answers(i.OfferAccepted, whom, refused)

    def passes(self, whom: Customer | None = None, *, refused: str = "") -> Answer:
        """Decline the offer they have, or last had."""
        return self._answers(i.OfferDeclined, whom, refused)

    def takes(self, whom: Customer, *, refused: str = "") -> Answer:
        """Take a thread without being asked."""
        return self._acts(i.ThreadClaimed, whom, refused)

    def replies(
        self,
        text: str,
        whom: Customer | None = None,
        *,
        hold: float = 0,
        unseen: int = 0,
        anyway: bool = False,
        refused: str = "",
        to: Place | None = None,
        begins: str = "",
        copies: tuple[str, ...] = (),
    ) -> Answer:
        """Answer; *hold* is for how many seconds it can be undone, *unseen* how many messages of
        the customer's or of participants were not on screen; *to* another place than where they
        wrote last, which *begins* a conversation by this channel; *copies* go to these handles."""
        thread = self._thread(whom)
        return self._acts(
            i.ReplyWritten,
            thread,
            refused,
            message=self._stage.said(text),
            seen=thread.turns + thread.asides - unseen,
            anyway=anyway,
            hold=round(hold * 1000),
            to=to.whom.seen(to.channel).id if to is not None else "",
            channel=begins,
            account="main" if begins else "",
            copies=copies,
        )

    def undoes(self, text: str, whom: Customer | None = None, *, refused: str = "") -> Answer:
        """Take a reply back."""
        message = next(m for m, said in self._stage.words.items() if said == text)
        return self._acts(i.ReplyUndone, self._thread(whom), refused, message=message)

    def notes(self, text: str, whom: Customer | None = None, *, refused: str = "") -> Answer:
        """Write to colleagues."""
        message = self._stage.said(text)
        return self._acts(i.NoteWritten, self._thread(whom), refused, message=message)

    def transfers(
        self,
        whom: Customer | None = None,
        *,
        to: Agent | str,
        because: str = "please",
        refused: str = "",
        warm: bool = False,
        restart: bool = False,
    ) -> Answer:
        """Hand over to an agent or to a queue."""
        person = {"to_agent": to.name} if isinstance(to, Agent) else {"to_queue": to}
        note, how = self._stage.said(because), {"warm": warm, "restart": restart}
        return self._acts(i.TransferAsked, self._thread(whom), refused, note=note, **person, **how)

    def snoozes(
        self, whom: Customer | None = None, *, minutes: float = 0, refused: str = ""
    ) -> Answer:
        """Put aside for a while, or until the customer writes."""
        until = self._stage.machine.now + round(minutes * 60_000) if minutes else 0
        return self._acts(i.SnoozeAsked, self._thread(whom), refused, until=until)

    def resolves(self, whom: Customer | None = None, *, refused: str = "") -> Answer:
        """Say that the customer has what they came for."""
        return self._acts(i.ThreadResolved, self._thread(whom), refused)

    def new_matter(self, whom: Customer, *, refused: str = "") -> Answer:
        """Make a thread of its own of what the customer wrote last."""
        answer = self._acts(i.NewMatter, whom, refused)
        if answer.ok:
            self._stage.last_thread[whom.name] = int(answer.values["thread"])
        return answer

    def reopens(self, whom: Customer, *, refused: str = "") -> Answer:
        """Take a resolved thread up again."""
        return self._acts(i.ReopenAsked, whom, refused)

    def prioritises(self, whom: Customer, priority: int) -> Answer:
        """Set a thread's priority."""
        return self._acts(i.PriorityChanged, whom, "", priority=priority)

    def boosts(self, whom: Customer, *, seconds: float, refused: str = "") -> Answer:
        """Have a thread count as older in line."""
        return self._acts(i.BoostAsked, whom, refused, by=round(seconds * 1000))

    def is_done(self, whom: Customer, *, refused: str = "") -> Answer:
        """Have no more work with a solved thread."""
        return self._acts(i.WrapUpDone, whom, refused)

    def tags(self, whom: Customer, *, add: Sequence[str] = (), drop: Sequence[str] = ()) -> Answer:
        """Add and remove tags."""
        return self._acts(i.TagsChanged, whom, "", add=tuple(add), remove=tuple(drop))

    def merges(
        self, one: i.Claimed, other: i.Claimed, *, because: str = "", refused: str = ""
    ) -> Answer:
        """Say that two addresses are one person's."""
        note = self._stage.said(because) if because else ""
        a, b = one.handle.id, other.handle.id
        return self._decided(i.MergeAsked, refused, a=a, b=b, note=note)

    def denies(self, one: i.Claimed, other: i.Claimed, *, refused: str = "") -> Answer:
        """Say that two addresses are not one person's."""
        return self._decided(i.LinkDenied, refused, a=one.handle.id, b=other.handle.id)

    def parts(self, *addresses: i.Claimed, refused: str = "") -> Answer:
        """Part these addresses from the rest of their customer."""
        handles = tuple(address.handle.id for address in addresses)
        return self._decided(i.SplitAsked, refused, handles=handles)

    def goes(self, status: str) -> Answer:
        """Declare a status: online, away, transfers, draining, offline."""
        return self._decided(i.StatusDeclared, "", status=Status(status))

    def opens(self, desk: str) -> None:
        """A desk says that they are there."""
        self._stage.machine.put(i.DeskSignal, agent=self.name, desk=desk, up=True)

    def closes(self, desk: str) -> None:
        """A desk says that they are not there any more."""
        self._stage.machine.put(i.DeskSignal, agent=self.name, desk=desk, up=False)

    def is_lost_to(self, desk: str) -> None:
        """What a desk had shown them came back."""
        machine = self._stage.machine
        machine.put(i.DeskSignal, agent=self.name, desk=desk, up=False, failed=True)

    # --- expectations ---

    def is_status(self, status: str) -> None:
        """They are online, away, transfers, draining or offline."""
        assert self.row.status == status, f"{self.name} is {self.row.status}"

    def is_unresponsive(self) -> None:
        """They missed too many offers, and are not asked."""
        assert self.row.unresponsive, f"{self.name} counts as here"

    def is_back(self) -> None:
        """They count as here."""
        assert not self.row.unresponsive, f"{self.name} counts as unresponsive"

    @property
    def row(self) -> AgentRow:
        """The agent as the core has them."""
        return self._stage.machine.state.agents[self.name]

    @property
    def load(self) -> int:
        """Units in use."""
        return self.row.load

    def has(self, *customers: Customer) -> None:
        """They are responsible for exactly these."""
        threads = self._stage.machine.state.threads.values()
        has = {t.id for t in threads if t.agent == self.name and t.phase is not Phase.RESOLVED}
        wanted = {customer.thread.id for customer in customers}
        self._stage.spoken_of.add(self.name)
        assert has == wanted, f"{self.name} has threads {sorted(has)}, not {sorted(wanted)}"

    def is_offered(self, *customers: Customer) -> None:
        """Exactly these are offered to them now."""
        offered = {thread.id for thread, _ in self._offers()}
        wanted = {customer.thread.id for customer in customers}
        self._stage.spoken_of.add(self.name)
        assert offered == wanted, f"{self.name} is offered {sorted(offered)}, not {sorted(wanted)}"

    def is_not_asked(self) -> None:
        """Nothing is offered to them now."""
        offered = [thread.id for thread, _ in self._offers()]
        assert not offered, f"{self.name} is offered {offered}"

    def sees(self, *texts: str) -> None:
        """On the thread they have, or are offered, the customer and agents said exactly this."""
        said = self._stage.words
        seen = [said[message] for message in self._messages(self._thread(None).id)]
        assert seen == list(texts), f"{self.name} sees {seen}"

    def is_told(self, reason: str, kind: str = "told") -> None:
        """The last card of this kind that they were shown gives this reason."""
        cards = [c for c in self._stage.machine.cards if (c.agent, c.kind) == (self.name, kind)]
        assert cards, f"{self.name} was never shown a card “{kind}”"
        assert cards[-1].reason == reason, f"{self.name} was told “{cards[-1].reason}”"

    # --- how ---

    def _offers(self) -> list[tuple[Thread, str]]:
        threads = self._stage.machine.state.threads.values()
        return [(t, o.id) for t in threads for o in t.offers if o.agent == self.name]

    def _thread(self, whom: Customer | Thread | None) -> Thread:
        if isinstance(whom, Thread):
            return whom
        if whom is not None:
            return whom.thread
        threads = self._stage.machine.state.threads.values()
        mine = [t for t in threads if t.agent == self.name and t.phase is not Phase.RESOLVED]
        mine = mine or [thread for thread, _ in self._offers()]
        assert len(mine) == 1, f"{self.name} has {len(mine)} threads; say which"
        return mine[0]

    def _messages(self, thread: int) -> list[str]:
        into: dict[int, list[tuple[int, str, str]]] = {}  # (age, message, handle) by thread
        for done in self._stage.machine.journal:
            for event in done.decision.events:
                match event:
                    case CustomerWrote() | ReplyReleased():
                        said = (int(event.message[1:]), event.message, event.handle)
                        into.setdefault(event.thread, []).append(said)
                    case ThreadFolded():
                        both = [*into.pop(event.thread, []), *into.get(event.into, [])]
                        into[event.into] = sorted(both)
                    case (
                        ThreadUnfolded(out_of=joint, thread=own)
                        | ThreadDivided(thread=joint, into=own)
                    ):
                        every = into.pop(joint, [])
                        into[own] = [said for said in every if said[2] in event.handles]
                        into[joint] = [said for said in every if said[2] not in event.handles]
        return [message for _, message, _ in into.get(thread, [])]

    def _answers(
        self, kind: Callable[..., i.AnyInput], whom: Customer | None, refused: str
    ) -> Answer:
        self._stage.spoken_of.add(self.name)
        offers = self._offers()
        cards = [
            (card.thread, card.offer)
            for card in self._stage.machine.cards
            if card.agent == self.name and card.kind == "offer"
        ]
        found = [(thread.id, offer) for thread, offer in offers] or cards[-1:]
        if whom is not None:
            number = whom.thread.id
            found = [entry for entry in (found or cards) if entry[0] == number] or [
                entry for entry in cards if entry[0] == number
            ][-1:]
        assert len(found) == 1, f"{self.name} has {len(found)} offers; say which"
        return self._decided(kind, refused, thread=found[0][0], offer=found[0][1])

    def _acts(
        self,
        kind: Callable[..., i.AnyInput],
        whom: Customer | Thread,
        refused: str,
        **values: object,
    ) -> Answer:
        return self._decided(kind, refused, thread=self._thread(whom).id, **values)

    def _decided(self, kind: Callable[..., i.AnyInput], refused: str, **values: object) -> Answer:
        answer = self._stage.machine.put(kind, agent=self.name, **values).answer
        expected = f"{self.name} should be refused with “{refused}”" if refused else ""
        assert answer.ok != bool(refused), expected or f"{self.name} is refused: {answer}"
        assert not refused or answer.code == refused, f"{expected}, not with “{answer.code}”"
        return answer
