"""From the decisions of the views: how often each rule matched, and what a trial has shown."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from omniroute.application import words
from omniroute.application.rulebook import DAY, RuleUse, Usage
from omniroute.core.conditions import Is, leaves
from omniroute.core.rules import EnrichRule, RouteRule, RuleSet
from omniroute.rules.changes import Change, Tally, culprit, priority
from omniroute.rules.testing.cases import known_facts

LANGUAGE: Final = "message.language"
SAID: Final = 60  # letters of a message that an example shows
NAMES: Final = {"steps": "needs", "sla": "promise"}
"""What is compared, as people call it, where the core calls it otherwise."""

_ABOUT = (
    "SELECT thread, at, rules, why FROM decisions"
    " WHERE seq > ? AND json_extract(why, '$.about') = ? ORDER BY seq, n"
)
_why = msgspec.json.Decoder(dict[str, Any]).decode


def _decided(db: sqlite3.Connection, after: int, about: str) -> Iterator[tuple[int, int, str, Any]]:
    for thread, at, rules, why in db.execute(_ABOUT, (after, about)):
        yield thread, at, rules, _why(why)


def shown(db: sqlite3.Connection, after: int, version: str) -> tuple[int, int, tuple[Change, ...]]:
    """Of the routings after record *after*, how many a shadow was asked about, how many it would
    have done otherwise, and how."""
    decided = differ = 0
    tally = Tally()
    for thread, _, _, why in _decided(db, after, "shadow"):
        if why["rules"] != version:
            continue
        decided += 1
        differ += bool(why["differs"])
        for what, before, then, rule in _differences(why):
            tally.add(what, before, then, rule, thread)
    return decided, differ, with_words(db, tally.changes())


def _differences(why: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    live = why["live"]
    enriched = culprit(live["enriched"], why["enriched"]) or why["rule"]
    for what in why["differs"]:
        match what:
            case "queue":
                rule = why["rule"] if why["rule"] != live["rule"] else enriched
                yield "queue", live["queue"], why["queue"], rule
            case "priority":
                before, then = priority(live["priority"]), priority(why["priority"])
                yield "priority", before, then, enriched
            case _:
                rule = why["rule"] if why["rule"] != live["rule"] else enriched
                yield NAMES.get(what, what), "", "", rule


def with_words(db: sqlite3.Connection, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes with the beginning of what the first customer of each wrote."""
    found = []
    for change in changes:
        row = db.execute(
            "SELECT excerpt FROM messages WHERE thread = ? AND kind = 'customer'"
            " ORDER BY seq LIMIT 1",
            (change.thread,),
        ).fetchone()
        said = "" if row is None else words.one_line(row["excerpt"], SAID)
        found.append(replace(change, said=said))
    return tuple(found)


def decided_by(db: sqlite3.Connection, after: int, version: str) -> tuple[int, int]:
    """How many routings after record *after* a version has decided, and of how many in all."""
    versions = Counter(rules for _, _, rules, _ in _decided(db, after, "route"))
    return versions[version], versions.total()


def usage(db: sqlite3.Connection, rules: RuleSet, after: int, now: int, days: int) -> Usage:
    """How often each of *rules* has matched after record *after*, in the *days* up to *now*."""
    every = _every(rules)
    found = {rule.id: [0] * days for rule in every}
    languages, facts = Counter[str](), Counter[str]()
    routed = unmatched = 0
    for _, at, _, why in _decided(db, after, "route"):
        day = days - 1 - (now - at) // DAY
        if not 0 <= day < days:
            continue
        routed += 1
        unmatched += not why.get("rule")
        for id in (*why.get("enriched", ()), *why.get("passed", ()), why.get("rule", "")):
            if id in found:
                found[id][day] += 1
        seen = why.get("facts", {})
        facts.update(list(seen))
        if isinstance(language := seen.get(LANGUAGE), str):
            languages[language] += 1
    return Usage(
        rules.version,
        days,
        routed,
        tuple(
            RuleUse(
                rule.id,
                "enrich" if isinstance(rule, EnrichRule) else "route",
                rules.places.get(rule.id, ""),
                sum(found[rule.id]),
                tuple(found[rule.id]),
            )
            for rule in every
        ),
        unmatched,
        _without(languages, _languages(rules)),
        _without(facts, known_facts(rules)),
    )


def _every(rules: RuleSet) -> Sequence[EnrichRule | RouteRule]:
    return (*rules.enrich, *rules.route)


def _without(seen: Counter[str], known: Iterable[str]) -> dict[str, int]:
    foreseen = set(known)
    return {name: count for name, count in seen.most_common() if name not in foreseen}


def _languages(rules: RuleSet) -> Iterator[str]:
    """Languages that a condition names."""
    for rule in _every(rules):
        for leaf, _ in leaves(rule.when):
            if leaf.fact == LANGUAGE and isinstance(leaf.test, Is):
                yield from map(str, leaf.test.values)


def records(db: sqlite3.Connection, thread: int, about: str) -> list[int]:
    """The records with a decision of this kind about a thread, the latest first."""
    rows = db.execute(
        "SELECT seq FROM decisions WHERE thread = ? AND json_extract(why, '$.about') = ?"
        " ORDER BY seq DESC",
        (thread, about),
    )
    return [seq for (seq,) in rows]
