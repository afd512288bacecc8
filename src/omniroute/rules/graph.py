"""Where threads can go, as a picture: rule, queue, what is asked for there, and who can do it.

A `Way` is one line of it: a routing rule, perhaps for messages that an enriching rule adds needs
to, with the requirement of its first step (or of every step) and the agents who meet it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from omniroute.core.model import AgentId, Step
from omniroute.core.requirements import told
from omniroute.core.rules import RouteRule, RuleSet
from omniroute.rules.reach import Variant, able, ladder, variants
from omniroute.rules.team import Member

ONLINE = "online"
_MANY = 4  # agents whose names are told; of more, how many they are


class Way(msgspec.Struct, frozen=True):
    """From a rule to the agents who can take what it matches."""

    rule: str
    queue: str
    asks: str
    able: tuple[AgentId, ...] | None  # None where nobody knows the team
    here: tuple[AgentId, ...] | None = None  # those of them who are online, where that is known
    when: str = ""  # which messages, where an enriching rule asks for more
    step: int = 1
    volume: int | None = None  # threads that the rule has routed

    @property
    def nobody(self) -> str:
        """That nobody can take it, or nobody now; empty where somebody can."""
        if self.able is None:
            return ""
        if not self.able:
            return "nobody in the team"
        return "nobody online" if self.here == () else ""

    @property
    def who(self) -> str:
        """Who can take it, in a few words."""
        named = (self.able or ()) if self.here is None else self.here
        return self.nobody or (", ".join(named) if len(named) <= _MANY else f"{len(named)} agents")


def ways(
    rules: RuleSet,
    team: Sequence[Member] | None,
    *,
    every_step: bool = False,
    statuses: Mapping[AgentId, str] | None = None,
    volumes: Mapping[str, int] | None = None,
) -> tuple[Way, ...]:
    """Every way there is, in the order of the rules; each only once."""
    found: dict[tuple[str, str, str], Way] = {}
    for rule in rules.route:
        if rule.falls_through:
            continue
        for variant in variants(rules):
            for number, (queue, step) in enumerate(ladder(rules, rule, variant), 1):
                if number == 1 or every_step:
                    way = _way(rules, rule, variant, queue, step, team)
                    way = msgspec.structs.replace(way, step=number, volume=_of(volumes, rule.id))
                    if statuses is not None and way.able is not None:
                        here = tuple(a for a in way.able if statuses.get(a) == ONLINE)
                        way = msgspec.structs.replace(way, here=here)
                    found.setdefault((way.rule, way.queue, way.asks), way)
    return tuple(found.values())


def _of(volumes: Mapping[str, int] | None, rule: str) -> int | None:
    return None if volumes is None else volumes.get(rule, 0)


def _way(
    rules: RuleSet,
    rule: RouteRule,
    variant: Variant,
    queue: str,
    step: Step,
    team: Sequence[Member] | None,
) -> Way:
    named = [" or ".join(step.agents)] if step.agents else []
    needs = told(step.need, step.ask)
    asks = ", ".join((*named, *needs)) or "no skill"
    when = ", ".join(f"{fact} {value}" for fact, value in variant.facts.items())
    who = None if team is None else tuple(sorted(able(rules, team, queue, step)))
    return Way(rule.id, queue, asks, who, when=when)


# --- in words ------------------------------------------------------------------------------------


def text(found: Sequence[Way]) -> str:
    """A line for each way, and below in words which needs depend on few, or cannot be met."""
    width = max((len(way.rule) for way in found), default=0)
    lines = [_line(way, width) for way in found]
    return "\n".join([*lines, *in_words(found)])


def _line(way: Way, width: int) -> str:
    arrow = "─▶"
    if way.volume is not None:
        arrow = f"═({way.volume})═▶" if way.volume else "─(0)─▶"
    step = f" (step {way.step})" if way.step > 1 else ""
    asked = f"─▶ {way.asks}" + (f" ─▶ {way.who}" if way.who else "")
    if way.nobody:
        asked = f"╌▶ {way.asks}: {way.nobody}"
    return f"{way.rule:<{width}} {arrow} {way.queue}{step} {asked}"


def in_words(found: Iterable[Way]) -> Iterator[str]:
    """Which needs rest on one agent, and which nobody can meet: in the team, or online now."""
    asked: dict[str, Way] = {}
    for way in found:
        asked.setdefault(f"{way.asks} in {way.queue}", way)
    single = [
        f"{need}: only {w.able[0]}" for need, w in asked.items() if w.able and len(w.able) == 1
    ]
    if single:
        yield "needs that rest on one agent:"
        yield from (f"  {said}" for said in single)
    for nobody in ("nobody in the team", "nobody online"):
        unmet = [_unmet(need, way) for need, way in asked.items() if way.nobody == nobody]
        if unmet:
            yield f"needs that {nobody} can meet:"
            yield from (f"  {said}" for said in unmet)
    if asked and all(way.here for way in asked.values()):
        yield "every need can be met by somebody who is online"


def _unmet(need: str, way: Way) -> str:
    return f"{need} (could: {', '.join(way.able)})" if way.able else need


# --- for other programs --------------------------------------------------------------------------


def rows(found: Iterable[Way]) -> list[dict[str, object]]:
    """The picture as a table."""
    return [
        {
            "rule": way.rule,
            "volume": "" if way.volume is None else way.volume,
            "queue": way.queue,
            "step": way.step,
            "asks": way.asks,
            "who": way.who,
        }
        for way in found
    ]


def mermaid(found: Sequence[Way]) -> str:
    """A flow chart in Mermaid."""
    ids = _Ids()
    lines = ["flowchart LR"]
    for start, end, label, broken in edges(found):
        arrow = "-.->" if broken else "-->"
        said = f"|{label}|" if label else ""
        lines.append(f"  {ids.mermaid(start)} {arrow}{said} {ids.mermaid(end)}")
    return "\n".join(lines)


def dot(found: Sequence[Way]) -> str:
    """A directed graph for Graphviz."""
    lines = ["digraph rules {", "  rankdir=LR", "  node [shape=box, style=rounded]"]
    for start, end, label, broken in edges(found):
        style = ["style=dashed", "color=red"] if broken else []
        said = ", ".join([*([f"label={_quoted(label)}"] if label else []), *style])
        ends = f"{_quoted(start[1])} -> {_quoted(end[1])}"
        lines.append(f"  {ends}{f' [{said}]' if said else ''}")
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


Vertex = tuple[str, str]  # kind, name
Edge = tuple[Vertex, Vertex, str, bool]  # label, broken


def edges(found: Iterable[Way]) -> list[Edge]:
    """Every edge once: rule to queue, queue to need, need to agent."""
    lines: dict[tuple[Vertex, Vertex], Edge] = {}
    for way in found:
        queue, need = ("queue", way.queue), ("need", f"{way.queue}: {way.asks}")
        label = "" if way.volume is None else str(way.volume)
        for edge in (
            (("rule", way.rule), queue, label, False),
            (queue, need, "", bool(way.nobody)),
            *((need, ("agent", agent), "", False) for agent in way.here or way.able or ()),
        ):
            lines.setdefault(edge[:2], edge)
    return list(lines.values())


class _Ids:
    """Short names for vertices, each described where it is first met."""

    _SHAPES: Mapping[str, tuple[str, str]] = {
        "rule": ("[", "]"),
        "queue": ("[/", "/]"),
        "need": ("{{", "}}"),
        "agent": ("([", "])"),
    }

    def __init__(self) -> None:
        self._known: dict[Vertex, str] = {}

    def mermaid(self, vertex: Vertex) -> str:
        if vertex in self._known:
            return self._known[vertex]
        id = self._known[vertex] = f"n{len(self._known)}"
        left, right = self._SHAPES[vertex[0]]
        said = vertex[1].replace('"', "'")
        return f'{id}{left}"{said}"{right}'
