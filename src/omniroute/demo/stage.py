"""The desk on a clock of its own: what happened in the past is decided by the real engine.

Every message, offer, answer and resolution goes through the writer exactly as it would on a
working day, timers included, so the lists, the reasons and `omniroute verify` are real.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from omniroute.channel import Address
from omniroute.core import inputs as i
from omniroute.core.effects import AnyEffect, Deliver, Present
from omniroute.core.model import AgentId, Evidence, Offer, Phase, Status, Thread, ThreadId
from omniroute.core.rules import observe
from omniroute.demo.script import JOE, Customer
from omniroute.rules.replies import reply_text
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.loading import load
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Reached
from omniroute.runtime.writer import Answered, Make, Puts, Writer
from omniroute.server.desk import DeskFiles
from omniroute.stores.api import Store

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(slots=True)
class MovedClock:
    """A clock that stands where it was put."""

    at: int

    def now(self) -> int:
        """The moment it was put to."""
        return self.at


@dataclass(frozen=True, slots=True)
class Accounts:
    """The channel accounts that customers write to, and how the chat names a conversation."""

    mail: str
    chat: str
    conversation: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ChatLine:
    """What a customer sees in the web chat; *ours* unless they wrote it."""

    customer: Customer
    author: str
    text: str
    at: int
    ours: bool = True


class Stage:
    """A store that is empty, a team, and the verbs by which both come to life."""

    def __init__(
        self, store: Store, keyed: Keyed, desk: DeskFiles, accounts: Accounts, begin: int
    ) -> None:
        self.clock = MovedClock(begin)
        self.offered: Callable[[Present], None] = lambda offer: None  # told of each offer
        self.chat: list[ChatLine] = []
        self._writer = Writer(store, load(store), self.clock, canned=self._canned)
        self._keyed, self._desk, self._accounts = keyed, desk, accounts
        self._names = {person.id: person.name for person in desk.people}
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._number = 0
        self._writers: dict[ThreadId, Customer] = {}
        self._writing = JOE  # who wrote last, for what is answered at once

    # --- time ---

    def at(self, moment: int, then: Callable[[], object]) -> None:
        """Have something happen at a moment."""
        self._number += 1
        heapq.heappush(self._agenda, (moment, self._number, then))

    def after(self, minutes: float, then: Callable[[], object]) -> None:
        """Have something happen in so many minutes."""
        self.at(self.clock.at + int(minutes * MINUTE), then)

    def run(self, until: int, each: Callable[[], None] = lambda: None) -> None:
        """Let everything happen that does before *until*; the clock stands there then."""
        while self._agenda and self._agenda[0][0] < until:
            moment, _, then = heapq.heappop(self._agenda)
            self._wait(moment)
            then()
            each()
        self._wait(until)

    def _wait(self, until: int) -> None:
        while (due := self._writer.state.due()) is not None and due[0] <= until:
            self.clock.at = max(self.clock.at, due[0])
            self._settle(self._writer.round([])[0].effects)
        self.clock.at = max(self.clock.at, until)

    # --- what is so ---

    def thread(self, id: ThreadId) -> Thread | None:
        """A thread that is not closed."""
        return self._writer.state.threads.get(id)

    def threads(self) -> list[Thread]:
        """All that are not closed."""
        return list(self._writer.state.open_threads())

    def customer(self, id: ThreadId) -> Customer | None:
        """Who wrote in it."""
        return self._writers.get(id)

    def offer(self, offered: Present) -> Offer | None:
        """An offer, if it still stands."""
        thread = self.thread(offered.thread)
        standing = thread.offers if thread is not None else ()
        return next((offer for offer in standing if offer.id == offered.offer), None)

    def has(self, agent: AgentId, id: ThreadId) -> bool:
        """Whether an agent is at work on a thread."""
        thread = self.thread(id)
        return thread is not None and thread.phase is Phase.ASSIGNED and thread.agent == agent

    # --- agents ---

    def open(self) -> None:
        """Take over the rules and the team."""
        rules = self._desk.rules
        self._writer.state.adopt(rules)
        row: Puts = {f"r/{rules.version}": self._desk.sources}
        self._do(lambda at: i.RulesLoaded("demo/rules", at, rules.version), row)
        self._do(lambda at: i.TeamLoaded("demo/team", at, self._desk.team))

    def declare(self, agent: AgentId, status: Status) -> None:
        """An agent says whether they can be asked."""
        key = self._key("status")
        self._do(lambda at: i.StatusDeclared(key, at, agent, status))

    def accept(self, offered: Present) -> None:
        """The agent takes what they were offered."""
        key, agent = self._key("accept"), offered.agent
        self._do(lambda at: i.OfferAccepted(key, at, agent, offered.thread, offered.offer))

    def decline(self, offered: Present, why: str) -> None:
        """The agent passes."""
        key, agent, (note, puts) = self._key("pass"), offered.agent, self._written(why)
        self._do(
            lambda at: i.OfferDeclined(key, at, agent, offered.thread, offered.offer, note), puts
        )

    def reply(self, agent: AgentId, id: ThreadId, text: str) -> None:
        """An agent answers, having read everything."""
        thread = self.thread(id)
        assert thread is not None
        key, (message, puts) = self._key("reply"), self._written(text)
        self._do(lambda at: i.ReplyWritten(key, at, agent, id, message, thread.turns), puts)
        if thread.channel == "webchat":
            self._shows(self._writers[id], self._names[agent], text)

    def note(self, agent: AgentId, id: ThreadId, text: str) -> None:
        """An agent tells colleagues."""
        key, (message, puts) = self._key("note"), self._written(text)
        self._do(lambda at: i.NoteWritten(key, at, agent, id, message), puts)

    def transfer(
        self, agent: AgentId, id: ThreadId, why: str, *, to: AgentId = "", queue: str = ""
    ) -> None:
        """An agent hands over."""
        key, (note, puts) = self._key("transfer"), self._written(why)
        self._do(lambda at: i.TransferAsked(key, at, agent, id, note, to, queue), puts)

    def snooze(self, agent: AgentId, id: ThreadId, until: int) -> None:
        """An agent puts a thread aside."""
        key = self._key("snooze")
        self._do(lambda at: i.SnoozeAsked(key, at, agent, id, until))

    def resolve(self, agent: AgentId, id: ThreadId) -> None:
        """The customer has what they came for."""
        key = self._key("resolve")
        self._do(lambda at: i.ThreadResolved(key, at, agent, id))

    # --- customers ---

    def write(
        self, by: Customer, channel: str, subject: str, text: str, *, verified: bool = True
    ) -> ThreadId:
        """A customer says something; the thread it belongs to.

        Mail that is not *verified* comes from somebody whose address nobody vouches for.
        """
        mail = channel == "email"
        address = Address("email", by.email, verified, by.name)
        login = Address(f"webchat:{self._accounts.chat}", by.login, True, by.name, unique=True)
        sender, claimed = (address, ()) if mail else (login, (address,))
        message = self._id("message")
        body = Body(
            text=text,
            subject=subject if mail else "",
            external_id=f"{message}@{by.email.partition('@')[2]}",
            conversation=by.email if mail else self._accounts.conversation(by.login),
            channel=channel,
            account=self._accounts.mail if mail else self._accounts.chat,
            references=(f"{message}@{by.email.partition('@')[2]}",),
            sent_at=self.clock.at,
        )
        puts: dict[str, bytes | None] = {"b/" + message: encode(body)}
        for reached in (sender, *claimed):
            row = Reached(reached.kind, reached.value, reached.display, reached.verified)
            puts["p/" + self._keyed.handle(reached)] = encode(row)
        if not mail:
            self.chat.append(ChatLine(by, by.name, text, self.clock.at, ours=False))
        self._writing = by
        answered = self._do(self._received(message, by, body, sender, claimed), puts)
        id = int(answered.values["thread"])
        self._writers[id] = by
        return id

    def _received(
        self, message: str, by: Customer, body: Body, sender: Address, claimed: tuple[Address, ...]
    ) -> Make:
        rules = self._desk.rules
        emails = (by.email,) if sender.verified else ()
        observed = observe(rules, text=body.text, subject=body.subject, emails=emails, name=by.name)
        claims = tuple(
            i.Claimed(self._seen(other), Evidence.VERIFIED, body.channel) for other in claimed
        )
        return lambda at: i.MessageReceived(
            message,
            at,
            message,
            body.channel,
            body.account,
            self._seen(sender),
            claims,
            {"message.language": by.language},
            observed,
            rules.version,
            live=body.channel == "webchat",
            sent_at=at,
        )

    def _seen(self, address: Address) -> i.Seen:
        return i.Seen(self._keyed.handle(address), address.kind, address.unique, address.verified)

    # --- the engine ---

    def _do(self, make: Make, puts: Puts | None = None) -> Answered:
        committed, answers = self._writer.round([(make, puts or {})])
        self._settle(committed.effects)
        return answers[0]

    def _settle(self, effects: tuple[AnyEffect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Deliver):
                self._arrived(effect)
                continue
            self._writer.forget("o/" + effect.id)  # cards of the past are shown to nobody
            if isinstance(effect, Present) and effect.kind == "offer":
                self.offered(effect)

    def _canned(self, effect: Deliver, input: i.AnyInput) -> Puts:
        """The text of an automatic reply, which the customer reads in the chat."""
        assert isinstance(input, i.MessageReceived)
        language = str(input.facts["message.language"])
        text, _ = reply_text(self._desk.rules, effect.reply, language, input.at, effect.wait)
        if input.channel == "webchat":
            self._shows(self._writing, "", text)
        return {"b/" + effect.message: encode(Body(text=text, sent_at=input.at))}

    def _arrived(self, effect: Deliver) -> None:
        """The customer got it then; nothing of the past goes out when the demo starts."""
        id, outcome = effect.id, f"outcome/{effect.id}"
        self._do(
            lambda at: i.Delivered(outcome, at, id, effect.thread, "sent", effect.message),
            {"o/" + id: None},
        )

    def _shows(self, to: Customer, author: str, text: str) -> None:
        self.chat.append(ChatLine(to, author, text, self.clock.at))

    def _written(self, text: str) -> tuple[str, Puts]:
        message = self._id("text")
        return message, {"b/" + message: encode(Body(text=text, sent_at=self.clock.at))}

    def _key(self, what: str) -> str:
        self._number += 1
        return f"demo/{what}/{self._number}"

    def _id(self, what: str) -> str:
        return self._keyed.message("demo", what, self._key(what), "")
