"""What a scenario says, as the core takes it: a rule set and a team.

A scenario switches off what it does not name.  No promise makes one thread more urgent than
another, nobody is promoted, offers do not run out, what is resolved is history at once, and no
customer comes twice, so nobody sticks to an agent.
"""

from __future__ import annotations

import sys
from typing import Final

from omniroute.core.conditions import Is, Leaf
from omniroute.core.inputs import Member
from omniroute.core.ladder import Stage
from omniroute.core.rules import (
    Defaults,
    EnrichRule,
    Presence,
    Queue,
    RouteRule,
    RuleSet,
    Sla,
    SlaChange,
)
from omniroute.core.skills import Skills, SkillsError, compile_skills
from omniroute.core.spans import LONGEST
from omniroute.errors import ConfigError
from omniroute.simulate.scenario import CustomerClass, Group, Line, Relaxed, Scenario

QUEUE: Final = "line"
FACT: Final = "class"
EPOCH: Final = 1_704_067_200_000  # a Monday, midnight UTC: minute 0 of every run
_MINUTE: Final = 60_000


def ms(minutes: float) -> int:
    """A span in the core's unit."""
    return round(minutes * _MINUTE)


def rule_set(scenario: Scenario) -> RuleSet:
    """The rules: one queue, and for each class what it asks for."""
    line = scenario.line
    queue = Queue(
        QUEUE,
        pick=line.pick,
        order=line.order,
        offer_timeout_ms=LONGEST if line.offer_timeout is None else ms(line.offer_timeout),
        auto_assign=all(group.accept is None for group in scenario.groups),
        promote_after_ms=None if line.promote_after is None else ms(line.promote_after),
        reopen_window_ms=0,
        dormant_after_ms=None,
        wrap_up_ms=ms(line.wrap_up),
    )
    return RuleSet(
        "scenario",
        Defaults(QUEUE, sla=Sla(first_reply=LONGEST), presence=_presence(line)),
        enrich=tuple(_enriched(number, one) for number, one in enumerate(scenario.classes)),
        route=tuple(_routed(number, one) for number, one in enumerate(scenario.classes)),
        queues={QUEUE: queue},
        skills=_skills(scenario),
    )


def _presence(line: Line) -> Presence:
    """Nobody counts as gone for what they miss, unless the scenario says after how many offers."""
    return Presence(misses=line.misses or sys.maxsize, requeue="never")


def team(group: Group) -> tuple[Member, ...]:
    """The agents of a group."""
    return tuple(
        Member(f"{group.name}-{number + 1}", skills=group.skills, capacity=group.capacity)
        for number in range(group.agents)
    )


def _enriched(number: int, one: CustomerClass) -> EnrichRule:
    promise = None if one.deadline is None else ms(one.deadline)
    return EnrichRule(
        f"{one.name}.urgency",
        _of(number, one),
        priority=one.priority,
        sla=SlaChange(first_reply=promise),
        weight=one.weight,
    )


def _routed(number: int, one: CustomerClass) -> RouteRule:
    stages = tuple(_stage(step) for step in one.steps)
    return RouteRule(one.name, _of(number, one), queue=QUEUE, stages=stages)


def _stage(step: Relaxed) -> Stage:
    span = None if step.span is None else ms(step.span)
    return Stage(need=step.require, drop_all=True, span=span)


def _of(number: int, one: CustomerClass) -> Leaf:
    return Leaf(number, FACT, Is((one.name,)))


def _skills(scenario: Scenario) -> Skills:
    names = {skill for group in scenario.groups for skill in group.skills}
    names |= {skill for one in scenario.classes for step in one.steps for skill in step.require}
    edges = {name: dict(scenario.skills.get(name, {})) for name in names | set(scenario.skills)}
    try:
        return compile_skills(edges)
    except SkillsError as error:
        raise ConfigError("skills", str(error)) from None
