"""The rules and the team of a folder, with the arrivals of a file: a day as it would go.

All that the desk's own rules say holds here: promises, offers and their ends, relaxation, who is
asked first.  Chance is left only in what the file does not say, how long each takes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.conditions import PRIVATE
from omniroute.core.model import AgentId, Fact, Status
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigError
from omniroute.rules.load import load
from omniroute.rules.team import FILE, Known, load_team
from omniroute.rules.testing.cases import SHORT
from omniroute.simulate.arrivals import Customer
from omniroute.simulate.distributions import Distribution, sampler
from omniroute.simulate.scenario import DAY, CustomerClass, Group, Scenario
from omniroute.simulate.tables import Arrivals
from omniroute.simulate.what_if import WhatIf
from omniroute.simulate.world import Told, Watch, World

OWN = ("customer", "handling", "patience", "live", "class", "id")
"""Columns that say something of the customer and are no facts for the rules."""

MONDAY = datetime(2024, 1, 8, tzinfo=UTC)  # the day of arrivals that have only times
AFTER = 2 * DAY  # how long whoever still waits is waited for


class Desk(msgspec.Struct, frozen=True):
    """Rules and team as the core takes them."""

    rules: RuleSet
    members: tuple[i.Member, ...]

    @property
    def zone(self) -> tzinfo:
        """The zone of the first calendar, in which times of day are meant."""
        return next((calendar.tz for calendar in self.rules.calendars.values()), UTC)


def read_desk(folder: Path, agents: int | None = None) -> Desk:
    """A folder's rules and the first *agents* of its team, some twice where it has fewer.

    Raises `ConfigErrors` with every finding.
    """
    rules = load(folder)
    known = Known(rules.skills.known or None, set(rules.calendars), set(rules.queues))
    people = load_team(folder / FILE, rules.skills, known)
    if not people:
        raise ConfigError(FILE, "nobody is on the team")
    members = [
        i.Member(
            p.id,
            p.teams,
            p.skills,
            p.capacity,
            p.role,
            p.desks,
            shift=p.shift,
            reads=p.reads,
            caps=p.caps,
        )
        for p in people
    ]
    whole = len(members)
    for number in range(whole, agents or whole):
        like = members[number % whole]
        members.append(replace(like, id=f"{like.id}.{number // whole + 1}"))
    return Desk(_talking(rules), tuple(members[:agents]))


def _talking(rules: RuleSet) -> RuleSet:
    """The same rules, for customers who go on talking until all is done: none falls silent."""
    queues = {name: replace(q, dormant_after_ms=None) for name, q in rules.queues.items()}
    return dataclasses.replace(rules, queues=queues)


class Chance(msgspec.Struct, frozen=True):
    """What the file does not say: how long work takes, how long customers and offers wait."""

    handling: Distribution
    patience: Distribution | None = None
    accept: Distribution | None = None
    seed: int = 1


class Rehearsal(World):
    """One day, or several, of a desk."""

    def __init__(
        self,
        desk: Desk,
        arrivals: Arrivals,
        chance: Chance,
        *,
        what_ifs: Sequence[WhatIf] = (),
        within: tuple[tuple[str, float], ...] = (("20s", 20 / 60),),
        width: float = 0.0,
        told: Told | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.scenario = _scenario(desk, arrivals, chance, within)
        super().__init__(self.scenario, _epoch(desk, arrivals), width, told, watch)
        self.desk, self.what_ifs = desk, what_ifs
        self._queues = {name: number for number, name in enumerate(desk.rules.queues)}
        self._groups = {member.id: number for number, member in enumerate(desk.members)}
        self._shifts = {m.id: desk.rules.calendars.get(m.shift) for m in desk.members}
        self._last = arrivals.times[-1]
        self._begin(desk.rules, desk.members)
        if chance.accept is not None:
            draw = sampler(chance.accept, _random(chance, "accept"))
            self._accepts = dict.fromkeys(self._groups, draw)
        for member in desk.members:
            self._at(self._opens(member.id, 0.0), partial(self._comes, member.id))
        self._at(arrivals.times[0], self.ledger.begin)
        for number, customer in enumerate(_customers(arrivals, chance)):
            arrives = partial(self._arrives, customer, _message(desk.rules, arrivals, number))
            self._at(customer.at, arrives)
        for day in range(int(self._last // DAY) + 1):
            for change in what_ifs:
                self._change(change, day * DAY)

    def active(self, at: float) -> list[WhatIf]:
        """What is changed just now."""
        return [change for change in self.what_ifs if change.begins <= at % DAY < change.ends]

    def _goes_on(self, at: float) -> bool:
        """Shifts and promotions go on for ever; the run is over when the last customer is."""
        if at > self._last + AFTER:
            return False
        return self._came < self._scenario.total or self._open  # type: ignore[operator]

    @property
    def _open(self) -> bool:
        return bool(self.queued) or any(self.state.agents[name].load for name in self._groups)

    # --- agents ---

    def _opens(self, agent: AgentId, at: float) -> float:
        calendar = self._shifts[agent]
        return at if calendar is None else self.minutes(calendar.next_open(self.moment(at)))

    def _comes(self, agent: AgentId, at: float) -> None:
        if not any(change.agent == agent for change in self.active(at)):
            self._declares(Status.ONLINE, agent, at)

    def _change(self, change: WhatIf, midnight: float) -> None:
        self._at(midnight + change.begins, partial(self._declares, change.status, change.agent))
        self._at(midnight + change.ends, partial(self._returns, change.agent))

    def _returns(self, agent: AgentId, at: float) -> None:
        calendar = self._shifts[agent]
        if calendar is None or calendar.is_open(self.moment(at)):
            self._declares(Status.ONLINE, agent, at)

    def _status(self, at: float, event: e.StatusChanged) -> None:
        super()._status(at, event)
        if event.status is Status.OFFLINE and self._shifts[event.agent] is not None:
            self._at(self._opens(event.agent, at + 1), partial(self._comes, event.agent))

    # --- customers ---

    def _arrives(
        self, customer: Customer, message: Callable[[str, int], i.MessageReceived], at: float
    ) -> None:
        if self._came + 1 == self._scenario.total:
            self.ledger.last(at)
        self._comes_in(customer, message(self._key(), self.moment(at)), at)

    def _routed(self, at: float, event: e.ThreadRouted) -> None:
        """Whoever is routed the first time, or again after all was done, is a new customer."""
        customer = self._customer
        if customer is not None and not customer.counted and customer.thread in (0, event.thread):
            customer.thread = event.thread
            customer.number = self._queues[event.queue]
            self._customers[event.thread] = customer
            self.ledger.came(customer)
        self._waits(at, event)


def _scenario(
    desk: Desk, arrivals: Arrivals, chance: Chance, within: tuple[tuple[str, float], ...]
) -> Scenario:
    """What is counted: a class for each queue, a group for each agent."""
    return Scenario(
        classes=tuple(CustomerClass(name, chance.handling) for name in desk.rules.queues),
        groups=tuple(
            Group(member.id, 1, member.skills, member.capacity) for member in desk.members
        ),
        total=len(arrivals.times),
        within=within,
    )


def _epoch(desk: Desk, arrivals: Arrivals) -> int:
    midnight = arrivals.midnight or MONDAY.replace(tzinfo=None)
    if midnight.tzinfo is None:
        midnight = midnight.replace(tzinfo=desk.zone)
    return int(midnight.timestamp() * 1000)


def _random(chance: Chance, what: str) -> Random:
    return Random(f"{chance.seed}/{what}")  # noqa: S311 - guards nothing


def _customers(arrivals: Arrivals, chance: Chance) -> list[Customer]:
    work = sampler(chance.handling, _random(chance, "handling"))
    wait = chance.patience and sampler(chance.patience, _random(chance, "patience"))
    handlings, patiences = arrivals.numbers("handling"), arrivals.numbers("patience")
    found = []
    for at, handling, patience in zip(arrivals.times, handlings, patiences, strict=True):
        drawn, drawn_patience = work(), wait() if wait else None
        customer = Customer(0, at, handling or drawn, patience or drawn_patience)
        customer.promised = True
        found.append(customer)
    return found


def _message(
    rules: RuleSet, arrivals: Arrivals, row: int
) -> Callable[[str, int], i.MessageReceived]:
    """The message of a row, once it is known when it is taken up."""
    cells = {name: cells[row] for name, cells in arrivals.columns.items() if cells[row]}
    who = cells.get("customer", f"row {row}")
    channel = cells.get("channel", "webchat")
    said = {SHORT.get(name, name): cell for name, cell in cells.items() if name not in OWN}
    email = said.get("customer.email")
    texts = Texts(
        text=said.get("message.text", ""),
        subject=said.get("message.subject", ""),
        emails=(email,) if email else (),
        name=said.get("customer.name", ""),
        language=said.get("message.language", ""),
    )
    facts: dict[str, Fact] = {
        name: _typed(cell)
        for name, cell in said.items()
        if name not in PRIVATE and name not in ("channel", "tags")
    }
    live = cells.get("live", "no" if channel == "email" else "yes") in ("yes", "true", "1")

    def message(key: str, at: int) -> i.MessageReceived:
        sender = i.Seen(who, "simulated")
        observed = rules.observer.observe(texts)
        return i.MessageReceived(
            key, at, key, channel, "", sender,
            facts=facts, observed=observed, rules=rules.version, live=live, sent_at=at,
        )  # fmt: skip

    return message


def _typed(cell: str) -> Fact:
    if cell in ("true", "false"):
        return cell == "true"
    try:
        return int(cell)
    except ValueError:
        return cell
