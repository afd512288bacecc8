"""Who in the team can meet what the rules ask for, step by step.

Enriching rules add needs to those of the route rule, so every route rule is looked at alone and
with each enriching rule that asks for skills: not with every combination, which nobody would read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from omniroute.core.conditions import All, Condition, Is, Leaf, leaves
from omniroute.core.ladder import Stage, asked, climb, fill, filled, holes
from omniroute.core.model import Ask, Needs, Step
from omniroute.core.requirements import every_skill, qualifies, told
from omniroute.core.rules import EnrichRule, RouteRule, RuleSet
from omniroute.rules.team import Member

_SHOWN = 3  # of the requirements of one rule that nobody meets


class Variant(msgspec.Struct, frozen=True):
    """Facts that an enriching rule matches, and the needs that it then adds."""

    facts: Mapping[str, str]
    need: Needs
    ask: Ask | None = None


def spoken_languages(rules: RuleSet) -> frozenset[str]:
    """The languages that conditions ask for."""
    every: list[EnrichRule | RouteRule] = [*rules.enrich, *rules.route]
    return frozenset(
        str(value)
        for rule in every
        for leaf, negated in leaves(rule.when)
        if leaf.fact == "message.language" and isinstance(leaf.test, Is) and not negated
        for value in leaf.test.values
    )


def unknown_skills(rules: RuleSet) -> Iterator[tuple[str, str]]:
    """Templates that make no skill of a value which their own rule lets through."""
    for rule in rules.enrich:
        for facts in _matching(rule):
            for template in (*rule.need, *every_skill(rule.ask)):
                skill = fill(template, facts)
                if skill is not None and skill not in rules.skills.known:
                    text = f"{rule.id}: {skill} is no skill, so nothing is asked for there"
                    yield rules.places[rule.id], text


def unmet(
    rules: RuleSet, team: Sequence[Member], who: str = "in the team"
) -> Iterator[tuple[str, str]]:
    """Route rules whose last step nobody of these can meet; *who* they are, in words."""
    kinds = variants(rules)
    for rule in rules.route:
        if rule.falls_through:
            continue
        found: dict[str, None] = {}
        for variant in kinds:
            queue, step = _last(rules, rule, variant)
            if not able(rules, team, queue, step):
                found[_asked(rules, queue, step, who)] = None
            if found and not variant.need and not variant.ask:
                break  # alone it is impossible already
        for text in itertools.islice(found, _SHOWN):
            yield rules.places[rule.id], f"{rule.id}: {text}"


def useless_steps(rules: RuleSet, team: Sequence[Member]) -> Iterator[tuple[str, str]]:
    """Steps that bring nobody whom the steps before would not have asked."""
    kinds = variants(rules)
    for rule in rules.route:
        written = 1
        for count in range(2, len(rule.stages) + 1):
            stage = rule.stages[count - 1]
            written += not stage.implied
            more = stage.agents or stage.broadcast or stage.queue
            if more or stage.implied or stage.notify or stage.priority is not None:
                continue  # each of these changes more than who can
            if not any(_adds(rules, rule, count, team, variant) for variant in kinds):
                yield rules.places[rule.id], f"{rule.id}: step {written} adds nobody of the team"


def variants(rules: RuleSet) -> list[Variant]:
    """Messages of every kind that enriching rules ask skills for, and those without any."""
    found = [Variant({}, {})]
    for rule in rules.enrich:
        for facts in _matching(rule):
            need = filled(rule.need, facts, rules.skills.known)
            ask = asked(rule.ask, facts, rules.skills.known)
            if need or ask:
                found.append(Variant(facts, need, ask))
    return found


def _matching(rule: EnrichRule) -> Iterator[Mapping[str, str]]:
    """Facts for the templates in a rule's needs, from the lists in its own condition."""
    wanted = list(dict.fromkeys(fact for template in _templates(rule) for fact in holes(template)))
    values = [_listed(rule.when, fact) for fact in wanted]
    for chosen in itertools.product(*values):
        yield dict(zip(wanted, chosen, strict=True))


def _templates(rule: EnrichRule) -> Iterator[str]:
    yield from rule.need
    yield from every_skill(rule.ask)


def _listed(when: Condition, fact: str) -> list[str]:
    parts = when.parts if isinstance(when, All) else (when,)
    for part in parts:
        if isinstance(part, Leaf) and part.fact == fact and isinstance(part.test, Is):
            return [str(value) for value in part.test.values]
    return []


def ladder(rules: RuleSet, rule: RouteRule, variant: Variant) -> Iterator[tuple[str, Step]]:
    """The steps that a thread goes through under a rule, each with the queue that it is in."""
    queue = rule.queue or rules.defaults.queue
    for step in _climbed(rules, rule.stages, variant):
        queue = step.queue or queue
        yield queue, step


def _climbed(rules: RuleSet, stages: Sequence[Stage], variant: Variant) -> Sequence[Step]:
    skills = rules.skills
    return climb((), stages, variant.need, variant.facts, skills.known, skills, variant.ask)


def _last(
    rules: RuleSet, rule: RouteRule, variant: Variant, count: int | None = None
) -> tuple[str, Step]:
    """The queue and the step that a thread comes to after the first *count* stages."""
    stages = rule.stages[:count]
    steps = _climbed(rules, stages, variant)
    queue = rule.queue or rules.defaults.queue
    for step in steps:
        queue = step.queue or queue
    return queue, steps[-1]


def able(rules: RuleSet, team: Sequence[Member], queue: str, step: Step) -> frozenset[str]:
    """Who of the team can take what waits in a queue under a step."""
    teams = rules.queues[queue].teams
    return frozenset(
        member.id
        for member in team
        if (not teams or {*teams, *step.add} & set(member.teams))
        and (not step.agents or member.id in step.agents)
        and qualifies(rules.skills, member.id, member.skills, step)
    )


def _adds(
    rules: RuleSet, rule: RouteRule, count: int, team: Sequence[Member], variant: Variant
) -> bool:
    before = able(rules, team, *_last(rules, rule, variant, count - 1))
    return bool(able(rules, team, *_last(rules, rule, variant, count)) - before)


def _asked(rules: RuleSet, queue: str, step: Step, whose: str) -> str:
    wanted = " and ".join(told(step.need, step.ask))
    teams = rules.queues[queue].teams and (*rules.queues[queue].teams, *step.add)
    now = f" {whose}" if whose != "in the team" else ""
    who = f"nobody{now} in {' or '.join(teams)}" if teams else f"nobody {whose}"
    if step.agents:
        return f"{who} is {' or '.join(step.agents)}" + (f" with {wanted}" if wanted else "")
    return f"{who} has {wanted}" if wanted else f"{who} at all"
