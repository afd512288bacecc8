"""``set:``, ``to:`` and ``relax:``: what a rule does when it matches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from omniroute.core.ladder import Stage
from omniroute.core.rules import SKIP_IF, Sla, SlaChange
from omniroute.rules.grammar import ALWAYS, BESIDES_LEVELS, NEVER
from omniroute.rules.needs import NOTHING, Names, Required, is_skill, is_template, required
from omniroute.rules.reading import Reader
from omniroute.rules.widening import Widening, cost, unrolled, widening
from omniroute.rules.yaml12 import Fields, Node, Scalar


class Added(msgspec.Struct):
    """What a ``set`` says."""

    required: Required
    priority: int | None
    sla: SlaChange
    tags: tuple[str, ...]
    weight: int | None
    boost: int | None


def added(reader: Reader, node: Node, names: Names) -> Added:
    """The ``set`` of an enriching rule."""
    given = reader.shape(node, "set")
    if isinstance(node, Fields) and not node.entries:
        reader.fault(node, "an empty “set”", "say what the rule adds, or remove the rule")
    return Added(
        required=required(reader, given["need"], names) if "need" in given else NOTHING,
        priority=reader.priority(given["priority"]) if "priority" in given else None,
        sla=sla_change(reader, given["sla"], names) if "sla" in given else SlaChange(),
        tags=reader.texts(given["tags"], "a tag") if "tags" in given else (),
        weight=reader.integer(given["weight"], 1, 100) if "weight" in given else None,
        boost=reader.span(given["boost"]) if "boost" in given else None,
    )


def sla_change(reader: Reader, node: Node, names: Names) -> SlaChange:
    """A promise, or what changes of it."""
    given = reader.shape(node, "sla")
    clock: str | None = None
    if "clock" in given:
        clock = reader.reference(given["clock"], "calendar", {*names.calendars, ALWAYS})
        clock = "" if clock == ALWAYS else clock
    return SlaChange(
        first_reply=reader.span(given["first_reply"]) if "first_reply" in given else None,
        next_reply=reader.span(given["next_reply"]) if "next_reply" in given else None,
        resolution=reader.span(given["resolution"]) if "resolution" in given else None,
        clock=clock,
    )


def sla(change: SlaChange) -> Sla:
    """A promise from what was said of it."""
    said = {
        key: value for key, value in msgspec.structs.asdict(change).items() if value is not None
    }
    return msgspec.structs.replace(Sla(), **said)


def stages(reader: Reader, node: Node, names: Names) -> list[Stage]:
    """A ``to``: one stage, or several where needs end or costs rise by themselves."""
    given = reader.shape(node, "to")
    lapses: dict[str, int] = {}
    if "need" in given:
        given["need"], lapses = _without_ends(reader, given["need"])
    widened = widening(reader, given.pop("widen")) if "widen" in given else Widening()
    first = _stage(reader, given, names)
    found = unrolled(reader, node, first, lapses, widened)
    if "wait_for" in given:
        return _waited_for(reader, given, found)
    return found


def _waited_for(reader: Reader, given: Mapping[str, Node], found: list[Stage]) -> list[Stage]:
    """A step ahead for those whom the rule prefers, while they are there."""
    first, *rest = found
    if not first.prefer:
        reader.fault(given["wait_for"], "“wait_for” without “prefer”", "say whom to wait for")
    ahead = Stage(
        need=first.need,
        ask=first.ask,
        queue=first.queue,
        agents=first.prefer,
        span=reader.span(given["wait_for"]),
        skip_if="nobody_present",
        regardless=first.regardless,
        crowd=first.crowd,
        implied=True,
    )
    return [
        ahead,
        replace(first, need={}, ask=None, queue="", regardless=False, crowd=False),
        *rest,
    ]


def _without_ends(reader: Reader, node: Node) -> tuple[Node, dict[str, int]]:
    """Needs as plain levels, and when those end that have an end."""
    if not isinstance(node, Fields):
        return node, {}
    entries, lapses = dict(node.entries), {}
    for skill, (key, value) in node.entries.items():
        if isinstance(value, Fields) and skill not in BESIDES_LEVELS:
            given = reader.shape(value, "need with an end")
            span = reader.span(given["for"]) if "for" in given else None
            if span is not None:
                lapses[skill] = span
            if "level" in given:
                entries[skill] = key, given["level"]
            else:
                del entries[skill]
    return msgspec.structs.replace(node, entries=entries), lapses


def step(reader: Reader, node: Node, names: Names) -> Stage:
    """A step of ``relax``."""
    return _stage(reader, reader.shape(node, "step"), names)


def _stage(reader: Reader, given: Mapping[str, Node], names: Names) -> Stage:
    dropped = _dropped(reader, given["drop"], names) if "drop" in given else Dropped()
    said = required(reader, given["need"], names) if "need" in given else NOTHING
    if "agent" in given and "agents" in given:
        reader.fault(given["agents"], "both “agent” and “agents”", "keep one of them")
    return Stage(
        need=said.need,
        ask=said.ask,
        drop=dropped.skills,
        drop_all=dropped.all,
        drop_any="any" in dropped.besides,
        drop_not="not" in dropped.besides,
        queue=_reference(reader, given.get("queue"), "queue", names.queues),
        agents=_agents(reader, given, names),
        regardless=_flag(reader, given.get("regardless")),
        span=reader.span(given["for"]) if "for" in given else None,
        skip_if=_skip_if(reader, given),
        broadcast=_flag(reader, given.get("broadcast")),
        tell=reader.text(given["tell_agent"]) or "" if "tell_agent" in given else "",
        add=_named(reader, given.get("add"), "team", names.teams),
        cost=cost(reader, given["widen"]) if "widen" in given else None,
        priority=reader.priority(given["set_priority"]) if "set_priority" in given else None,
        prefer=_preferred(reader, given.get("prefer"), names),
        crowd=_flag(reader, given.get("ignore_capacity")),
        notify=_named(reader, given.get("notify"), "agent or team", _people(names)),
    )


def _reference(reader: Reader, node: Node | None, what: str, known: Collection[str]) -> str:
    return "" if node is None else reader.reference(node, what, known) or ""


def _people(names: Names) -> Collection[str] | None:
    if names.agents is None or names.teams is None:
        return None
    return {*names.agents, *names.teams}


def _named(
    reader: Reader, node: Node | None, what: str, known: Collection[str] | None
) -> tuple[str, ...]:
    """Names of people; where the team is not in a file, any."""
    found: list[str] = []
    for item in reader.several(node) if node is not None else ():
        name = reader.name(item, what) if known is None else reader.reference(item, what, known)
        if name is not None:
            found.append(name)
    return tuple(found)


def _flag(reader: Reader, node: Node | None) -> bool:
    return False if node is None else reader.flag(node) or False


def _skip_if(reader: Reader, given: Mapping[str, Node]) -> str:
    if "skip_if" in given:
        said = reader.choice(given["skip_if"], (*SKIP_IF, NEVER)) or ""
        return "" if said == NEVER else said
    # One named agent is a preference: nobody waits for somebody who is not there.
    return "nobody_present" if "agent" in given else ""


def _agents(reader: Reader, given: Mapping[str, Node], names: Names) -> tuple[str, ...]:
    nodes: Sequence[Node] = ()
    if "agent" in given:
        nodes = [given["agent"]]
    elif "agents" in given:
        nodes = reader.several(given["agents"])
    found = [_agent(reader, node, names) for node in nodes]
    return tuple(agent for agent in found if agent is not None)


def _preferred(reader: Reader, node: Node | None, names: Names) -> tuple[str, ...]:
    found = [_agent(reader, item, names) for item in reader.several(node)] if node else []
    return tuple(agent for agent in found if agent is not None)


def _agent(reader: Reader, node: Node, names: Names) -> str | None:
    if isinstance(node, Scalar) and "{" in node.text:
        return node.text if is_template(reader, node, node.text, names) else None
    if names.agents is None:
        return reader.name(node, "an agent")
    return reader.reference(node, "agent", names.agents)


class Dropped(msgspec.Struct, frozen=True):
    """What a ``drop`` says."""

    skills: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()  # of `any` and `not`
    all: bool = False


def _dropped(reader: Reader, node: Node, names: Names) -> Dropped:
    if isinstance(node, Scalar) and node.text == "all":
        return Dropped(all=True)
    found: list[str] = []
    besides: list[str] = []
    for item in reader.several(node):
        skill = reader.text(item, "a skill")
        if skill in ("any", "not"):
            besides.append(skill)
        elif skill is not None and is_skill(reader, item, skill, names):
            found.append(skill)
    return Dropped(tuple(found), tuple(besides))
