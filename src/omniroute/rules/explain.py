"""Why a message goes where it goes: every rule, every condition, every agent, and what is next.

The answers are the engine's own: the same `route`, the same walk over the rules, the same index
that matches threads and agents.  Here they are only put into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from omniroute.core.conditions import PRIVATE, Facts
from omniroute.core.lasting import ANSWERED
from omniroute.core.matching import Found, Index, present
from omniroute.core.model import Agent, AgentId, Caps, Fact, Phase, Status, Step, Thread
from omniroute.core.observations import Texts
from omniroute.core.ranking import reachable
from omniroute.core.requirements import Person, fit_told, told
from omniroute.core.rules import LeafSeen, Queue, Routing, RuleSeen, RuleSet, route, trail
from omniroute.rules.team import Member


class Verdict(msgspec.Struct, frozen=True):
    """Whether an agent could have the thread now, and why (not); one of them is asked first."""

    agent: AgentId
    able: bool
    reasons: tuple[str, ...]
    chosen: bool = False


class Later(msgspec.Struct, frozen=True):
    """A step that begins after a span of the step clock, and whom it brings in."""

    after: int
    changes: tuple[str, ...]
    brings: tuple[AgentId, ...]


class Explanation(msgspec.Struct, frozen=True):
    """All of it, as values; `omniroute.rules.tell` makes it text."""

    at: int
    facts: Mapping[str, object]
    emails: tuple[str, ...]
    rules: tuple[RuleSeen, ...]
    routing: Routing
    step: int  # the step that would be in force at once, after those that are skipped
    team: tuple[Verdict, ...]
    later: tuple[Later, ...]
    survey: str = ""  # which asks how it was, once it is solved


def explain(
    rules: RuleSet,
    facts: Facts,
    *,
    at: int,
    team: Sequence[Agent] = (),
    texts: Texts | None = None,
    observed: Iterable[int] | None = None,
    live: bool = False,
    thread: Thread | None = None,
    now: int | None = None,
) -> Explanation:
    """Explain a routing at the time *at* with the team as it stands.

    With *texts* the private conditions are asked anew and shown; from a journal they are not
    there, and *observed* says which held.  With *thread* the team is seen as of where that waits
    *now*: its step, and who has passed or missed it.
    """
    if observed is None:
        observed = rules.observer.observe(texts or Texts())
    held = tuple(observed)
    routing = route(rules, facts, held, at)
    desk = _Desk(rules, team, routing, facts, at, live, thread, at if now is None else now)
    step, found = desk.begin()
    return Explanation(
        at=at,
        facts={fact: value for fact, value in facts.items() if value not in (None, ())},
        emails=() if texts is None else texts.emails,
        rules=tuple(_with_texts(rules, seen, texts) for seen in trail(rules, facts, held, at)),
        routing=routing,
        step=step,
        team=desk.verdicts(step, found),
        later=desk.later(step),
        survey=_survey(rules, routing, facts, held, at),
    )


def _survey(
    rules: RuleSet, routing: Routing, facts: Facts, observed: Iterable[int], at: int
) -> str:
    """The first survey that fits the thread as it is routed."""
    answered = rules.lasting.answers(facts, observed, at) or ()
    kept: Facts = {"channel": facts.get("channel"), "tags": routing.tags, ANSWERED: answered}
    for rule in rules.surveys:
        fits = not rule.queues or routing.queue in rule.queues
        if fits and rules.holds(rule, kept, at):
            return rule.id
    return ""


def standing(members: Iterable[Member]) -> tuple[Agent, ...]:
    """The team of a file as agents who are all online and free."""
    return tuple(
        Agent(
            id=member.id,
            teams=member.teams,
            skills=member.skills,
            capacity=member.capacity,
            role=member.role,
            desks=member.desks,
            shift=member.shift,
            reads=member.reads,
            kind=member.kind,
            caps=member.caps,
            status=Status.ONLINE,
        )
        for member in members
    )


def _with_texts(rules: RuleSet, seen: RuleSeen, texts: Texts | None) -> RuleSeen:
    """Private conditions with what they met, where that is at hand."""
    if texts is None:
        return seen
    return msgspec.structs.replace(
        seen,
        leaves=tuple(
            msgspec.structs.replace(leaf, shown=_met(rules, leaf, texts))
            if leaf.fact in PRIVATE
            else leaf
            for leaf in seen.leaves
        ),
    )


def _met(rules: RuleSet, leaf: LeafSeen, texts: Texts) -> str:
    found = rules.observer.shown(leaf.number, texts)
    if found is None and leaf.fact == "customer.email" and texts.emails:
        return texts.emails[0]  # short enough to be shown whole
    return "none" if found is None else found


class _Desk:
    """The team as the engine's index has it, with this one thread waiting."""

    def __init__(
        self,
        rules: RuleSet,
        team: Sequence[Agent],
        routing: Routing,
        facts: Mapping[str, Fact | tuple[str, ...]],
        at: int,
        live: bool,
        thread: Thread | None,
        now: int,
    ) -> None:
        self._rules, self._routing, self._live, self._at = rules, routing, live, now
        self._agents = {agent.id: agent for agent in team if agent.employed}
        if thread is not None and thread.steps != routing.steps:
            thread = None  # somebody has put it elsewhere since
        self._now = thread
        self._thread = Thread(
            id=1,
            customer="",
            since=at,
            phase=Phase.QUEUED,
            queue=routing.queue,
            steps=routing.steps,
            priority=routing.priority,
            deadline=routing.deadline,
            routing_since=at,
            weight=routing.weight,
            live=live,
            last_agent=str(facts.get("thread.last_agent") or ""),
            excluded=thread.excluded if thread else (),
            offers=thread.offers if thread else (),
        )

    def begin(self) -> tuple[int, Found]:
        """The first step that is not skipped at once, and whom it finds."""
        if self._now is not None:
            return self._now.step, self._find(self._now.step)
        steps, number = self._routing.steps, 0
        found = self._find(number)
        while number + 1 < len(steps) and not found.candidates and _skipped(steps[number], found):
            number += 1
            found = self._find(number)
        return number, found

    def _find(self, number: int) -> Found:
        """Everybody whom the engine could ask in a step, best first."""
        thread = msgspec.structs.replace(self._thread, step=number, queue=self._queue(number).name)
        index = Index(self._agents, {thread.id: thread})
        index.adopt(self._rules.skills, self._rules.queues, self._rules.defaults.priority)
        return index.find(thread, limit=len(self._agents) + 1)

    def _queue(self, number: int) -> Queue:
        name = self._routing.queue
        for step in self._routing.steps[: number + 1]:
            name = step.queue or name
        return self._rules.queues.get(name) or Queue(name)

    def verdicts(self, number: int, found: Found) -> tuple[Verdict, ...]:
        """Everybody, whoever is asked first in front."""
        step, queue = self._routing.steps[number], self._queue(number)
        able = [candidate.agent for candidate in found.candidates]
        others = sorted(self._agents.keys() - set(able))
        return (
            *(self._able(self._agents[id], step, chosen=id == able[0]) for id in able),
            *(Verdict(id, False, self._missing(self._agents[id], step, queue)) for id in others),
        )

    def _able(self, agent: Agent, step: Step, chosen: bool) -> Verdict:
        said = [
            *self._levels(agent, step),
            *self._besides(agent, step),
            f"load {agent.load}/{agent.capacity}",
        ]
        return Verdict(agent.id, True, tuple(said), chosen)

    def _missing(self, agent: Agent, step: Step, queue: Queue) -> tuple[str, ...]:
        """The first test that fails: asked already, team, exclusion, presence, need, room."""
        if agent.id in {offer.agent for offer in self._thread.offers}:
            return (*self._levels(agent, step), "is asked now")
        if step.article:
            return ("the customer reads first",)
        if step.agents and agent.id not in step.agents:
            return (f"only {', '.join(step.agents)} for now",)
        teams = queue.teams and (*queue.teams, *step.add)
        if not step.agents and teams and not set(teams) & set(agent.teams):
            return (f"not in {' or '.join(teams)}",)
        if queue.name in agent.reads:
            return ("no permission: reply",)
        barred = next((x.reason for x in self._thread.excluded if x.agent == agent.id), "")
        if barred:
            return (BARRED.get(barred, barred),)
        if not present(agent, self._live):
            return (_absent(agent, self._live),)
        lacking = [said for said in self._levels(agent, step) if "<" in said]
        if not lacking and step.ask is not None:
            ok, besides = fit_told(self._person(agent), step.ask, step.cost)
            lacking = [] if ok else besides
        if lacking:
            return tuple(lacking)
        return (self._full(agent, queue.name),)

    def _full(self, agent: Agent, queue: str) -> str:
        """What there is no room in: all they hold, what they hold of its kind, of its queue."""
        weight, live, caps = self._thread.weight, self._live, agent.caps or Caps()
        most, used = (caps.chat, agent.live_load) if live else (caps.later, agent.mail_load)
        if most is not None and used + weight > most:
            return f"{'chats' if live else 'async'} {used}/{most}"
        used = agent.queue_loads.get(queue, 0)
        if queue in caps.queues and used + weight > caps.queues[queue]:
            return f"{queue} {used}/{caps.queues[queue]}"
        return f"load {agent.load}/{agent.capacity}"

    def _levels(self, agent: Agent, step: Step) -> list[str]:
        said: list[str] = []
        for skill, least in sorted(step.need.items()):
            level, via, lost = self._rules.skills.level(agent.skills, skill, step.cost)
            way = f" via {via} - {lost:g}" if lost else ""
            said.append(f"{skill} {level:g}{'≥' if level >= least else '<'}{least:g}{way}")
        return said

    def _besides(self, agent: Agent, step: Step) -> list[str]:
        """How somebody who fits does, beyond the levels that all must have."""
        return fit_told(self._person(agent), step.ask, step.cost)[1] if step.ask else []

    def _person(self, agent: Agent) -> Person:
        return Person(agent.id, agent.skills, self._rules.skills)

    def later(self, first: int) -> tuple[Later, ...]:
        """The steps to come, each with its beginning on the step clock."""
        steps, after = self._routing.steps, -self._used()
        known = self._askable(first)
        found: list[Later] = []
        for number in range(first + 1, len(steps)):
            after += steps[number - 1].span or 0
            able = self._askable(number)
            changes = tuple(_changes(steps[number - 1], steps[number]))
            found.append(Later(after, changes, tuple(sorted(able - known))))
            known |= able
        return tuple(found)

    def _used(self) -> int:
        """What has run of the present step."""
        thread = self._now
        if thread is None:
            return 0
        running = self._at - thread.clock_since if thread.clock_since is not None else 0
        return thread.step_used + running

    def _askable(self, number: int) -> frozenset[AgentId]:
        return frozenset(candidate.agent for candidate in self._find(number).candidates)


