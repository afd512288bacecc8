"""A decision of the past, explained by the rules of its time.

The record has the facts that were asked for and the numbers of the private conditions that held;
the rules of its time are kept by their version.  What was written is not needed, and where it has
been erased the explanation is the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from omniroute.application.reasons import RULES
from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Agent, Phase, Thread
from omniroute.core.rules import RuleSet
from omniroute.core.states import WAITING
from omniroute.errors import Refused
from omniroute.rules.explain import Explanation, explain
from omniroute.rules.tell import body, tell
from omniroute.runtime import versions
from omniroute.runtime.recall import facts_of
from omniroute.runtime.record import Entry, decode
from omniroute.stores.api import Reader

_agent, _thread = msgspec.json.Decoder(Agent).decode, msgspec.json.Decoder(Thread).decode


def explained(
    reader: Reader, thread: int, records: Sequence[int], at: int | None = None
) -> Mapping[str, object]:
    """Why *thread* went where it went, by the first of *records* that routed it.

    The latest of *records* is first; with *at*, what came after that moment (ms) counts not.
    """
    agents = [_agent(row) for _, row in reader.scan("a/")]
    explanation, rules = explain_routing(reader, thread, records, agents, at=at)
    text = tell(explanation, rules, f"#{thread}")
    return {"text": text + _since(reader, thread), "explanation": explanation}


def lines(
    reader: Reader, number: int, records: Sequence[int], thread: Thread | None, now: int
) -> list[str]:
    """The explanation below a headline of its own; empty where nothing can be said.

    *thread* is the open thread; the agents are seen as of where it waits *now*.
    """
    waits = thread is not None and (thread.phase in WAITING or thread.phase is Phase.OFFERED)
    agents = [_agent(row) for _, row in reader.scan("a/")]
    try:
        explanation, _ = explain_routing(
            reader, number, records, agents, thread=thread if waits else None, now=now
        )
    except Refused:
        return []
    return body(explanation, RULES)


def explain_routing(
    reader: Reader,
    number: int,
    records: Sequence[int],
    agents: Sequence[Agent],
    *,
    at: int | None = None,
    thread: Thread | None = None,
    now: int | None = None,
) -> tuple[Explanation, RuleSet]:
    """The explanation, and the rules of that time.

    With *thread*, the agents are seen as of where it waits *now*.  Raises `Refused`.
    """
    entry, why = _last(reader, number, records, at)
    version = str(why.get("rules") or entry.rules)
    rules = _rules(reader, version)
    explanation = explain(
        rules,
        facts_of(entry, number) or {},
        at=entry.at,
        team=agents,
        observed=_observed(entry, why, version),
        live=isinstance(entry.input, MessageReceived) and entry.input.live,
        thread=thread,
        now=now,
    )
    return explanation, rules


_KEPT: OrderedDict[str, RuleSet] = OrderedDict()  # a version says the same for ever
_MOST_KEPT: Final = 4


def _rules(reader: Reader, version: str) -> RuleSet:
    """The rules of a version.  Raises `Refused`."""
    if versions.sources(reader, version) is None:
        raise Refused("no_rules", f"The rules of that time ({version}) are not kept.")
    if (known := _KEPT.get(version)) is None:
        known = _KEPT[version] = versions.kept_rules(reader, version)[0]
        if len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    return known


def _last(
    reader: Reader, thread: int, records: Sequence[int], at: int | None
) -> tuple[Entry, Mapping[str, Any]]:
    """The record that routed the thread, with what was decided.  Raises `Refused`."""
    for seq in records:
        entry = decode(reader.tail(seq - 1, 1)[0].body)
        if at is not None and entry.at > at:
            continue
        for why in entry.why:
            if why.get("about") == "route" and why.get("thread") == thread:
                return entry, why
    raise Refused("no_rules", f"#{thread} was not routed by the rules.")


def _observed(entry: Entry, why: Mapping[str, Any], version: str) -> Sequence[int]:
    """Which private conditions held, by the numbers of that version."""
    if isinstance(entry.input, MessageReceived):
        return entry.input.observed_under(version)
    return tuple(why.get("observed", ()))


def _since(reader: Reader, thread: int) -> str:
    """What the rules have no part in: that somebody handed it over since."""
    row = reader.get([f"t/{thread}"]).get(f"t/{thread}")
    if row is None or (now := _thread(row)).rule != "transfer":
        return ""
    return f"\nsince   handed over by hand to {now.queue}; `omniroute why {thread}` says by whom"
