"""`rules.*`: what a rule set makes of a message, beside a chain of plain ifs.

`rules.route` has fifty messages come again and again; what no rule can tell apart is judged once
and kept.  `rules.route.new` has no two messages alike, and each is held against all fifty rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count, cycle, islice
from pathlib import Path
from typing import TypeAlias

from omniroute.bench import sample
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale
from omniroute.core.conditions import All, Condition, Is, Leaf
from omniroute.core.ladder import Stage
from omniroute.core.model import Fact
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet, route

ROWS = ("rules.route", "rules.route.new")

Asked: TypeAlias = Mapping[str, Fact]

RULES = 50
CHANNELS = ("email", "webchat", "telegram", "slack", "form")
CHAIN = tuple(
    (
        CHANNELS[number % len(CHANNELS)],
        f"topic-{number}",
        (f"rule-{number}", "general", {"billing": 1.0 + number % 4}),
    )
    for number in range(RULES)
)


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    rules = rule_set()
    sources: dict[str, Iterator[Asked]] = {
        ROWS[0]: cycle([_facts(number) for number in range(RULES)]),
        ROWS[1]: (_facts(number) for number in count(RULES)),
    }
    return [
        await _beside(name, rules, messages, scale, progress)
        for name, messages in sources.items()
        if name in names
    ]


async def _beside(
    name: str, rules: RuleSet, messages: Iterator[Asked], scale: Scale, progress: Progress
) -> Row:
    def rate(ask: Callable[[Asked], object]) -> float:
        asked = list(islice(messages, scale.routings))
        began = time.thread_time()
        for facts in asked:
            ask(facts)
        return scale.routings / (time.thread_time() - began)

    async def ours() -> float:
        return rate(lambda facts: route(rules, facts, (), sample.NOON))

    async def floor() -> float:
        return rate(chain)

    return await in_turn(name, "messages/s", scale.rounds, ours, floor, progress)


def rule_set() -> RuleSet:
    """Fifty rules of two conditions each, every one of which decides as many messages."""
    rules = tuple(
        RouteRule(
            f"rule-{number}",
            _both(number),
            queue="general",
            stages=(Stage(need={"billing": 1.0 + number % 4}),),
        )
        for number in range(RULES)
    )
    return RuleSet("bench", Defaults("general"), route=rules, queues={"general": Queue("general")})


def chain(facts: Asked) -> tuple[str, str, dict[str, float]] | None:
    """The same fifty rules, as a program of its own would ask them."""
    channel, topic = facts.get("channel"), facts.get("topic")
    for wanted_channel, wanted_topic, decided in CHAIN:
        if channel == wanted_channel and topic == wanted_topic:
            return decided
    return None


def _both(number: int) -> Condition:
    channel = Leaf(2 * number, "channel", Is((CHANNELS[number % len(CHANNELS)],)))
    return All((channel, Leaf(2 * number + 1, "topic", Is((f"topic-{number}",)))))


def _facts(number: int) -> Asked:
    return {"channel": CHANNELS[number % len(CHANNELS)], "topic": f"topic-{number}"}
