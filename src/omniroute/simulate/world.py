"""One run: chance on one side, the core on the other, a virtual clock between them.

Whatever happens is an input to `decide`, in the order of time: a customer writes, gives up or is
done; an agent comes, accepts or goes; a timer of the core is due.  What the core answers with
events sets the next things going.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeAlias

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.engine import decide
from omniroute.core.model import AgentId, Fact, Status, ThreadId
from omniroute.core.state import State
from omniroute.simulate.arrivals import Customer, Stream
from omniroute.simulate.desk import FACT, minutes, moment, rule_set, team
from omniroute.simulate.distributions import Sampler, sampler
from omniroute.simulate.ledger import Ledger
from omniroute.simulate.scenario import Scenario
from omniroute.simulate.tally import Tally

Act: TypeAlias = tuple[float, int, Callable[[float], None]]  # when, its number, what
Told: TypeAlias = Callable[[int], None]

TELL_EVERY = 256  # arrivals


class World:
    """A desk, its customers and the time; *told* hears how many have come."""

    def __init__(
        self, scenario: Scenario, run: int, width: float = 0.0, told: Told | None = None
    ) -> None:
        self._scenario, self._told = scenario, told
        self._seed = f"{scenario.seed}/{run}"
        self.state = State()
        self.ledger = Ledger(scenario, width)
        self.tally: Tally = self.ledger.tally
        self._acts: list[Act] = []
        self._acted = self._inputs = self._came = 0
        self._customers: dict[ThreadId, Customer] = {}
        self._queued: set[ThreadId] = set()  # waiting, and not offered to anybody
        self._here: set[AgentId] = set()
        self._groups: dict[AgentId, int] = {}
        self._accepts: list[Sampler | None] = []
        self._facts: list[dict[str, Fact]] = [{FACT: one.name} for one in scenario.classes]
        self._weights = [one.weight for one in scenario.classes]
        self._room = scenario.line.room
        self._total = scenario.total or (scenario.expected[0] if scenario.horizon is None else None)
        self._open()

    def run(self) -> Tally:
        """Until nothing is left to happen."""
        acts, state = self._acts, self.state
        while True:
            due = state.due()
            if acts and (due is None or moment(acts[0][0]) < due[0]):
                at, _, act = heapq.heappop(acts)
                act(at)
            elif due is not None:
                at = minutes(due[0])
                self._decide(at, i.due_now(due[0], *due))
                self._inputs += 1
            else:
                break
        self.ledger.end()
        self.tally.decisions, self.tally.arrivals = self._inputs, self._came
        if self._told is not None:
            self._told(self._came)
        return self.tally

    # --- the beginning ---

    def _open(self) -> None:
        scenario = self._scenario
        rules = rule_set(scenario)
        self.state.adopt(rules)
        self._decide(0.0, i.RulesLoaded(self._key(), moment(0), rules.version))
        members = [(number, m) for number, g in enumerate(scenario.groups) for m in team(g)]
        self._decide(0.0, i.TeamLoaded(self._key(), moment(0), tuple(m for _, m in members)))
        for group in scenario.groups:
            chance = Random(f"{self._seed}/{group.name}/accept")  # noqa: S311 - guards nothing
            self._accepts.append(sampler(group.accept, chance) if group.accept else None)
        for number, member in members:
            self._groups[member.id] = number
            shifts = scenario.groups[number].shifts
            if not shifts:
                self._comes(member.id, 0.0)
            for begins, ends in shifts:
                self._at(begins, partial(self._comes, member.id))
                self._at(ends, partial(self._goes, member.id))
        if scenario.horizon is not None:
            self._at(scenario.warmup * scenario.horizon, self.ledger.begin)
            self._at(scenario.horizon, self.ledger.close)
        for number, one in enumerate(scenario.classes):
            self._send(Stream(number, one, self._seed))

    def _send(self, stream: Stream) -> None:
        """Have the stream's next customer come."""
        customer = stream.next()
        horizon = self._scenario.horizon
        if customer is not None and (horizon is None or customer.at < horizon):
            self._at(customer.at, partial(self._arrives, customer, stream))

    def _at(self, at: float, act: Callable[[float], None]) -> None:
        self._acted += 1
        heapq.heappush(self._acts, (at, self._acted, act))

    # --- customers ---

    def _arrives(self, customer: Customer, stream: Stream, at: float) -> None:
        if self._total is not None and self._came >= self._total:
            return
        self._came += 1
        self._count(at, customer)
        self._send(stream)
        if self._told is not None and self._came % TELL_EVERY == 0:
            self._told(self._came)
        key = self._key()
        self._customer = customer
        self._decide(
            at,
            i.MessageReceived(
                key, moment(at), key, "simulated", "", i.Seen(key, "simulated"),
                facts=self._facts[customer.number], live=True,
            ),
        )  # fmt: skip
        if customer.agent:
            return
        thread = customer.thread
        if self._room is not None and thread in self._queued and len(self._queued) > self._room:
            self.ledger.blocked(customer)
            self._decide(at, i.CustomerLeft(self._key(), moment(at), thread))
        elif customer.patience is not None:
            self._at(at + customer.patience, partial(self._gives_up, customer))

    def _count(self, at: float, customer: Customer) -> None:
        """Begin to count after the warm-up; the last arrival ends it."""
        scenario = self._scenario
        if self._total is not None and scenario.horizon is None:
            if self._came - 1 == int(scenario.warmup * self._total):
                self.ledger.begin(at)
            if self._came == self._total:
                self.ledger.last(at)
        self.ledger.came(customer)

    def _gives_up(self, customer: Customer, at: float) -> None:
        if customer.thread in self._customers and not customer.agent:
            self.ledger.abandoned(at, customer)
            self._decide(at, i.CustomerLeft(self._key(), moment(at), customer.thread))

    def _is_done(self, customer: Customer, service: int, at: float) -> None:
        if customer.service != service or not customer.agent:
            return  # it was taken from them, and somebody else began anew
        self.ledger.worked(at, customer.group, -self._weights[customer.number])
        self._decide(at, i.ThreadResolved(self._key(), moment(at), customer.agent, customer.thread))

    # --- agents ---

    def _comes(self, agent: AgentId, at: float) -> None:
        self._declares(at, agent, Status.ONLINE)

    def _goes(self, agent: AgentId, at: float) -> None:
        """A shift ends: nothing new, and home when all is done."""
        self._declares(at, agent, Status.DRAINING)

    def _declares(self, at: float, agent: AgentId, status: Status) -> None:
        self._decide(at, i.StatusDeclared(self._key(), moment(at), agent, status))

    def _accepts_offer(self, made: e.OfferMade, at: float) -> None:
        offer, known = made.offer, self.state.threads.get(made.thread)
        if known is not None and offer in known.offers:
            self._decide(
                at, i.OfferAccepted(self._key(), moment(at), offer.agent, made.thread, offer.id)
            )

    # --- the core ---

    def _key(self) -> str:
        self._inputs += 1
        return str(self._inputs)

    def _decide(self, at: float, input: i.AnyInput) -> None:
        for event in decide(self.state, input).events:
            if (follow := _FOLLOWED.get(type(event))) is not None:
                follow(self, at, event)
        self.state.settle()

    def _opened(self, at: float, event: e.ThreadOpened) -> None:
        self._customer.thread = event.thread
        self._customers[event.thread] = self._customer

    def _waits(self, at: float, event: e.ThreadEvent) -> None:
        self._queued.add(event.thread)
        self.ledger.queued(at, len(self._queued))

    def _waits_no_more(self, at: float, event: e.ThreadEvent) -> None:
        self._queued.discard(event.thread)
        self.ledger.queued(at, len(self._queued))

    def _offered(self, at: float, event: e.OfferMade) -> None:
        self._waits_no_more(at, event)
        draw = self._accepts[self._groups[event.offer.agent]]
        delay = draw() if draw is not None else 0.0
        self._at(at + delay, partial(self._accepts_offer, event))

    def _offer_ended(self, at: float, event: e.OfferEnded) -> None:
        if event.how != "accepted" and not self.state.threads[event.thread].offers:
            self._waits(at, event)

    def _assigned(self, at: float, event: e.ThreadAssigned) -> None:
        self._waits_no_more(at, event)
        customer = self._customers[event.thread]
        if not customer.service:
            self.ledger.served(at, customer)
        customer.agent, customer.group = event.agent, self._groups[event.agent]
        customer.service += 1
        self.ledger.worked(at, customer.group, self._weights[customer.number])
        self._at(at + customer.handling, partial(self._is_done, customer, customer.service))

    def _released(self, at: float, event: e.ThreadReleased) -> None:
        customer = self._customers[event.thread]
        self.ledger.worked(at, customer.group, -self._weights[customer.number])
        customer.agent = ""
        self._waits(at, event)

    def _status(self, at: float, event: e.StatusChanged) -> None:
        is_here = event.status is not Status.OFFLINE
        if is_here is not (event.agent in self._here):
            self._here ^= {event.agent}
            self.ledger.present(at, self._groups[event.agent], 1 if is_here else -1)

    def _ended(self, at: float, event: e.ThreadEvent) -> None:
        self._waits_no_more(at, event)
        del self._customers[event.thread]


_FOLLOWED: dict[type[e.Event], Callable[[World, float, e.AnyEvent], None]] = {
    e.ThreadOpened: World._opened,  # type: ignore[dict-item]
    e.ThreadRouted: World._waits,  # type: ignore[dict-item]
    e.OfferMade: World._offered,  # type: ignore[dict-item]
    e.OfferEnded: World._offer_ended,  # type: ignore[dict-item]
    e.ThreadAssigned: World._assigned,  # type: ignore[dict-item]
    e.ThreadReleased: World._released,  # type: ignore[dict-item]
    e.StatusChanged: World._status,  # type: ignore[dict-item]
    e.ThreadAbandoned: World._ended,  # type: ignore[dict-item]
    e.ThreadClosed: World._ended,  # type: ignore[dict-item]
}
