"""What a rule asks of agents: levels of skills, one of several ways to qualify, what bars."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from omniroute.core.conditions import FACTS, PRIVATE, Kind
from omniroute.core.ladder import holes
from omniroute.core.model import AgentId, Ask, Needs
from omniroute.core.requirements import both
from omniroute.rules.grammar import BESIDES_LEVELS
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import Fields, Items, Node


@dataclass(frozen=True, slots=True)
class Names:
    """What rules may refer to.  *agents* is None where the team is not in a file."""

    calendars: Collection[str] = ()
    skills: frozenset[str] = frozenset()
    queues: Collection[str] = ()
    replies: Collection[str] = ()
    agents: Collection[str] | None = None
    facts: Mapping[str, Kind] = field(default_factory=dict)
    articles: str = ""  # what stands before an article's path
    teams: Collection[str] | None = None


class Required(msgspec.Struct, frozen=True):
    """What a ``need`` says."""

    need: Needs = {}
    ask: Ask | None = None


NOTHING = Required()


def required(reader: Reader, node: Node, names: Names) -> Required:
    """A ``need``: levels by skill, and under ``any``, ``all`` and ``not`` whatever else.

    A skill may be a template such as ``lang.{message.language}``.
    """
    said = _said(reader, node, names, "need: {refunds: 3}")
    rest = replace(said, need=())
    return Required(dict(said.need), None if rest == Ask() else rest)


def _said(reader: Reader, node: Node, names: Names, example: str) -> Ask:
    """A requirement with all its parts."""
    if not isinstance(node, Fields) or not node.entries:
        reader.wrong(node, "a level by skill", example)
        return Ask()
    found: Ask | None = Ask()
    levels: Needs = {}
    for skill, (key, value) in node.entries.items():
        if skill in BESIDES_LEVELS:
            found = both(found, besides(reader, skill, value, names))
            continue
        level = reader.level(value)
        if is_skill(reader, key, skill, names) and level is not None:
            levels[skill] = level
    return both(found, Ask(need=tuple(levels.items()))) or Ask()


def besides(reader: Reader, word: str, node: Node, names: Names) -> Ask | None:
    """What stands in a requirement under one of `BESIDES_LEVELS`."""
    if word == "agents":
        found = [_agent(reader, item, names) for item in reader.several(node)]
        return Ask(agents=tuple(name for name in found if name is not None))
    parts = [_said(reader, item, names, f"{word}: [{{refunds: 3}}]") for item in _parts(node)]
    if not parts:
        reader.wrong(node, "a list of requirements", f"{word}: [{{refunds: 3}}]")
    if word == "any":
        return Ask(any=(tuple(parts),)) if parts else None
    if word == "not":
        return Ask(none=tuple(parts))
    whole: Ask | None = None
    for part in parts:
        whole = both(whole, part)
    return whole


def _parts(node: Node) -> Sequence[Node]:
    return node.items if isinstance(node, Items) else (node,)


def _agent(reader: Reader, node: Node, names: Names) -> AgentId | None:
    if names.agents is None:
        return reader.name(node, "an agent")
    return reader.reference(node, "agent", names.agents)


def is_skill(reader: Reader, node: Node, skill: str, names: Names) -> bool:
    if "{" in skill:
        return is_template(reader, node, skill, names)
    if skill not in names.skills:
        reader.unknown(node, "skill", skill, names.skills)
        return False
    return True


def is_template(reader: Reader, node: Node, template: str, names: Names) -> bool:
    facts = holes(template)
    if not facts or template.count("{") != len(facts) or template.count("}") != len(facts):
        fix = "put facts in braces: lang.{message.language}"
        reader.fault(node, f"“{shown(template)}” is no template", fix)
        return False
    public = {
        fact
        for fact, kind in (names.facts or FACTS).items()
        if fact not in PRIVATE and kind not in (Kind.SEVERAL, Kind.CLOCK)
    }
    for fact in facts:
        if fact in PRIVATE:
            why = "what somebody wrote or is called is kept out of decisions"
            reader.fault(node, f"{fact} is private and cannot be put into a name", why)
            return False
        if fact not in public:
            reader.unknown(node, "fact", fact, public)
            return False
    return True
