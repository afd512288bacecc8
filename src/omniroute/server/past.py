"""A decision of the past, explained by the rules of its time.

The record has the facts that were asked for and the numbers of the private conditions that held;
the rules of its time are kept by their version.  What was written is not needed, and where it has
been erased the explanation is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Agent, Thread
from omniroute.errors import Refused
from omniroute.rules.explain import explain
from omniroute.rules.load import parse_rules
from omniroute.rules.tell import tell
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
    entry, why = _last(reader, thread, records, at)
    version = str(why.get("rules") or entry.rules)
    sources = versions.sources(reader, version)
    if sources is None:
        raise Refused("no_rules", f"The rules of that time ({version}) are not kept.")
    rules = parse_rules(dict(versions.files_in(sources)))
    explanation = explain(
        rules,
        facts_of(entry, thread) or {},
        at=entry.at,
        team=[_agent(row) for _, row in reader.scan("a/")],
        observed=_observed(entry, why, version),
        live=isinstance(entry.input, MessageReceived) and entry.input.live,
    )
    text = tell(explanation, rules, f"#{thread}")
    return {"text": text + _since(reader, thread), "explanation": explanation}


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
