"""What the rules were shown of a message, from its record and the private rows beside it.

Numbers of conditions mean something only under the rule set they were observed by.  To ask another
one, the message is read again; where it has been erased, nobody can say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from omniroute.core.conditions import LANGUAGE
from omniroute.core.inputs import MessageReceived, Reseen
from omniroute.core.model import Evidence, Fact, Phase, Thread, ThreadId
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.core.states import WAITING
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.api import Reader

T = TypeVar("T")

_body = msgspec.json.Decoder(Body)
_reached = msgspec.json.Decoder(Reached)
_thread = msgspec.json.Decoder(Thread)


def rows_for(message: MessageReceived) -> list[str]:
    """The private rows that hold what the rules were shown of a message."""
    return [f"b/{message.message}", *(f"p/{handle}" for handle in _vouched(message))]


def texts(message: MessageReceived, rows: Mapping[str, bytes]) -> Texts | None:
    """What was shown of a message; ``None`` where its text is no longer kept."""
    body = _read(_body, rows.get(f"b/{message.message}"))
    if body is None:
        return None
    found = [_read(_reached, rows.get(f"p/{handle}")) for handle in _vouched(message)]
    sender = found[0]
    return Texts(
        text=body.text,
        subject=body.subject,
        emails=tuple(
            reached.value
            for reached in found
            if reached and reached.kind == "email" and message.sender.verified
        ),
        name=sender.display if sender else "",
        language=str(message.facts.get(LANGUAGE) or ""),
    )


def facts_of(entry: Entry, thread: ThreadId) -> dict[str, Any] | None:
    """The facts by which a record routed a thread; ``None`` if it did not."""
    for why in entry.why:
        if why.get("about") == "route" and why.get("thread") == thread:
            facts = dict(why.get("facts", {}))
            return {**facts, "tags": tuple(facts.get("tags", ()))}
    return None


def reseen(
    reader: Reader, rules: RuleSet, routed: Mapping[ThreadId, list[int]]
) -> Iterator[Reseen]:
    """Every waiting thread as *rules* see it.

    *routed* are the records that routed each thread, the latest first.  Whose text is erased is
    left out, and stays under the rules it was queued by.
    """
    for thread, records in routed.items():
        for seq in records:
            entry = decode(reader.tail(seq - 1, 1)[0].body)
            if not isinstance(entry.input, MessageReceived):
                continue  # evaluated again: what the customer wrote is further back
            said = texts(entry.input, reader.get(rows_for(entry.input)))
            facts = facts_of(entry, thread)
            if said is not None and facts is not None:
                yield Reseen(thread, _plain(facts), rules.observer.observe(said))
            break


def waiting(reader: Reader) -> list[Thread]:
    """The threads for which somebody is sought."""
    found: list[Thread] = []
    after = ""
    while rows := reader.scan("t/", after):
        threads = [_thread.decode(row) for _, row in rows]
        found += [t for t in threads if t.phase in WAITING or t.phase is Phase.OFFERED]
        after = rows[-1][0]
    return found


def _plain(facts: Mapping[str, Any]) -> dict[str, Fact]:
    return {name: value for name, value in facts.items() if not isinstance(value, tuple)}


def _vouched(message: MessageReceived) -> list[str]:
    """The sender's handle, and those that verified evidence gives them besides."""
    sure = [c.handle.id for c in message.claims if c.evidence is Evidence.VERIFIED]
    return [message.sender.id, *sure]


def _read(decoder: msgspec.json.Decoder[T], row: bytes | None) -> T | None:
    try:
        return None if row is None else decoder.decode(row)
    except msgspec.DecodeError:
        return None
