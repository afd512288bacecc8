"""One run of a scenario: customers as chance sends them, agents as their shifts say."""

from __future__ import annotations

from functools import partial
from random import Random

from omniroute.core import inputs as i
from omniroute.core.model import Fact, Status
from omniroute.simulate.arrivals import Customer, Stream
from omniroute.simulate.desk import EPOCH, FACT, rule_set, team
from omniroute.simulate.distributions import sampler
from omniroute.simulate.scenario import Group, Scenario
from omniroute.simulate.world import Told, World


class Invented(World):
    """The scenario's *run*-th replication."""

    def __init__(
        self, scenario: Scenario, run: int = 0, width: float = 0.0, told: Told | None = None
    ) -> None:
        super().__init__(scenario, EPOCH, width, told)
        self._seed = f"{scenario.seed}/{run}"
        self._facts: list[dict[str, Fact]] = [{FACT: one.name} for one in scenario.classes]
        self._room = scenario.line.room
        self._total = scenario.total
        if scenario.total is None and scenario.horizon is None:
            self._total = scenario.expected[0]
        teams = [team(group) for group in scenario.groups]
        self._begin(rule_set(scenario), [member for members in teams for member in members])
        for number, (group, members) in enumerate(zip(scenario.groups, teams, strict=True)):
            self._man(number, group, members)
        if scenario.horizon is not None:
            self._at(scenario.warmup * scenario.horizon, self.ledger.begin)
            self._at(scenario.horizon, self.ledger.close)
        for number, one in enumerate(scenario.classes):
            self._send(Stream(number, one, self._seed))

    def _man(self, number: int, group: Group, members: tuple[i.Member, ...]) -> None:
        """Have a group's agents there when their shifts say so."""
        if group.accept is not None:
            chance = Random(f"{self._seed}/{group.name}/accept")  # noqa: S311 - guards nothing
            draw = sampler(group.accept, chance)
            self._accepts = {**self._accepts, **dict.fromkeys((m.id for m in members), draw)}
        for member in members:
            self._groups[member.id] = number
            if not group.shifts:
                self._declares(Status.ONLINE, member.id, 0.0)
            for begins, ends in group.shifts:
                self._at(begins, partial(self._declares, Status.ONLINE, member.id))
                self._at(ends, partial(self._declares, Status.DRAINING, member.id))

    def _send(self, stream: Stream) -> None:
        """Have the stream's next customer come."""
        customer = stream.next()
        horizon = self._scenario.horizon
        if customer is not None and (horizon is None or customer.at < horizon):
            self._at(customer.at, partial(self._arrives, customer, stream))

    def _arrives(self, customer: Customer, stream: Stream, at: float) -> None:
        if self._total is not None and self._came >= self._total:
            return
        self._count(at)
        self.ledger.came(customer)
        self._send(stream)
        key = self._key()
        sender, facts = i.Seen(key, "simulated"), self._facts[customer.number]
        message = i.MessageReceived(
            key, self.moment(at), key, "simulated", "", sender, facts=facts, live=True
        )
        self._comes_in(customer, message, at)
        if self._room is not None and len(self.queued) > self._room:
            self._turn_away(customer, at)

    def _turn_away(self, customer: Customer, at: float) -> None:
        """Whoever finds no place to wait is gone at once, and nobody has noticed."""
        if customer.thread in self.queued:
            self.ledger.blocked(customer)
            self._leaves(customer, at)

    def _count(self, at: float) -> None:
        """Begin to count after the warm-up; the last arrival ends it."""
        scenario = self._scenario
        if self._total is not None and scenario.horizon is None:
            if self._came == int(scenario.warmup * self._total):
                self.ledger.begin(at)
            if self._came + 1 == self._total:
                self.ledger.last(at)
