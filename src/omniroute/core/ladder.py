"""From steps as rules write them to the whole requirement of each step.

A rule's stages say what changes: a level lowered, a skill dropped, another queue.  A thread
carries what holds: every `Step` of it is a whole requirement.  Stages that change nothing for this
thread (dropping German for somebody who writes English) lengthen the step before and say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from omniroute.core.conditions import Facts
from omniroute.core.model import AgentId, Ask, Needs, Step
from omniroute.core.requirements import both, filled_in, instead, skills_of, without
from omniroute.core.skills import Skills

_HOLE = re.compile(r"\{([^{}]*)\}")


class Stage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step as a rule states it; skills and agents may be templates such as ``lang.{fact}``."""

    need: Needs = {}
    drop: tuple[str, ...] = ()
    drop_all: bool = False
    queue: str = ""
    agents: tuple[str, ...] = ()
    regardless: bool = False  # the named agents are asked whatever their skills
    span: int | None = None
    skip_if: str = ""
    broadcast: bool = False
    tell: str = ""
    article: str = ""  # for the customer to read before anybody is asked
    lapse: tuple[str, ...] = ()  # skills of whom the rule itself asks nothing any more
    add: tuple[str, ...] = ()  # teams
    cost: float | None = None  # levels that may be lost where others stand in for a skill
    pace: int | None = None  # ms in which one level more may be lost, from none up to `cost`
    priority: int | None = None
    notify: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()  # who goes before all others; may be templates
    crowd: bool = False  # the named agents are asked though they are full
    implied: bool = False  # the rule says it without writing a step
    ask: Ask | None = None  # what is asked besides levels; skills in it may be templates
    drop_any: bool = False  # no longer asked to qualify in one of several ways
    drop_not: bool = False  # nothing bars any more


def holes(template: str) -> list[str]:
    """The facts that a template asks for."""
    return _HOLE.findall(template) if "{" in template else []


def fill(template: str, facts: Facts) -> str | None:
    """A template with its facts put in; None where one is absent or has several values."""
    if "{" not in template:
        return template
    values = {fact: facts.get(fact) for fact in holes(template)}
    if any(value is None or isinstance(value, tuple) for value in values.values()):
        return None
    return _HOLE.sub(lambda hole: str(values[hole[1]]), template)


def filled(need: Mapping[str, float], facts: Facts, known: frozenset[str]) -> Needs:
    """Needs with their templates filled.

    A template that ends in no known skill asks for nothing: a language nobody has foreseen must
    not leave a customer waiting for a skill that does not exist.
    """
    found: Needs = {}
    for template, level in need.items():
        skill = fill(template, facts)
        if skill is not None and (skill in known or skill == template):
            found[skill] = max(level, found.get(skill, 0.0))
    return found


def asked(ask: Ask | None, facts: Facts, known: frozenset[str]) -> Ask | None:
    """The rest of a requirement with its templates filled."""
    return filled_in(ask, lambda need: filled(need, facts, known)) if ask is not None else None


def joined(need: Needs, more: Mapping[str, float]) -> Needs:
    """Both requirements at once: of a skill that both ask for, the higher level."""
    return need | {skill: max(level, need.get(skill, 0.0)) for skill, level in more.items()}


def climb(
    ahead: Iterable[Stage],
    stages: Sequence[Stage],
    need: Needs,
    facts: Facts,
    known: frozenset[str],
    skills: Skills | None = None,
    ask: Ask | None = None,
) -> tuple[Step, ...]:
    """The steps of a thread.

    *ahead* are stages of rules that fell through and name somebody to ask first, or an article for
    the customer to read; *stages* are those of the rule that decided; *need* and *ask* are what
    enriching rules ask for; *skills* says at what costs something changes where a stage widens
    with time.  There is always a step for everybody in the end, whoever is asked first.
    """
    base = need
    if stages:
        need = joined(need, filled(stages[0].need, facts, known))
        ask = both(ask, asked(stages[0].ask, facts, known))
    ahead = list(ahead)
    first = [Step(span=s.span, article=s.article) for s in ahead if s.article]
    first += [_preferred(stage, agents, need, ask) for stage, agents in _named(ahead, facts)]
    followed = _followed(stages, base, need, ask, facts, known)
    widened = (one for step in followed for one in _widened(*step, skills))
    others = _merged(widened) or [Step(need=need, ask=ask)]
    return (*first, *others)


def _named(stages: Iterable[Stage], facts: Facts) -> Iterator[tuple[Stage, tuple[AgentId, ...]]]:
    for stage in stages:
        if agents := _agents(stage, facts):
            yield stage, agents


def _agents(stage: Stage, facts: Facts) -> tuple[AgentId, ...]:
    return _filled_names(stage.agents, facts)


