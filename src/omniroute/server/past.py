"""A decision of the past, explained by the rules of its time.

The record has the facts that were asked for and the numbers of the private conditions that held;
the rules of its time are kept by their version.  What was written is not needed, and where it has
been erased the explanation is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from omniroute.core.inputs import MessageReceived
from omniroute.core.model import Agent, Thread
from omniroute.errors import Refused
from omniroute.rules.explain import explain
from omniroute.rules.load import parse_rules
from omniroute.rules.tell import tell
from omniroute.runtime.record import Entry, decode
from omniroute.stores.api import Reader

_agent, _thread = msgspec.json.Decoder(Agent).decode, msgspec.json.Decoder(Thread).decode


def explained(reader: Reader, thread: int, seq: int) -> Mapping[str, object]:
    """Why the record *seq* sent *thread* where it went; the team is shown as it stands now."""
    entry = decode(reader.tail(seq - 1, 1)[0].body)
    asked = entry.input
    if not isinstance(asked, MessageReceived):
        raise Refused("no_rules", f"#{thread} was last routed by hand, not by the rules.")
    row = f"r/{asked.rules}"
    sources = reader.get([row]).get(row)
    if sources is None:
        raise Refused("no_rules", f"The rules of that time ({asked.rules}) are not kept.")
    rules = parse_rules(dict(files_in(sources)))
    explanation = explain(
        rules,
        _facts(entry, thread),
        at=entry.at,
        team=[_agent(row) for _, row in reader.scan("a/")],
        observed=asked.observed,
        live=asked.live,
    )
    text = tell(explanation, rules, f"#{thread}")
    return {"text": text + _since(reader, thread), "explanation": explanation}


def _since(reader: Reader, thread: int) -> str:
    """What the rules have no part in: that somebody handed it over since."""
    row = reader.get([f"t/{thread}"]).get(f"t/{thread}")
    if row is None or (now := _thread(row)).rule != "transfer":
        return ""
    return f"\nsince   handed over by hand to {now.queue}; `omniroute why {thread}` says by whom"


def _facts(entry: Entry, thread: int) -> dict[str, Any]:
    for why in entry.why:
        if why.get("about") == "route" and why.get("thread") == thread:
            facts = dict(why.get("facts", {}))
            return {**facts, "tags": tuple(facts.get("tags", ()))}
    return {}


def files_in(sources: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in what `omniroute.rules.load.canonical` made of them."""
    while sources:
        head, _, rest = sources.partition(b"\n")
        name, _, size = head.removeprefix(b"--- ").rpartition(b" ")
        yield name.decode(), rest[: int(size)]
        sources = rest[int(size) :]
