"""Which skill can stand in for which, and what is lost on the way.

An edge *a → b* with cost *c* says that whoever has *a* at level *l* has *b* at level *l - c*.  The
graph exists while rules are loaded; what decides at run time is its closure, a plain dictionary
from each skill to the skills that cover it, each at its cheapest cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

TOP = 5.0  # levels are real numbers from 0 (none) to 5
MAX_SKILLS = 10_000
MAX_EDGES = 100_000
MAX_PAIRS = 100_000  # of a skill and another one that covers it

Edges = Mapping[str, Mapping[str, float]]


class SkillsError(ValueError):
    """The graph cannot be compiled; *skill* and *other* name the edge at fault, where one is."""

    def __init__(self, fault: str, skill: str = "", other: str = "") -> None:
        super().__init__(fault)
        self.skill, self.other = skill, other


@dataclass(frozen=True, slots=True)
class Skills:
    """The compiled graph.

    *known* holds every name; *covers* leads from a skill to all that can stand in for it, itself
    included at cost 0.
    """

    known: frozenset[str] = frozenset()
    covers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def level(
        self, agent_skills: Mapping[str, float], skill: str, most: float | None = None
    ) -> tuple[float, str, float]:
        """An agent's effective level in *skill*, the skill it comes by, and the levels lost, of
        which there may be *most*.

        The best over all ways, the cheapest and then the first by name where several are equal;
        ``(0.0, "", 0.0)`` where there is none.  A skill that is not known counts for itself alone.
        """
        best, via, lost = 0.0, "", 0.0
        for source, cost in self.covers.get(skill, {skill: 0.0}).items():
            if most is not None and cost > most:
                continue
            level = agent_skills.get(source, 0.0) - cost
            if level > best or (level == best > 0.0 and (cost, source) < (lost, via)):
                best, via, lost = level, source, cost
        return min(best, TOP), via, lost

    def meets(
        self,
        agent_skills: Mapping[str, float],
        need: Mapping[str, float],
        most: float | None = None,
    ) -> bool:
        """Whether every skill asked for is there at its level, *most* levels lost for each."""
        return all(
            self.level(agent_skills, skill, most)[0] >= least for skill, least in need.items()
        )

    def losses(self, skills: Iterable[str]) -> list[float]:
        """The different numbers of levels that are lost where others stand in for these skills."""
        found = {cost for skill in skills for cost in self.covers.get(skill, {}).values()}
        return sorted(found | {0.0})

    def profile(self, agent_skills: Mapping[str, float]) -> dict[str, float]:
        """All effective levels above 0, for a table that is looked up many times."""
        levels = {
            skill: self.level(agent_skills, skill)[0] for skill in {*self.covers, *agent_skills}
        }
        return {skill: level for skill, level in sorted(levels.items()) if level > 0.0}


def joined(one: Skills, other: Skills) -> Skills:
    """Both graphs side by side; what both say of a pair of skills holds as *one* has it."""
    covers = {
        skill: {**other.covers.get(skill, {}), **one.covers.get(skill, {})}
        for skill in {**other.covers, **one.covers}
    }
    return Skills(one.known | other.known, covers)


def compile_skills(edges: Edges) -> Skills:
    """Compile the graph: each skill with the skills that it covers and the cost of each.

    Raises `SkillsError` for a skill that covers itself or an unknown one, for a cost that is not a
    number from 0 up, and for a graph beyond the limits of this module.
    """
    count = sum(map(len, edges.values()))
    if len(edges) > MAX_SKILLS or count > MAX_EDGES:
        raise SkillsError(f"at most {MAX_SKILLS} skills and {MAX_EDGES} “covers” can be compiled")
    for skill, covered in edges.items():
        for other, cost in covered.items():
            _check_edge(edges, skill, other, cost)
    covers: dict[str, dict[str, float]] = {skill: {skill: 0.0} for skill in edges}
    if count:
        _close(edges, covers)
    return Skills(frozenset(edges), covers)


def synonyms(edges: Edges) -> Iterator[tuple[str, ...]]:
    """Groups of skills that cover each other at no cost: one name would do for each group."""
    free = {a: {b: c for b, c in covered.items() if c == 0} for a, covered in edges.items()}
    if not any(free.values()):
        return
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph([(a, b) for a, covered in free.items() for b in covered])
    for group in nx.strongly_connected_components(graph):
        if len(group) > 1:
            yield tuple(sorted(group))


def _check_edge(edges: Edges, skill: str, other: str, cost: float) -> None:
    if other not in edges:
        raise SkillsError(f"unknown skill “{other}”", skill, other)
    if other == skill:
        raise SkillsError("a skill cannot cover itself", skill, other)
    if not (math.isfinite(cost) and cost >= 0):
        raise SkillsError("the levels lost are a number from 0 up", skill, other)


def _close(edges: Edges, covers: dict[str, dict[str, float]]) -> None:
    """Add the cheapest cost from every skill to all it reaches, to the dictionaries of *covers*."""
    import networkx as nx  # half a second to import: only where a graph is compiled

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_weighted_edges_from(
        (skill, other, abs(float(cost)))  # abs: -0.0 is 0
        for skill, covered in edges.items()
        for other, cost in covered.items()
        if cost < TOP
    )
    pairs = 0
    for skill in edges:
        if not graph.out_degree(skill):
            continue
        reached = nx.single_source_dijkstra_path_length(graph, skill, cutoff=TOP)
        pairs += len(reached)
        if pairs > MAX_PAIRS:
            raise SkillsError(f"more than {MAX_PAIRS} pairs of skills cover each other", skill)
        for other, cost in reached.items():
            if cost < TOP:
                covers[other][skill] = float(cost)
