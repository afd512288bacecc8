"""What two sets of rules say differently, by id: not lines of text, but what they mean.

Rules are compared by what they say, key by key; the order of keys, comments and the file a rule
stands in count for nothing.  The order of rules counts, so what was moved is told.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from omniroute.rules.includes import in_order, is_rules
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import Fields, Items, Node, parse

ORDERED = ("enrich", "route", "escalate", "surveys")
NAMED = {
    "queues": "queue",
    "skills": "skill",
    "calendars": "calendar",
    "replies": "reply",
    "defaults": "default",
}
ADDED, REMOVED, CHANGED, MOVED = "+", "-", "~", ">"


class Detail(msgspec.Struct, frozen=True):
    """One thing that a rule says otherwise; *path* is where, such as ``set.priority``."""

    path: str
    before: object = None
    after: object = None

    def __str__(self) -> str:
        if isinstance(self.before, list) and isinstance(self.after, list):
            gone = [f"- {_text(one)}" for one in self.before if one not in self.after]
            come = [f"+ {_text(one)}" for one in self.after if one not in self.before]
            return f"{self.path} {' '.join((*come, *gone)) or 'in another order'}"
        return f"{self.path} {_text(self.before)} → {_text(self.after)}"


class Change(msgspec.Struct, frozen=True):
    """Something that was added, removed, changed or moved."""

    how: str
    section: str  # enrich, route, escalate, queue, skill …
    name: str
    after: str = ""  # for what is new or moved: the one before it; empty for the first
    details: tuple[Detail, ...] = ()

    def __str__(self) -> str:
        said = f"{self.how} {self.section} {self.name}"
        if self.section in ORDERED and self.how in (ADDED, MOVED):
            moved = "moved " if self.how == MOVED else ""
            said += f" ({moved}after {self.after})" if self.after else f" ({moved}first)"
        return "  ".join((said, *map(str, self.details)))


def diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Change, ...]:
    """The changes from one set of files to another, rules first.  Raises `ConfigErrors`."""
    old, new = _sections(before), _sections(after)
    found: list[Change] = []
    for section in ORDERED:
        found += _of_rules(section, old[section], new[section])
    for section, one in NAMED.items():
        found += _of_names(one, old[section], new[section])
    return tuple(found)


def touched(changes: Sequence[Change]) -> frozenset[str]:
    """The ids of rules that are not as they were."""
    return frozenset(change.name for change in changes if change.section in ORDERED)


def _sections(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Everything that files say, by section and name, in order."""
    found: dict[str, dict[str, Any]] = {section: {} for section in (*ORDERED, *NAMED)}
    nodes = {name: parse(data, name) for name, data in files.items() if is_rules(name)}
    for node in in_order(Reader(), nodes).values():
        said = plain(node)
        if not isinstance(said, dict):
            continue
        for section in ORDERED:
            for rule in said.get(section) or ():
                if isinstance(rule, dict):
                    found[section][str(rule.get("id"))] = rule
        for section in NAMED:
            if isinstance(said.get(section), dict):
                found[section] |= said[section]
    return found


def plain(node: Node) -> Any:
    """A node as what it says: mappings, lists, values."""
    if isinstance(node, Fields):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value


def _of_rules(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    order, before = list(new), list(old)
    stayed = _stayed([before.index(id) for id in order if id in old])
    kept = {before[index] for index in stayed}
    for place, id in enumerate(order):
        above = order[place - 1] if place else ""
        if id not in old:
            yield Change(ADDED, section, id, above)
            continue
        details = tuple(_details(old[id], new[id], ""))
        if id not in kept:
            yield Change(MOVED, section, id, above, details)
        elif details:
            yield Change(CHANGED, section, id, details=details)
    yield from (Change(REMOVED, section, id) for id in before if id not in new)


def _of_names(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield Change(ADDED, section, name)
        elif name not in new:
            yield Change(REMOVED, section, name)
        elif details := tuple(_details(old[name], new[name], "")):
            yield Change(CHANGED, section, name, details=details)


def _details(old: Any, new: Any, path: str) -> Iterator[Detail]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*new, *old)):
            yield from _details(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif _listed(old) != _listed(new):
        yield Detail(path or "is", old, new)


def _listed(value: Any) -> Any:
    """A single value stands for a list of one."""
    if value is None or isinstance(value, list | dict):
        return value
    return [value]


def _stayed(places: Sequence[int]) -> list[int]:
    """The longest rising run among *places*: what kept its order; all others were moved."""
    ends: list[int] = []
    last: list[int] = []  # position of the last element of the best run of each length
    before: list[int] = [-1] * len(places)
    for position, place in enumerate(places):
        length = bisect.bisect_left(ends, place)
        before[position] = last[length - 1] if length else -1
        ends[length:] = [place, *ends[length + 1 :]]
        last[length:] = [position, *last[length + 1 :]]
    found: list[int] = []
    at = last[-1] if last else -1
    while at >= 0:
        found.append(places[at])
        at = before[at]
    return found[::-1]


def _text(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "{" + shown(", ".join(f"{key}: {_text(one)}" for key, one in value.items())) + "}"
    if isinstance(value, list):
        return "[" + shown(", ".join(map(_text, value))) + "]"
    return shown(str(value).lower() if isinstance(value, bool) else str(value))
