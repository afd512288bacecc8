"""What a rule set may say and hardly mean: the warnings of `rules check`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from omniroute.core.conditions import Always, Condition, Pattern, leaves
from omniroute.core.ladder import Stage
from omniroute.core.rules import EnrichRule, RouteRule, RuleSet
from omniroute.core.skills import synonyms
from omniroute.rules.calendars import closed_days
from omniroute.rules.load import Draft
from omniroute.rules.reach import spoken_languages, unknown_skills, unmet, useless_steps
from omniroute.rules.reading import Reader
from omniroute.rules.team import FILE as TEAM
from omniroute.rules.yaml12 import place

Doubt: TypeAlias = tuple[str, str]  # place, text

_BOUND = re.compile(r"\\b\(?(?:\?[a-z]*:)?[^\x00-\x7f]|[^\x00-\x7f]\)?\\b")


def doubts(draft: Draft, now: int | None = None) -> Iterator[Doubt]:
    """Each doubt with its place; after a fault, only those that the fault cannot have caused."""
    rules = draft.rules
    yield from _unreachable(rules)
    yield from _ascii_bounds(rules)
    if draft.faults:
        return
    yield from _relaxing(rules)
    yield from _unused(rules)
    yield from _languages(rules)
    yield from unknown_skills(rules)
    for group in synonyms(draft.edges):
        yield "", f"skills {', '.join(group)} stand for each other at no loss: one would do"
    if draft.team is not None:
        yield from _team(draft)
        yield from unmet(rules, draft.team)
        yield from useless_steps(rules, draft.team)
    if now is not None:
        yield from _past(draft, now)


def _unreachable(rules: RuleSet) -> Iterator[Doubt]:
    above: RouteRule | None = None
    seen: dict[bytes, str] = {}
    for rule in rules.route:
        where = rules.places[rule.id]
        if above is not None:
            yield where, f"{rule.id}: never reached, “{above.id}” above it matches everything"
        elif (same := seen.get(_question(rule.when))) is not None:
            yield where, f"{rule.id}: never reached, “{same}” above it asks the same"
        if not rule.falls_through and above is None:
            seen[_question(rule.when)] = rule.id
            above = rule if isinstance(rule.when, Always) else None


def _question(when: Condition) -> bytes:
    """A condition without the numbers of its leaves."""
    return re.sub(rb'"number":\d+', b"", msgspec.json.encode(when))


def _ascii_bounds(rules: RuleSet) -> Iterator[Doubt]:
    every: list[EnrichRule | RouteRule] = [*rules.enrich, *rules.route]
    for rule in every:
        for leaf, _ in leaves(rule.when):
            if isinstance(leaf.test, Pattern) and _BOUND.search(leaf.test.pattern):
                fault = "\\b in a regex knows ASCII letters alone: use any_of for whole words"
                yield rules.places[rule.id], f"{rule.id}: {fault}"


def _relaxing(rules: RuleSet) -> Iterator[Doubt]:
    for rule in rules.route:
        need = dict(rule.stages[0].need) if rule.stages else {}
        for number, stage in enumerate(rule.stages[1:], 2):
            for skill, level in stage.need.items():
                if level > need.get(skill, 0.0) and not _foreign(skill, rule.stages[0], rules):
                    text = f"step {number} asks more than the one before: {skill} ≥ {level:g}"
                    yield rules.places[rule.id], f"{rule.id}: {text}"
            need.update(stage.need)


def _foreign(skill: str, first: Stage, rules: RuleSet) -> bool:
    """Whether an enriching rule may have asked for the skill, so that a step can lower it."""
    if skill in first.need:
        return False
    return "{" in skill or any(
        asked == skill or "{" in asked for rule in rules.enrich for asked in rule.need
    )


def _unused(rules: RuleSet) -> Iterator[Doubt]:
    queues = {rules.defaults.queue}
    for rule in rules.route:
        queues.update(stage.queue for stage in rule.stages)
    for name in rules.queues:
        if name not in queues:
            yield "", f"queue {name}: no rule leads to it"
    replies = {rule.reply for rule in rules.route}
    replies |= {rule.deflect.article for rule in rules.route if rule.deflect}
    replies |= {rule.deflect.reply for rule in rules.route if rule.deflect}
    for name in rules.replies:
        if name not in replies:
            yield "", f"reply {name}: no rule sends it"


def _languages(rules: RuleSet) -> Iterator[Doubt]:
    """Replies that lack a language which the rules speak of."""
    spoken = spoken_languages(rules)
    for name, texts in rules.replies.items():
        if "" in texts:
            continue  # one text for everybody
        known = {language.lower().partition("-")[0] for language in texts}
        missing = sorted(language for language in spoken if language.lower() not in known)
        if missing:
            yield "", f"reply {name}: no text in {', '.join(missing)}, which rules ask for"


def _team(draft: Draft) -> Iterator[Doubt]:
    team = draft.team or ()
    if not team:
        yield TEAM, "nobody is in the team: every thread waits"
    elif not any(member.role == "admin" for member in team):
        yield TEAM, "nobody is an admin: give one member `role: admin`"


def _past(draft: Draft, now: int) -> Iterator[Doubt]:
    today = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)
    for name, node in draft.closed.items():
        days = closed_days(Reader(), node)
        if days and all(year and (year, m, d) < _day(today) for year, m, d in days):
            yield (
                place(node),
                f"calendar {name}: all closed days are past; write 12-25 for each year",
            )


def _day(moment: datetime) -> tuple[int, int, int]:
    return moment.year, moment.month, moment.day