BARRED: Final = {"declined": "has passed", "missed": "missed the offer", "gave": "handed it over"}
"""Why somebody is not asked again."""


def _absent(agent: Agent, live: bool) -> str:
    """Why somebody cannot be asked."""
    if agent.unresponsive:
        return "unresponsive"
    if not reachable(agent, False):
        return f"unreachable on {', '.join(agent.desks) or 'any desk'}"
    if not reachable(agent, live):
        return "desk cannot chat"
    return f"status {agent.status}"


def _skipped(step: Step, found: Found) -> bool:
    return step.skip_if == "nobody_free" or (bool(step.skip_if) and not found.hopeful)


def _changes(before: Step, step: Step) -> Iterable[str]:
    if (before.agents or before.article) and not step.agents:
        yield "anybody"
    elif step.agents:
        yield f"only {', '.join(step.agents)}"
    for skill, level in sorted(step.need.items()):
        if before.need.get(skill) != level:
            yield f"{skill} ≥ {level:g}"
    dropped = [skill for skill in sorted(before.need) if skill not in step.need]
    if dropped:
        yield f"drop {', '.join(dropped)}"
    if step.ask != before.ask:
        yield ", ".join(told({}, step.ask)) or "nothing besides"
    if step.cost is not None and step.need and step.cost != before.cost:
        yield f"others stand in at {step.cost:g} less"
    if added := [team for team in step.add if team not in before.add]:
        yield f"add {', '.join(added)}"
    if step.priority is not None:
        yield f"priority {step.priority}"
    if step.notify:
        yield f"notify {', '.join(step.notify)}"
    if step.queue:
        yield f"queue {step.queue}"
    if step.broadcast and not before.broadcast:
        yield "offer to everybody"
    if step.tell:
        yield f"tell “{step.tell}”"
