"""A decision that was taken, as a test: what the rules were asked, and what they made of it.

Nothing of what the customer wrote, is called or can be reached at goes into it.  The record holds
which conditions held of their words; the test has other words, made up so that the same hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from omniroute.core.conditions import PRIVATE, Leaf, leaves
from omniroute.core.model import Fact
from omniroute.core.observations import Texts
from omniroute.core.rules import EnrichRule, RouteRule, Routing, RuleSeen, RuleSet
from omniroute.core.spans import UNITS
from omniroute.core.urgency import PRIORITIES
from omniroute.rules.testing.samples import sample
from omniroute.rules.testing.trial import OF_THE_ENGINE

_WORDS = {number: word for word, number in PRIORITIES.items()}
_PLAIN = re.compile(r"[A-Za-z][\w.-]*")
_SENDER = "customer@mail.example"


class Decided(msgspec.Struct, frozen=True):
    """What the server's explanation of a thread holds; the rest of it is left out."""

    at: int
    facts: dict[str, Fact | list[str]]
    rules: tuple[RuleSeen, ...]
    routing: Routing


class Recorded(msgspec.Struct, frozen=True):
    """The test as a piece of YAML, and what could not be brought over."""

    text: str
    doubts: tuple[str, ...]


def record(decided: Decided, rules: RuleSet, name: str) -> Recorded:
    """A test of what was decided, for these rules."""
    held, doubts = _held(decided, rules)
    texts = _texts(held, str(decided.facts.get("message.language") or ""))
    doubts += _unlike(held, rules, texts)
    given = dict(_given(decided, texts))
    lines = [f"  - name: {_quoted(name)}", f"    at: {_moment(decided.at)}", "    given:"]
    lines += [f"      {fact}: {_value(value)}" for fact, value in given.items()]
    lines.append(f"    expect: {_flow(_expected(decided.routing))}")
    return Recorded("\n".join([*lines, ""]), tuple(doubts))


def _held(decided: Decided, rules: RuleSet) -> tuple[dict[int, tuple[Leaf, bool]], list[str]]:
    """Private conditions of *rules* by number, and whether they held then."""
    every: list[EnrichRule | RouteRule] = [*rules.enrich, *rules.route]
    by_id = {rule.id: [leaf for leaf, _ in leaves(rule.when)] for rule in every}
    found: dict[int, tuple[Leaf, bool]] = {}
    doubts: list[str] = []
    for rule in decided.rules:
        now = by_id.get(rule.id, [])
        if [leaf.fact for leaf in now] != [seen.fact for seen in rule.leaves]:
            doubts.append(f"rule {rule.id} asks for something else now")
            continue
        for leaf, seen in zip(now, rule.leaves, strict=True):
            if leaf.private:
                found[leaf.number] = (leaf, seen.ok is not seen.negated)
    return found, doubts


def _texts(held: Mapping[int, tuple[Leaf, bool]], language: str) -> Texts:
    """Words, a subject, an address and a name of which the same conditions hold."""
    pieces: dict[str, list[str]] = {fact: [] for fact in PRIVATE}
    for leaf, holds in held.values():
        if holds and (text := sample(leaf.test)) is not None:
            pieces[leaf.fact].append(text)
    emails = pieces["customer.email"] or [_SENDER]
    return Texts(
        text=". ".join(dict.fromkeys(pieces["message.text"])) or "Hello",
        subject=". ".join(dict.fromkeys(pieces["message.subject"])),
        emails=tuple(dict.fromkeys(emails)),
        name=" ".join(dict.fromkeys(pieces["customer.name"])),
        language=language,
    )


def _unlike(held: Mapping[int, tuple[Leaf, bool]], rules: RuleSet, texts: Texts) -> list[str]:
    observed = set(rules.observer.observe(texts))
    wrong = {leaf.fact for n, (leaf, holds) in held.items() if (n in observed) is not holds}
    return [f"no {fact} could be made up that is like it: write one" for fact in sorted(wrong)]


def _given(decided: Decided, texts: Texts) -> Iterator[tuple[str, object]]:
    facts = decided.facts
    yield "channel", facts.get("channel", "email")
    asked = {fact for rule in decided.rules for leaf in rule.leaves for fact in leaf.asks}
    reopened = facts.get("thread.reopened") is True
    for fact, value in sorted(facts.items()):
        if fact in ("channel", "account") and fact not in asked:
            continue
        if value in (False, 0) or (fact in ("tags", "thread.deflected") and not reopened):
            continue
        if fact == "message.verified" or fact == "channel":
            continue
        yield fact, _span(int(value)) if fact == "thread.idle" and isinstance(value, int) else value
    if facts.get("message.verified") is False:
        yield "message.verified", False
    yield "message.text", texts.text
    said = {"message.subject": texts.subject, "customer.name": texts.name}
    for fact, text in said.items():
        if text or fact in asked:
            yield fact, text or None
    if "customer.email" in asked:
        yield "customer.email", list(texts.emails)
    for fact in sorted(asked - facts.keys() - PRIVATE):
        if not fact.startswith(OF_THE_ENGINE):
            yield fact, None


def _expected(routing: Routing) -> dict[str, object]:
    found: dict[str, object] = {"rule": routing.rule or None, "queue": routing.queue}
    found["priority"] = _WORDS.get(routing.priority, routing.priority)
    if routing.enriched:
        found["enriched"] = list(routing.enriched)
    if routing.tags:
        found["tags"] = list(routing.tags)
    first = routing.steps[0]
    if first.need and not first.agents:
        found["need"] = dict(sorted(first.need.items()))
    found["first_reply"] = _span(routing.sla.first_reply)
    if routing.deflect:
        found["article"] = first.article
    elif routing.reply:
        found["reply"] = routing.reply
    return found


# --- YAML ----------------------------------------------------------------------------------------


def _span(ms: int) -> str:
    """A span in all of its units, so that it is exactly the one it was."""
    said = ""
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        number, ms = divmod(ms, size)
        said += f"{number}{unit}" if number else ""
    return said or "1ms"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).isoformat()


def _value(value: object) -> str:
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _flow(value: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in ("true", "false", "null"):
        return text
    return json.dumps(text, ensure_ascii=False)


def appended(existing: str, tests: Iterable[str], rules: str = "") -> str:
    """A file of tests with more of them at its end; a new one where there was nothing.

    *rules* says where the rules of a new file are, if they are not in the folder above.
    """
    new = (f"rules: {_quoted(rules)}\n" if rules else "") + "tests:\n"
    return (existing.rstrip() + "\n\n" if existing.strip() else new) + "\n".join(tests)
