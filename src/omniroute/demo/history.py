"""Three days at the desk, decided by the real engine on a clock of their own.

Every message, offer, answer and resolution goes through the writer exactly as it would on a
working day, so the lists, the reasons and `omniroute verify` are real.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from omniroute.channel import Address
from omniroute.core import inputs as i
from omniroute.core.effects import Deliver, Present
from omniroute.core.model import AgentId, Evidence, Phase, Status, ThreadId
from omniroute.core.rules import observe
from omniroute.demo.script import MATTERS, WAITING, Customer, Matter, customers
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.loading import load
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Reached
from omniroute.runtime.writer import Answered, Make, Puts, Writer
from omniroute.server.desk import DeskFiles
from omniroute.stores.api import Store

DAYS: Final = 3
ACTS: Final = 4  # a customer's thread is about so many, for the progress bar
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
AWAY: Final = ("dora", "frieda")  # off when the visitor arrives


@dataclass(slots=True)
class MovedClock:
    """A clock that stands where it was put."""

    at: int

    def now(self) -> int:
        """The moment it was put to."""
        return self.at


class History:
    """Plays the past into a store that is empty."""

    def __init__(
        self, store: Store, keyed: Keyed, desk: DeskFiles, accounts: tuple[str, str], now: int
    ) -> None:
        self._clock = MovedClock(now - DAYS * DAY)
        self._writer = Writer(store, load(store), self._clock)
        self._keyed, self._desk, self._now = keyed, desk, now
        self._mail, self._chat = accounts
        self._chance = random.Random(1182)  # noqa: S311 - a story, the same every time
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._number = 0
        self._matters: dict[ThreadId, tuple[Customer, Matter, str]] = {}
        self.inputs = 0

    def play(self, count: int, progress: Callable[[int, int], None]) -> None:
        """*count* customers in three days, then a few who wait now."""
        self._open_desk()
        people = customers(self._chance, count)
        for person in people:
            begin = self._now - int(self._chance.triangular(0.01, DAYS, 0.8) * DAY)
            self._at(begin, partial(self._begins, person))
        expected = count * ACTS
        for done, _ in enumerate(self._run()):
            progress(min(done, expected), expected)
        progress(expected, expected)
        self._clock.at = self._now
        for agent in AWAY:
            self._declare(agent, Status.OFFLINE)
        for language, subject, text in WAITING:
            person = next(p for p in reversed(people) if p.language == language)
            people.remove(person)
            self._writes(person, "email", subject, text)

    def _open_desk(self) -> None:
        rules = self._desk.rules
        self._writer.state.adopt(rules)
        row: Puts = {f"r/{rules.version}": self._desk.sources}
        self._do(lambda at: i.RulesLoaded("demo/rules", at, rules.version), row)
        self._do(lambda at: i.TeamLoaded("demo/team", at, self._desk.team))
        for person in self._desk.people:
            self._declare(person.id, Status.ONLINE)

    def _declare(self, agent: AgentId, status: Status) -> None:
        self._do(lambda at: i.StatusDeclared(f"demo/{agent}/{status}", at, agent, status))

    # --- the course of things ---

    def _at(self, moment: int, then: Callable[[], object]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (moment, self._number, then))

    def _run(self) -> Iterator[None]:
        while self._agenda and self._agenda[0][0] < self._now:
            moment, _, then = heapq.heappop(self._agenda)
            self._clock.at = moment
            then()
            yield

    def _begins(self, person: Customer) -> None:
        matter = self._chance.choice(MATTERS[person.language])
        channel = self._chance.choice(("email", "email", "webchat"))
        answered = self._writes(person, channel, matter.subject, matter.asks)
        self._matters.setdefault(int(answered.values["thread"]), (person, matter, channel))

    def _accepts(self, offered: Present) -> None:
        """An agent takes what they were offered, half a minute later at most."""
        thread = self._writer.state.threads.get(offered.thread)
        if thread is None or all(offer.id != offered.offer for offer in thread.offers):
            return
        key, agent, id = self._key("accept"), offered.agent, offered.thread
        self._do(lambda at: i.OfferAccepted(key, at, agent, id, offered.offer))
        self._soon(2, 25, partial(self._answers, id, agent))

    def _answers(self, id: ThreadId, agent: AgentId) -> None:
        thread, known = self._writer.state.threads.get(id), self._matters.get(id)
        if thread is None or known is None or thread.agent != agent:
            return
        person, matter, channel = known
        message, key = self._id("reply"), self._key("reply")
        body = Body(text=matter.answer, sent_at=self._clock.at)
        self._do(
            lambda at: i.ReplyWritten(key, at, agent, id, message, thread.turns),
            {"b/" + message: encode(body)},
        )
        if self._chance.random() < 0.6 or channel == "webchat":
            self._soon(3, 60, partial(self._writes, person, "email", matter.subject, matter.thanks))
        self._soon(60, 240, partial(self._resolves, id, agent))

    def _resolves(self, id: ThreadId, agent: AgentId) -> None:
        thread = self._writer.state.threads.get(id)
        if thread is not None and thread.phase is Phase.ASSIGNED and thread.agent == agent:
            key = self._key("resolve")
            self._do(lambda at: i.ThreadResolved(key, at, agent, id))

    def _soon(self, least: float, most: float, then: Callable[[], object]) -> None:
        self._at(self._clock.at + int(self._chance.uniform(least, most) * MINUTE), then)

    # --- inputs ---

    def _writes(self, person: Customer, channel: str, subject: str, text: str) -> Answered:
        message = self._id("message")
        by_mail = Address("email", person.email, verified=True, display=person.name)
        login = Address(
            f"webchat:{self._chat}", person.login, verified=True, display=person.name, unique=True
        )
        sender, other = (by_mail, None) if channel == "email" else (login, by_mail)
        account = self._mail if channel == "email" else self._chat
        body = Body(
            text=text,
            subject=subject if channel == "email" else "",
            external_id=f"{message}@{person.email.partition('@')[2]}",
            conversation=person.email if channel == "email" else f"u:{person.login}",
            channel=channel,
            account=account,
            references=(f"{message}@{person.email.partition('@')[2]}",),
            sent_at=self._clock.at,
        )
        puts: dict[str, bytes | None] = {"b/" + message: encode(body)}
        for address in filter(None, (sender, other)):
            reached = Reached(address.kind, address.value, address.display)
            puts["p/" + self._keyed.handle(address)] = encode(reached)
        claims = (i.Claimed(self._seen(other), Evidence.VERIFIED, channel),) if other else ()
        rules = self._desk.rules
        observed = observe(
            rules, text=text, subject=body.subject, emails=(person.email,), name=person.name
        )
        return self._do(
            lambda at: i.MessageReceived(
                message,
                at,
                message,
                channel,
                account,
                self._seen(sender),
                claims,
                {"message.language": person.language},
                observed,
                rules.version,
                live=channel == "webchat",
                sent_at=at,
            ),
            puts,
        )

    def _seen(self, address: Address) -> i.Seen:
        return i.Seen(self._keyed.handle(address), address.kind, address.unique, address.verified)

    def _do(self, make: Make, puts: Puts | None = None) -> Answered:
        committed, answers = self._writer.round([(make, puts or {})])
        self.inputs += 1
        for effect in committed.effects:
            if isinstance(effect, Deliver):
                self._arrived(effect)
                continue
            self._writer.forget("o/" + effect.id)  # cards of the past are shown to nobody
            if effect.kind == "offer":
                self._soon(0.1, 0.5, partial(self._accepts, effect))
        return answers[0]

    def _arrived(self, effect: Deliver) -> None:
        """The customer got it then; nothing of the past goes out when the demo starts."""
        id, outcome = effect.id, f"outcome/{effect.id}"
        self._do(
            lambda at: i.Delivered(outcome, at, id, effect.thread, "sent", effect.message),
            {"o/" + id: None},
        )

    def _key(self, what: str) -> str:
        self._number += 1
        return f"demo/{what}/{self._number}"

    def _id(self, what: str) -> str:
        return self._keyed.message("demo", what, self._key(what), "")