def _filled_names(names: tuple[str, ...], facts: Facts) -> tuple[AgentId, ...]:
    return tuple(agent for name in names if (agent := fill(name, facts)))


def _preferred(stage: Stage, agents: tuple[AgentId, ...], need: Needs, ask: Ask | None) -> Step:
    return Step(
        need={} if stage.regardless else need,
        span=stage.span,
        agents=agents,
        skip_if=stage.skip_if,
        tell=stage.tell,
        crowd=stage.crowd,
        ask=None if stage.regardless else ask,
    )


def _followed(
    stages: Sequence[Stage],
    base: Needs,
    need: Needs,
    ask: Ask | None,
    facts: Facts,
    known: frozenset[str],
) -> Iterator[tuple[Step, int | None]]:
    """A step for each stage that is one for this thread, with the pace at which it widens."""
    broadcast, cost = False, None
    added: tuple[str, ...] = ()
    prefer: tuple[AgentId, ...] = ()
    for number, stage in enumerate(stages):
        if number:
            need = _relaxed(need, base, stage, facts, known)
            kept = None if stage.drop_all else without(ask, stage.drop_any, stage.drop_not)
            ask = instead(kept, asked(stage.ask, facts, known))
        broadcast = broadcast or stage.broadcast
        cost = None if stage.drop_all else cost if stage.cost is None else stage.cost
        added = tuple(dict.fromkeys((*added, *stage.add)))
        agents = _agents(stage, facts)
        if stage.agents and not agents:  # names somebody who is nobody here
            continue
        step = Step(
            need={} if agents and stage.regardless else need,
            span=stage.span,
            agents=agents,
            queue=stage.queue if number else "",  # the first is where it waits from the start
            skip_if=stage.skip_if,
            broadcast=broadcast,
            tell=stage.tell,
            add=added,
            cost=cost,
            priority=stage.priority,
            notify=stage.notify,
            prefer=(prefer := _filled_names(stage.prefer, facts) or prefer),
            crowd=bool(agents) and stage.crowd,
            ask=None if agents and stage.regardless else ask,
        )
        yield step, stage.pace


def _widened(step: Step, pace: int | None, skills: Skills | None) -> Iterator[Step]:
    """A step that widens with time, as steps: one for each cost at which somebody more qualifies.

    Between two such costs nothing can change, so these steps say exactly what a limit that rises
    all the while would.
    """
    if pace is None or skills is None:
        yield step
        return
    limits = [0.0]
    limits += [
        c for c in skills.losses(_named_in(step)) if c and (step.cost is None or c <= step.cost)
    ]
    begins = [round(limit * pace) for limit in limits]
    if step.span is not None:
        begins = [begin for begin in begins if begin < step.span]
    for number, (begin, limit) in enumerate(zip(begins, limits, strict=False)):
        last = number + 1 == len(begins)
        end = step.span if last else begins[number + 1]
        one = msgspec.structs.replace(step, cost=limit, span=None if end is None else end - begin)
        if number:
            one = msgspec.structs.replace(one, queue="", tell="", priority=None, notify=())
        yield one


def _named_in(step: Step) -> list[str]:
    return [*step.need, *(skill for skill, _ in skills_of(step.ask))]


def _relaxed(need: Needs, base: Needs, stage: Stage, facts: Facts, known: frozenset[str]) -> Needs:
    if stage.drop_all:
        need = {}
    dropped = {fill(template, facts) for template in (*stage.drop, *stage.lapse)}
    kept = {skill: level for skill, level in need.items() if skill not in dropped}
    lapsed = {skill for template in stage.lapse if (skill := fill(template, facts)) in base}
    kept |= {skill: base[skill] for skill in need if skill in lapsed}
    return kept | filled(stage.need, facts, known)


def _merged(steps: Iterable[Step]) -> list[Step]:
    merged: list[Step] = []
    queue = ""
    for step in steps:
        if merged and _same(merged[-1], step, queue):
            before = merged[-1]
            endless = before.span is None or step.span is None
            span = None if endless else (before.span or 0) + (step.span or 0)
            merged[-1] = msgspec.structs.replace(before, span=span)
        else:
            merged.append(step)
        queue = step.queue or queue
    return merged


def _same(before: Step, step: Step, queue: str) -> bool:
    return (
        before.need == step.need
        and before.ask == step.ask
        and before.agents == step.agents
        and step.queue in ("", queue)
        and before.broadcast == step.broadcast
        and before.skip_if == step.skip_if
        and before.add == step.add
        and before.cost == step.cost
        and before.prefer == step.prefer
        and before.crowd == step.crowd
        and step.priority is None
        and not step.notify
    )
