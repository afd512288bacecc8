"""Many threads and many agents in one decision, beside what an optimal assignment would do."""

from __future__ import annotations

import networkx as nx
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omniroute.core.conditions import Always, Is, Leaf
from omniroute.core.events import OfferMade
from omniroute.core.inputs import RulesLoaded, StatusDeclared
from omniroute.core.model import Status
from omniroute.core.rules import Defaults, EnrichRule, Queue, RouteRule, RuleSet
from omniroute.core.skills import compile_skills
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

SKILLS = tuple("abc")


def rules(version: str) -> RuleSet:
    """The channel says which skill is asked for."""
    return RuleSet(
        version,
        Defaults("general"),
        enrich=tuple(
            EnrichRule(s, Leaf(n, "channel", Is((s,))), need={s: 1}) for n, s in enumerate(SKILLS)
        ),
        route=(RouteRule("all", Always(), "general"),),
        queues={"general": Queue("general")},
        skills=compile_skills({skill: {} for skill in SKILLS}),
    )


def full(version: str) -> RuleSet:
    """Rules under which nobody is asked: a queue of a team that nobody is in."""
    made = rules(version)
    return RuleSet(
        version,
        made.defaults,
        enrich=made.enrich,
        route=made.route,
        queues={"general": Queue("general", teams=("nobody",))},
        skills=made.skills,
    )


def opened(asked: list[str], known: list[tuple[frozenset[str], int]]) -> Rig:
    """Customers who wait, one for each skill in *asked*; agents who know something and cannot
    be asked yet; then the rules are activated under which they can: one input."""
    rig = Rig(full("before"))
    for number, (skills, capacity) in enumerate(known):
        rig.agent(f"a{number}", capacity=capacity, skills=dict.fromkeys(sorted(skills), 2.0))
    for number, skill in enumerate(asked):
        customer(rig, number, skill).on(skill).says("hello")
        rig.wait(seconds=1)
    rig.adopt(rules("after"))
    return rig


def customer(rig: Rig, number: int, channel: str) -> Customer:
    """Somebody with an address on this channel."""
    return Customer(rig.stage, f"c{number}", {channel: f"v{number}"}, verified=False)


def most_served(asked: list[str], known: list[tuple[frozenset[str], int]]) -> int:
    """The size of a largest assignment, by Hopcroft and Karp."""
    graph: nx.Graph[tuple[str, int, int]] = nx.Graph()
    threads = [("thread", number, 0) for number in range(len(asked))]
    graph.add_nodes_from(threads)
    for thread, skill in zip(threads, asked, strict=True):
        for number, (skills, capacity) in enumerate(known):
            if skill in skills:
                graph.add_edges_from((thread, ("unit", number, n)) for n in range(capacity))
    return len(nx.bipartite.hopcroft_karp_matching(graph, threads)) // 2


ASKED = st.lists(st.sampled_from(SKILLS), min_size=1, max_size=8)
KNOWN = st.lists(
    st.tuples(st.frozensets(st.sampled_from(SKILLS), min_size=1), st.integers(1, 2)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(ASKED, KNOWN)
@example(["a", "b"], [(frozenset("ab"), 1), (frozenset("a"), 1)])
def test_as_many_are_served_at_once_as_by_an_optimal_assignment(
    asked: list[str], known: list[tuple[frozenset[str], int]]
) -> None:
    rig = opened(asked, known)
    activated = rig.machine.journal[-1]
    assert isinstance(activated.input, RulesLoaded)
    made = [event for event in activated.decision.events if isinstance(event, OfferMade)]
    assert len(made) == most_served(asked, known)


@settings(max_examples=40, deadline=None)
@given(ASKED, KNOWN)
def test_nobody_waits_for_the_sake_of_somebody_who_came_later(
    asked: list[str], known: list[tuple[frozenset[str], int]]
) -> None:
    rig = opened(asked, known)
    served = [bool(thread.offers) for thread in sorted(rig.threads, key=lambda t: t.id)]
    for number, done in enumerate(served):
        if not done:  # those before it that were served, and it, are more than can be
            kept = [s for s, was in zip(asked[:number], served, strict=False) if was]
            assert most_served([*kept, asked[number]], known) == len(kept)


def test_the_best_agent_is_kept_for_whoever_has_nobody_else_and_the_why_says_so() -> None:
    rig = opened(["a", "b"], [(frozenset("ab"), 1), (frozenset("a"), 1)])
    first, second = sorted(rig.threads, key=lambda thread: thread.id)
    assert [offer.agent for offer in first.offers] == ["a1"]
    assert [offer.agent for offer in second.offers] == ["a0"]
    assert rig.why(first)[-1]["spared"] == "a0"
    assert "spared" not in rig.why(second)[-1]


def test_whoever_is_not_needed_elsewhere_is_chosen_by_the_policy() -> None:
    rig = opened(["a", "b"], [(frozenset("a"), 1), (frozenset("ab"), 1), (frozenset("ab"), 1)])
    first, second = sorted(rig.threads, key=lambda thread: thread.id)
    assert [offer.agent for offer in first.offers] == ["a0"]
    assert [offer.agent for offer in second.offers] == ["a1"]
    assert all("spared" not in why for why in rig.why(first))


def test_agents_who_come_one_by_one_are_asked_one_by_one_however_it_is_batched() -> None:
    rig = Rig(rules("only"))
    agents = [rig.agent(name, skills={"a": 1.0}, status="offline") for name in ("ana", "bo")]
    for number in range(2):
        rig.customer(f"c{number}", a=f"v{number}").on("a").says("hello")
    for agent in agents:
        agent.goes("online")
    assert [d.input.status for d in rig.machine.journal if isinstance(d.input, StatusDeclared)][
        -2:
    ] == [Status.ONLINE, Status.ONLINE]
    assert [len(thread.offers) for thread in rig.threads] == [1, 1]
