"""``escalate:``: what happens when a promise is soon due, or late."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from omniroute.core.conditions import Always
from omniroute.core.rules import EscalateRule
from omniroute.rules.grammar import OWNER, PROMISES
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.whens import COMBINING, Whens
from omniroute.rules.yaml12 import Fields, Node


def escalation(
    reader: Reader, id: str, when: Node, do: Node, names: Names, whens: Whens
) -> EscalateRule:
    """A rule from its two halves; what cannot be read of them is left out, and noted."""
    own, besides = halves(reader, when, whens, "escalation when")
    asked, done = reader.shape(own, "escalation when"), reader.shape(do, "escalation do")
    condition = whens.condition(reader, besides) if besides is not None else Always()
    if "due_in" in asked and "late_by" in asked:
        reader.fault(asked["late_by"], "both “due_in” and “late_by”", "write two rules")
    if not done:
        reader.fault(do, "an empty “do”", "say what happens, or remove the rule")
    left = reader.span(asked["due_in"]) if "due_in" in asked else None
    late = reader.span(asked["late_by"]) if "late_by" in asked else None
    promise = reader.choice(asked["promise"], PROMISES) if "promise" in asked else None
    queue = reader.reference(done["queue"], "queue", names.queues) if "queue" in done else None
    return EscalateRule(
        id,
        promise or "",
        left_ms=left or -(late or 0),
        queues=named(reader, asked.get("queue"), "queue", names.queues),
        priority=reader.priority(done["priority"]) if "priority" in done else None,
        add_tags=reader.texts(done["tags"], "a tag") if "tags" in done else (),
        add_teams=named(reader, done.get("add"), "team", names.teams),
        queue=queue or "",
        notify=named(reader, done.get("notify"), "agent or team", people(names)),
        when=condition or Always(),
    )


def people(names: Names) -> Collection[str] | None:
    """Whom a rule may have told; None where the team is not known."""
    if names.agents is None or names.teams is None:
        return None
    return {*names.agents, *names.teams, OWNER}


def halves(reader: Reader, when: Node, whens: Whens, shape: str) -> tuple[Node, Fields | None]:
    """What has keys of that shape, and the condition beside it, if there is one."""
    if not isinstance(when, Fields):
        return when, None
    keys, conditions = reader.shapes[shape], {*whens.facts, *COMBINING}
    own = {key: entry for key, entry in when.entries.items() if key in keys}
    rest = {key: entry for key, entry in when.entries.items() if key in conditions}
    for key, (node, _) in when.entries.items():
        if key not in own and key not in rest:
            reader.unknown(node, "key", key, {*keys, *conditions})
    besides = replace(when, entries=rest) if rest else None
    return replace(when, entries=own), besides


def named(
    reader: Reader, node: Node | None, what: str, known: Collection[str] | None
) -> tuple[str, ...]:
    """The names in a list, or a single one, each of those that are *known*."""
    items = reader.several(node) if node is not None else ()
    if known is None:
        found = [reader.name(item, f"a {what}") for item in items]
    else:
        found = [reader.reference(item, what, known) for item in items]
    return tuple(name for name in found if name is not None)
