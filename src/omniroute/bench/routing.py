"""`rules.route`: what a rule set makes of a message, beside a chain of plain ifs."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
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

ROWS = ("rules.route",)

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
    messages = [_facts(number) for number in range(RULES)]

    async def ours() -> float:
        began = time.thread_time()
        for number in range(scale.routings):
            route(rules, messages[number % RULES], (), sample.NOON)
        return scale.routings / (time.thread_time() - began)

    async def floor() -> float:
        began = time.thread_time()
        for number in range(scale.routings):
            chain(messages[number % RULES])
        return scale.routings / (time.thread_time() - began)

    return [await in_turn(ROWS[0], "messages/s", scale.rounds, ours, floor, progress)]


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
