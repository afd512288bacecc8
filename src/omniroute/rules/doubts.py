"""What a rule set may say and hardly mean: the warnings of `rules check`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from omniroute.core.conditions import Always, Condition, Pattern, leaves
from omniroute.core.ladder import Stage
from omniroute.core.requirements import every_skill
from omniroute.core.rules import EnrichRule, RouteRule, RuleSet
from omniroute.core.skills import synonyms
from omniroute.core.words import steps
from omniroute.rules.calendars import closed_days
from omniroute.rules.load import Draft
from omniroute.rules.logic import implies, impossible
from omniroute.rules.reach import spoken_languages, unknown_skills, unmet, useless_steps
from omniroute.rules.reading import Reader
from omniroute.rules.team import FILE as TEAM
from omniroute.rules.yaml12 import place

Doubt: TypeAlias = tuple[str, str]  # place, text

SLOW = 1_000  # steps of a compiled expression from which on it is worth a word
_REPEATS = re.compile(r"\{\d")  # what makes expressions large
COMPARED = 50_000  # pairs of rules, at most: all of some three hundred, then the first
_BOUND = re.compile(r"\\b\(?(?:\?[a-z]*:)?[^\x00-\x7f]|[^\x00-\x7f]\)?\\b")


def doubts(draft: Draft, now: int | None = None) -> Iterator[Doubt]:
    """Each doubt with its place; after a fault, only those that the fault cannot have caused."""
    rules = draft.rules
    yield from _unreachable(rules)
    yield from _never_holding(rules)
    yield from _regexes(rules)
    yield from _alike(rules)
    if draft.faults:
        return
    yield from _relaxing(rules)
    yield from _circles(rules)
    yield from _articles(rules)
    yield from _unused(rules)
    yield from _told_in_vain(rules)
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
    deciding: list[RouteRule] = []
    left = COMPARED
    for rule in rules.route:
        where, question = rules.places[rule.id], _question(rule.when)
        if above is not None:
            yield where, f"{rule.id}: never reached, “{above.id}” above it matches everything"
        elif (same := seen.get(question)) is not None:
            yield where, f"{rule.id}: never reached, “{same}” above it asks the same"
        elif left > 0 and (wider := _wider(rule, deciding)) is not None:
            said = f"“{wider.id}” above it takes all that it would match"
            yield where, f"{rule.id}: never reached, {said}"
        if not rule.falls_through and above is None:
            seen[question] = rule.id
            above = rule if isinstance(rule.when, Always) else None
            deciding.append(rule)
            left -= len(deciding)


def _wider(rule: RouteRule, above: Sequence[RouteRule]) -> RouteRule | None:
    """A rule above that matches whatever this one does."""
    return next((other for other in above if implies(rule.when, other.when)), None)


def _never_holding(rules: RuleSet) -> Iterator[Doubt]:
    for rule in _every(rules):
        for fact in dict.fromkeys(impossible(rule.when)):
            text = f"never matches, what it asks of {fact} cannot hold together"
            yield rules.places[rule.id], f"{rule.id}: {text}"


def _alike(rules: RuleSet) -> Iterator[Doubt]:
    """Ids that a person would take for one."""
    seen: dict[str, str] = {}
    for rule in _every(rules):
        plain = re.sub(r"[._-]", "-", rule.id.casefold())
        other = seen.setdefault(plain, rule.id)
        if other != rule.id:
            where = rules.places[rule.id]
            yield where, f"{rule.id}: hard to tell from “{other}” in {rules.places[other]}"


def _articles(rules: RuleSet) -> Iterator[Doubt]:
    """Articles that customers would read as a bare path."""
    for rule in rules.route:
        if rule.deflect is None:
            continue
        texts = rules.replies[rule.deflect.reply].values()
        article = rule.deflect.article
        bare = "://" not in article and article not in rules.replies
        if bare and any(text.startswith(article) for text in texts):
            text = f"“{article}” is no link: say what stands before it, `articles` in `defaults`"
            yield rules.places[rule.id], f"{rule.id}: {text}"


def _circles(rules: RuleSet) -> Iterator[Doubt]:
    """Steps that come back to a queue which they have left."""
    for rule in rules.route:
        been = [rule.queue or rules.defaults.queue]
        for number, stage in enumerate(rule.stages[1:], 2):
            if not stage.queue or stage.queue == been[-1]:
                continue
            if stage.queue in been:
                way = " → ".join((*been, stage.queue))
                yield rules.places[rule.id], f"{rule.id}: step {number} goes in a circle: {way}"
            been.append(stage.queue)


def _every(rules: RuleSet) -> list[EnrichRule | RouteRule]:
    return [*rules.enrich, *rules.route]


def _question(when: Condition) -> bytes:
    """A condition without the numbers of its leaves."""
    return re.sub(rb'"number":\d+', b"", msgspec.json.encode(when))


def _regexes(rules: RuleSet) -> Iterator[Doubt]:
    for rule in _every(rules):
        for leaf, _ in leaves(rule.when):
            if not isinstance(leaf.test, Pattern):
                continue
            if _BOUND.search(leaf.test.pattern):
                fault = "\\b in a regex knows ASCII letters alone: use any_of for whole words"
                yield rules.places[rule.id], f"{rule.id}: {fault}"
            if _REPEATS.search(leaf.test.pattern) and (size := steps(leaf.test.pattern)) > SLOW:
                fault = f"a slow regex: {size} steps for each character; repeat less than that"
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
        asked == skill or "{" in asked
        for rule in rules.enrich
        for asked in (*rule.need, *every_skill(rule.ask))
    )


def _told_in_vain(rules: RuleSet) -> Iterator[Doubt]:
    for name, queue in rules.queues.items():
        if queue.closed_reply and not queue.hours:
            yield "", f"queue {name}: “closed_reply” is never sent, as it has no “hours”"


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
    replies |= {queue.closed_reply for queue in rules.queues.values()}
    replies |= {reply for survey in rules.surveys for reply in survey.sends}
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
