"""The core and what happens around it, on a virtual clock.

Whatever happens is an input to `decide`, in the order of time: a customer writes, gives up or is
done; an agent comes, accepts or goes; a timer of the core is due.  What the core answers with
events sets the next things going.  Who comes and who is there is said by those who build on this:
`omniroute.simulate.invented` and `omniroute.simulate.rehearsal`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.engine import decide
from omniroute.core.model import AgentId, Status, ThreadId
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.simulate.arrivals import Customer
from omniroute.simulate.distributions import Sampler
from omniroute.simulate.ledger import Ledger
from omniroute.simulate.scenario import Scenario
from omniroute.simulate.tally import Tally

Act: TypeAlias = tuple[float, int, Callable[[float], None]]  # when, its number, what
Told: TypeAlias = Callable[[int], None]
Watch: TypeAlias = Callable[[float], None]

TELL_EVERY = 256  # arrivals
ROUND = 32  # inputs between two commits, as a busy server has them


class World:
    """A desk, its customers and the time.

    *epoch* is minute 0 as the core knows it; *told* hears how many have come, *watch* each moment
    before anything happens in it.
    """

    def __init__(
        self,
        scenario: Scenario,
        epoch: int,
        width: float = 0.0,
        told: Told | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._scenario, self._told, self._watch = scenario, told, watch
        self._epoch = epoch
        self.state = State()
        self.ledger = Ledger(scenario, width)
        self.tally: Tally = self.ledger.tally
        self.queued: set[ThreadId] = set()  # waiting, and not offered to anybody
        self._acts: list[Act] = []
        self._acted = self._inputs = self._came = 0
        self._customers: dict[ThreadId, Customer] = {}
        self._here: set[AgentId] = set()
        self._groups: dict[AgentId, int] = {}
        self._accepts: Mapping[AgentId, Sampler] = {}
        self._customer: Customer | None = None  # who is coming just now
        self._followed: dict[type[e.Event], Callable[[float, Any], None]] = {
            e.ThreadOpened: self._opened,
            e.ThreadRouted: self._routed,
            e.OfferMade: self._offered,
            e.OfferEnded: self._offer_ended,
            e.ThreadAssigned: self._assigned,
            e.ThreadReleased: self._released,
            e.StatusChanged: self._status,
            e.ThreadAbandoned: self._abandoned,
            e.WrapUpEnded: self._wrapped_up,
            e.ThreadClosed: self._closed,
        }

    def run(self) -> Tally:
        """Until nothing is left to happen."""
        acts, state, watch = self._acts, self.state, self._watch
        while True:
            due = state.due()
            is_act = bool(acts) and (due is None or self.moment(acts[0][0]) < due[0])
            if not is_act and due is None:
                break
            at = acts[0][0] if due is None or is_act else self.minutes(due[0])
            if not self._goes_on(at):
                break
            if watch is not None:
                watch(at)
            if is_act:
                heapq.heappop(acts)[2](at)
            elif due is not None:
                self._inputs += 1
                self._decide(at, i.due_now(due[0], *due))
        self.state.settle()
        self.ledger.end()
        self.tally.decisions, self.tally.arrivals = self._inputs, self._came
        if self._told is not None:
            self._told(self._came)
        return self.tally

    def moment(self, minutes: float) -> int:
        """A time of the run in the core's unit."""
        return self._epoch + int(minutes * 60_000)

    def minutes(self, at: int) -> float:
        """A moment of the core in minutes of the run."""
        return (at - self._epoch) / 60_000

    def _goes_on(self, at: float) -> bool:
        """Whether what would happen next, at this time, is still part of the run."""
        return True

    def _begin(self, rules: RuleSet, members: Iterable[i.Member]) -> None:
        """Rules and team are loaded; nobody is there yet."""
        self.state.adopt(rules)
        self._decide(0.0, i.RulesLoaded(self._key(), self.moment(0), rules.version))
        self._decide(0.0, i.TeamLoaded(self._key(), self.moment(0), tuple(members)))

    def _at(self, at: float, act: Callable[[float], None]) -> None:
        self._acted += 1
        heapq.heappush(self._acts, (at, self._acted, act))

    # --- customers ---

    def _comes_in(self, customer: Customer, message: i.MessageReceived, at: float) -> None:
        """A customer writes."""
        self._came += 1
        if self._told is not None and self._came % TELL_EVERY == 0:
            self._told(self._came)
        self._customer = customer
        self._decide(at, message)
        self._customer = None
        if customer.patience is not None and customer.thread and not customer.agent:
            self._at(at + customer.patience, partial(self._gives_up, customer))

    def _gives_up(self, customer: Customer, at: float) -> None:
        if self._customers.get(customer.thread) is customer and not customer.agent:
            self.ledger.abandoned(at, customer)
            self._leaves(customer, at)

    def _leaves(self, customer: Customer, at: float) -> None:
        self._decide(at, i.CustomerLeft(self._key(), self.moment(at), customer.thread))

    def _is_done(self, customer: Customer, service: int, at: float) -> None:
        if customer.service != service or not customer.agent:
            return  # it was taken from them, and somebody else began anew
        agent, thread = customer.agent, customer.thread
        self._decide(at, i.ThreadResolved(self._key(), self.moment(at), agent, thread))
        known = self.state.threads.get(thread)
        if known is None or not known.wrap_until:
            self.ledger.worked(at, customer.group, -customer.weight)

    def _wrapped_up(self, at: float, event: e.WrapUpEnded) -> None:
        customer = self._customers[event.thread]
        self.ledger.worked(at, customer.group, -customer.weight)

    def _answers(self, customer: Customer, service: int, at: float) -> None:
        """Whoever takes a thread answers at once: what a promise waits for."""
        if customer.service == service and customer.agent:
            key, thread = self._key(), self.state.threads[customer.thread]
            moment = self.moment(at)
            self._decide(
                at, i.ReplyWritten(key, moment, customer.agent, thread.id, key, thread.turns)
            )

    # --- agents ---

    def _declares(self, status: Status, agent: AgentId, at: float) -> None:
        self._decide(at, i.StatusDeclared(self._key(), self.moment(at), agent, status))

    def _accepts_offer(self, made: e.OfferMade, at: float) -> None:
        """Accept, late or not: whoever missed too many is back with any act of theirs."""
        offer, known = made.offer, self.state.threads.get(made.thread)
        pending = known is not None and offer in known.offers
        if pending or self.state.agents[offer.agent].unresponsive:
            accepted = i.OfferAccepted(
                self._key(), self.moment(at), offer.agent, made.thread, offer.id
            )
            self._decide(at, accepted)

    # --- the core ---

    def _key(self) -> str:
        self._inputs += 1
        return str(self._inputs)

    def _decide(self, at: float, input: i.AnyInput) -> None:
        followed = self._followed
        for event in decide(self.state, input, events_only=True).events:
            if (follow := followed.get(type(event))) is not None:
                follow(at, event)
        if self._inputs % ROUND == 0:
            self.state.settle()

    def _opened(self, at: float, event: e.ThreadOpened) -> None:
        assert self._customer is not None, "only who writes opens a thread"
        self._customer.thread = event.thread
        self._customers[event.thread] = self._customer

    def _routed(self, at: float, event: e.ThreadRouted) -> None:
        self._waits(at, event)

    def _waits(self, at: float, event: e.ThreadEvent) -> None:
        self.queued.add(event.thread)
        self.ledger.queued(at, len(self.queued))

    def _waits_no_more(self, at: float, event: e.ThreadEvent) -> None:
        self.queued.discard(event.thread)
        self.ledger.queued(at, len(self.queued))

    def _offered(self, at: float, event: e.OfferMade) -> None:
        self._waits_no_more(at, event)
        draw = self._accepts.get(event.offer.agent)
        self._at(at + (draw() if draw else 0.0), partial(self._accepts_offer, event))

    def _offer_ended(self, at: float, event: e.OfferEnded) -> None:
        if event.how != "accepted" and not self.state.threads[event.thread].offers:
            self._waits(at, event)

    def _assigned(self, at: float, event: e.ThreadAssigned) -> None:
        self._waits_no_more(at, event)
        customer = self._customers[event.thread]
        if not customer.service:
            self.ledger.served(at, customer)
        customer.agent, customer.group = event.agent, self._groups[event.agent]
        customer.weight = self.state.threads[event.thread].weight
        customer.service += 1
        self.ledger.worked(at, customer.group, customer.weight)
        if customer.promised:
            self._at(at, partial(self._answers, customer, customer.service))
        self._at(at + customer.handling, partial(self._is_done, customer, customer.service))

    def _released(self, at: float, event: e.ThreadReleased) -> None:
        customer = self._customers[event.thread]
        self.ledger.worked(at, customer.group, -customer.weight)
        customer.agent = ""
        self._waits(at, event)

    def _status(self, at: float, event: e.StatusChanged) -> None:
        is_here = event.status is not Status.OFFLINE
        if is_here is not (event.agent in self._here):
            self._here ^= {event.agent}
            self.ledger.present(at, self._groups[event.agent], 1 if is_here else -1)

    def _abandoned(self, at: float, event: e.ThreadAbandoned) -> None:
        self._waits_no_more(at, event)
        del self._customers[event.thread]

    def _closed(self, at: float, event: e.ThreadClosed) -> None:
        del self._customers[event.thread]
