"""Requirements beyond a level for each skill: one of several ways to qualify, and what bars.

`Step.need` holds the skills that must all be there, which is mostly everything; `Step.ask` holds
the rest.  Levels lost on the way through the skills graph are limited for what is asked for, never
for what bars: a limit that widens with time must not shut anybody out again (routing.md 7, 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from omniroute.core.model import AgentId, Ask, Needs, Step
from omniroute.core.skills import Skills


class Fit(NamedTuple):
    """How somebody fits: at what cost on the skills graph, and how strong they are in all."""

    cost: float
    strength: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is measured against a requirement: who they are, and what they know."""

    id: AgentId
    knows: Mapping[str, float]
    skills: Skills

    def fit(self, ask: Ask, most: float | None) -> Fit | None:
        """How they fit, with at most *most* levels lost for a skill; None if they do not.

        Of several ways to qualify the cheapest counts, and then the one that they are best at.
        """
        if ask.agents and self.id not in ask.agents:
            return None
        cost = strength = 0.0
        for skill, least in ask.need:
            level, _, lost = self.skills.level(self.knows, skill, most)
            if level < least:
                return None
            cost, strength = cost + lost, strength + level
        for group in ask.any:
            fits = [fit for one in group if (fit := self.fit(one, most)) is not None]
            if not fits:
                return None
            best = min(fits, key=lambda fit: (fit.cost, -fit.strength))
            cost, strength = cost + best.cost, strength + best.strength
        if any(self.fit(one, None) is not None for one in ask.none):
            return None
        return Fit(cost, strength)


def qualifies(skills: Skills, id: AgentId, knows: Mapping[str, float], step: Step) -> bool:
    """Whether somebody is what a step asks for, besides being one of those whom it names."""
    if not skills.meets(knows, step.need, step.cost):
        return False
    return step.ask is None or Person(id, knows, skills).fit(step.ask, step.cost) is not None


def both(one: Ask | None, other: Ask | None) -> Ask | None:
    """What both ask for at once; of a skill that both name, the higher level."""
    if one is None or other is None:
        return one or other
    levels = dict(one.need)
    for skill, level in other.need:
        levels[skill] = max(level, levels.get(skill, 0.0))
    groups = (*one.any, *other.any)
    if one.agents and other.agents and one.agents != other.agents:
        groups = (*groups, (Ask(agents=other.agents),))
    return Ask(tuple(levels.items()), one.agents or other.agents, groups, (*one.none, *other.none))


def instead(before: Ask | None, now: Ask | None) -> Ask | None:
    """What is asked once a step says *now*: its ways to qualify and its bars replace those of
    *before*, each if it names any."""
    if before is None or now is None:
        return now or before
    return Ask(any=now.any or before.any, none=now.none or before.none)


def without(ask: Ask | None, ways: bool, bars: bool) -> Ask | None:
    """What is left once the ways to qualify, or the bars, are dropped."""
    if ask is None:
        return None
    left = replace(ask, any=() if ways else ask.any, none=() if bars else ask.none)
    return None if left == Ask() else left


def named(ask: Ask) -> Iterator[AgentId]:
    """Every agent whom it names."""
    yield from ask.agents
    for part in _parts(ask):
        yield from named(part)


def skills_of(ask: Ask | None) -> Iterator[tuple[str, float]]:
    """Every skill that would do, with its level; not those that bar."""
    if ask is not None:
        yield from ask.need
        for group in ask.any:
            for one in group:
                yield from skills_of(one)


def every_skill(ask: Ask | None) -> Iterator[str]:
    """Every skill that is named, those that bar included."""
    if ask is not None:
        yield from (skill for skill, _ in ask.need)
        for part in _parts(ask):
            yield from every_skill(part)


def _parts(ask: Ask) -> Iterator[Ask]:
    for group in ask.any:
        yield from group
    yield from ask.none


def filled_in(ask: Ask | None, fill: Callable[[Needs], Needs]) -> Ask | None:
    """With the templates of its skills filled by *fill*, which leaves out what asks for nothing.

    A way to qualify that asks for nothing is left out, too: it would let everybody in.
    """
    if ask is None:
        return None
    made = (tuple(filter(None, (filled_in(one, fill) for one in group))) for group in ask.any)
    left = Ask(
        need=tuple(fill(dict(ask.need)).items()),
        agents=ask.agents,
        any=tuple(group for group in made if group),
        none=tuple(filter(None, (filled_in(one, fill) for one in ask.none))),
    )
    return None if left == Ask() else left


# --- in words ------------------------------------------------------------------------------------


def told(need: Mapping[str, float], ask: Ask | None) -> list[str]:
    """A requirement, part by part.

    >>> told({"b": 3.0, "a": 2.5}, Ask(none=(Ask(agents=("bo",)),)))
    ['a ≥ 2.5', 'b ≥ 3', 'not bo']
    >>> told({}, Ask(any=((Ask((("de", 3.0),)), Ask((("at", 2.0), ("x", 1.0)))),)))
    ['(de ≥ 3 or at ≥ 2 and x ≥ 1)']
    """
    said = [f"{skill} ≥ {level:g}" for skill, level in sorted(need.items())]
    return [*said, *_told(ask)] if ask is not None else said


def _told(ask: Ask) -> Iterator[str]:
    yield from (f"{skill} ≥ {level:g}" for skill, level in sorted(ask.need))
    if ask.agents:
        yield " or ".join(ask.agents)
    for group in ask.any:
        ways = " or ".join(" and ".join(_told(one)) for one in group)
        yield f"({ways})" if len(group) > 1 else ways
    for one in ask.none:
        parts = " and ".join(_told(one))
        bare = parts.startswith("(") or not (" and " in parts or " or " in parts)
        yield f"not {parts}" if bare else f"not ({parts})"


def fit_told(person: Person, ask: Ask, most: float | None) -> tuple[bool, list[str]]:
    """Whether somebody fits, and each thing that is asked beside what they have: of several ways
    the one that they go, and all of them where there is none."""
    ok, said = True, []
    for skill, least in sorted(ask.need):
        level, via, lost = person.skills.level(person.knows, skill, most)
        met = level >= least
        ok = ok and met
        by = f" via {via} - {lost:g}" if lost else ""
        said.append(f"{skill} {level:g}{'≥' if met else '<'}{least:g}{by}")
    if ask.agents:
        met = person.id in ask.agents
        ok = ok and met
        said.append(f"{'is' if met else 'is not'} {' or '.join(ask.agents)}")
    for group in ask.any:
        ways = [(person.fit(one, most), fit_told(person, one, most)[1]) for one in group]
        fits = [(fit.cost, -fit.strength, way) for fit, way in ways if fit is not None]
        ok = ok and bool(fits)
        if fits:
            said += min(fits)[2]
        else:
            none = [", ".join(way) for _, way in ways]
            if len(none) > 1:
                none = [way.replace("is not ", "being ") for way in none]
            said.append(f"neither {' nor '.join(none)}" if len(none) > 1 else none[0])
    for one in ask.none:
        barred, so = fit_told(person, one, None)
        ok = ok and not barred
        if barred:
            said.append(f"barred as {', '.join(so)}")
    return ok, said
