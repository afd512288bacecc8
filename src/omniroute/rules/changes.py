"""What two rule sets make of the same threads, and where that is another thing: counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from omniroute.core.model import ThreadId
from omniroute.core.requirements import told
from omniroute.core.rules import Routing
from omniroute.core.urgency import PRIORITIES

ORDER = ("queue", "priority", "agent", "needs", "promise", "tags", "reply", "deflect", "weight")
"""What may differ, the weightiest first."""

_WORDS = {number: word for word, number in PRIORITIES.items()}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One kind of difference: *what* was *before* and is *after*, by which rule, how often.

    *thread* is the first that it happened to, *said* how its message begins.
    """

    what: str  # queue | priority | agent | needs | promise | tags | reply | deflect | weight
    before: str
    after: str
    rule: str
    count: int
    thread: ThreadId
    said: str = ""

    def __str__(self) -> str:
        what = "" if self.what == "queue" else f"{self.what} "
        by = f" by rule {self.rule}" if self.rule else " by no rule"
        said = f" “{self.said}”" if self.said else ""
        moved = f"{self.before or 'none'} → {self.after or 'none'}"
        if self.before == self.after:  # only that it differs is known
            moved = "other"
        return f"{what}{moved} {self.count}{by}  e.g. #{self.thread}{said}"


class Tally:
    """Counts differences, and keeps the first thread of each kind."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], list[int]] = {}

    def add(self, what: str, before: str, after: str, rule: str, thread: ThreadId) -> None:
        """One thread differs so."""
        found = self._found.setdefault((what, before, after, rule), [0, thread])
        found[0] += 1

    def changes(self, what: str = "") -> list[Change]:
        """Every kind of difference, or those in one thing; the most frequent first."""
        found = [
            Change(*key, count, thread)
            for key, (count, thread) in self._found.items()
            if not what or key[0] == what
        ]
        return sorted(found, key=lambda c: (-c.count, ORDER.index(c.what), c.thread))


def blamed(what: str, before: Routing, after: Routing) -> str:
    """The rule by which *after* differs: the one that newly matches, or no longer does."""
    if what in ("queue", "reply", "deflect") and before.rule != after.rule:
        return after.rule
    return culprit(before.enriched, after.enriched) or after.rule


def culprit(before: Sequence[str], after: Sequence[str]) -> str:
    """The first enriching rule that only one of two rule sets applied; empty where none is."""
    return next((rule for rule in after if rule not in before), "") or next(
        (rule for rule in before if rule not in after), ""
    )


def priority(number: int) -> str:
    """A priority as rules say it."""
    return _WORDS.get(number, str(number))


def differences(before: Routing, after: Routing) -> Iterable[tuple[str, str, str]]:
    """What of a routing is another thing: its name, and both values in words."""
    if before.queue != after.queue:
        yield "queue", before.queue, after.queue
    if before.priority != after.priority:
        yield "priority", priority(before.priority), priority(after.priority)
    if before.steps != after.steps:
        yield "needs", needs(before), needs(after)
    if before.sla != after.sla:
        yield "promise", _minutes(before.sla.first_reply), _minutes(after.sla.first_reply)
    if before.tags != after.tags:
        yield "tags", ", ".join(before.tags), ", ".join(after.tags)
    if before.reply != after.reply:
        yield "reply", before.reply, after.reply
    if before.deflect != after.deflect:
        yield "deflect", before.deflect, after.deflect
    if before.weight != after.weight:
        yield "weight", str(before.weight), str(after.weight)


def needs(routing: Routing) -> str:
    """What the first step asks of agents, and how many steps there are."""
    step = routing.steps[0]
    asked = told(step.need, step.ask)
    named = [f"only {', '.join(step.agents)}"] if step.agents else []
    said = ", ".join((*named, *asked)) or "nothing"
    more = len(routing.steps) - 1
    return f"{said} (+{more} step{'s' * (more > 1)})" if more else said


def _minutes(span: int) -> str:
    return f"{span // 60_000}m"
