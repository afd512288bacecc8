"""Conditions that are asked long after the message: those of escalation rules.

When a promise runs late there is no message to ask about, and what somebody wrote is not in the
core.  So whatever such a condition asks of the message is answered as the message is routed, and
the thread keeps which answers were yes: by a hash of the question, so that they outlast another
rule set.  The clock, the channel and the tags are asked when the moment has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

import msgspec

from omniroute.core.conditions import (
    All,
    AnyOf,
    Check,
    Condition,
    Expressions,
    Facts,
    Is,
    Leaf,
    Not,
    View,
    compile_condition,
    leaves,
)
from omniroute.core.urgency import Calendar

ANSWERED = "answered"
"""The fact that stands for the answers a thread has kept."""

OF_THE_MOMENT = frozenset({"clock", "channel", "tags"})
_encode = msgspec.json.Encoder().encode


def question(leaf: Leaf) -> str:
    """What is asked, as a hash."""
    return blake2b(_encode((leaf.fact, leaf.test)), digest_size=6).hexdigest()


def of_the_moment(condition: Condition) -> Condition:
    """The same condition, to be asked later: of the answers that were kept."""
    match condition:
        case Leaf(number, fact) if fact not in OF_THE_MOMENT:
            return Leaf(number, ANSWERED, Is((question(condition),)))
        case All(parts):
            return All(tuple(map(of_the_moment, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(of_the_moment, parts)))
        case Not(part):
            return Not(of_the_moment(part))
    return condition


def lasting(conditions: Iterable[Condition]) -> Iterator[Leaf]:
    """What these ask of the message."""
    for condition in conditions:
        yield from (leaf for leaf, _ in leaves(condition) if leaf.fact not in OF_THE_MOMENT)


class Lasting:
    """The questions of a rule set whose answers outlast the message."""

    __slots__ = ("_checks",)

    def __init__(
        self,
        conditions: Iterable[Condition],
        calendars: Mapping[str, Calendar],
        expressions: Expressions,
    ) -> None:
        self._checks: dict[str, Check] = {
            question(leaf): compile_condition(leaf, calendars, expressions)
            for leaf in lasting(conditions)
        }

    def answers(self, facts: Facts, observed: Iterable[int], at: int) -> tuple[str, ...] | None:
        """The questions that are answered by yes; None where nothing is asked at all."""
        if not self._checks:
            return None
        view = View(facts, frozenset(observed), at)
        return tuple(asked for asked, check in self._checks.items() if check(view))
