"""``escalate:``: what happens when a promise is soon due, or late."""

from __future__ import annotations

from collections.abc import Collection

from omniroute.core.rules import EscalateRule
from omniroute.rules.grammar import OWNER, PROMISES
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.yaml12 import Node


def escalation(reader: Reader, id: str, when: Node, do: Node, names: Names) -> EscalateRule:
    """A rule from its two halves; what cannot be read of them is left out, and noted."""
    asked, done = reader.shape(when, "escalation when"), reader.shape(do, "escalation do")
    if "due_in" in asked and "late_by" in asked:
        reader.fault(asked["late_by"], "both “due_in” and “late_by”", "write two rules")
    if not done:
        reader.fault(do, "an empty “do”", "say what happens, or remove the rule")
    left = reader.span(asked["due_in"]) if "due_in" in asked else None
    late = reader.span(asked["late_by"]) if "late_by" in asked else None
    promise = reader.choice(asked["promise"], PROMISES) if "promise" in asked else None
    queue = reader.reference(done["queue"], "queue", names.queues) if "queue" in done else None
    people = None
    if names.agents is not None and names.teams is not None:
        people = {*names.agents, *names.teams, OWNER}
    return EscalateRule(
        id,
        promise or "",
        left_ms=left or -(late or 0),
        queues=_named(reader, asked.get("queue"), "queue", names.queues),
        channels=reader.texts(asked["channel"], "a channel") if "channel" in asked else (),
        tags=reader.texts(asked["tags"], "a tag") if "tags" in asked else (),
        priority=reader.priority(done["priority"]) if "priority" in done else None,
        add_tags=reader.texts(done["tags"], "a tag") if "tags" in done else (),
        add_teams=_named(reader, done.get("add"), "team", names.teams),
        queue=queue or "",
        notify=_named(reader, done.get("notify"), "agent or team", people),
    )


def _named(
    reader: Reader, node: Node | None, what: str, known: Collection[str] | None
) -> tuple[str, ...]:
    items = reader.several(node) if node is not None else ()
    if known is None:
        found = [reader.name(item, f"a {what}") for item in items]
    else:
        found = [reader.reference(item, what, known) for item in items]
    return tuple(name for name in found if name is not None)
