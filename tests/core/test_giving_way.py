"""Requirements that give way step by step: teams added, stand-ins, ends of single needs.

Names in front are those of routing.md 2.1.
"""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.conditions import Always
from omniroute.core.events import StepBegan
from omniroute.core.ladder import Stage, climb
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet
from omniroute.core.skills import compile_skills
from omniroute.testing.rig import Rig

TWO_TEAMS = """
version: 1
defaults: {queue: general}
route:
  - id: all
    to: {queue: general, for: 30s}
    relax: [{add: [b], for: 30s}, {set_priority: high}]
queues: {general: {teams: [a], offer: {timeout: 20s}}}
"""
NEEDS = """
version: 1
skills: {fr: {}, x: {}}
defaults: {queue: general}
route: [{id: all, to: {queue: general, need: {fr: 3, x: {level: 4, for: 60s}}}}]
queues: {general: {}}
"""
GRAPH = """
version: 1
skills: {pt: {}, es: {covers: {pt: 1}}, it: {covers: {pt: 2}}}
defaults: {queue: general}
route: [{id: all, to: {queue: general, need: {pt: 3}, widen: WIDEN}}]
queues: {general: {}}
"""
ANYONE = """
version: 1
skills: {fr: {}}
defaults: {queue: general}
route:
  - id: all
    to: {queue: general, need: {fr: 4}, for: 30s}
    relax: [{need: {fr: 3}, for: 60s}]
    then: anyone
queues: {general: {teams: [a]}}
"""


def test_r7_a_need_with_an_end_of_its_own_is_asked_for_so_long() -> None:
    rig = Rig(NEEDS)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bonjour")
    ana = rig.agent("ana", fr=3)
    rig.wait(seconds=59.9)
    ana.is_not_asked()
    rig.wait(seconds=0.1)
    ana.is_offered(joe)


def test_r9_a_team_that_a_step_adds_comes_beside_the_queues_own() -> None:
    rig = Rig(TWO_TEAMS)
    bo = rig.agent("bo", teams=("b",))
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=29.999)
    bo.is_not_asked()
    rig.wait(seconds=0.001)
    bo.is_offered(joe)
    bo.passes()
    rig.wait(seconds=40)
    ana = rig.agent("ana", teams=("a",))  # freed at 70, in the step after
    ana.is_offered(joe)
    assert joe.thread.step == 2


def test_a_team_that_was_added_stays_so_in_later_steps() -> None:
    rig = Rig(TWO_TEAMS)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=70)
    bo = rig.agent("bo", teams=("b",))
    bo.is_offered(joe)


def test_a_step_may_set_the_priority() -> None:
    rig = Rig(TWO_TEAMS)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    since = joe.thread.routing_since
    rig.wait(seconds=59)
    kim = rig.customer("kim", email="kim@mail.example")
    kim.on("email").says("hello")
    assert joe.thread.priority == 20
    rig.wait(seconds=1)
    assert (joe.thread.priority, joe.thread.routing_since) == (30, since)
    assert [step.priority for step in rig.happened(StepBegan)] == [None, 30]


def test_a_step_that_begins_is_told_to_whom_it_names() -> None:
    rig = Rig(TWO_TEAMS.replace("{set_priority: high}", "{notify: [bo, a]}"))
    lea = rig.lead("lea", teams=("a",))
    lea.goes("offline")
    bo = rig.agent("bo", teams=("c",))
    rig.agent("ana", teams=("a",)).goes("offline")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    rig.wait(seconds=60)
    lea.is_told("step")
    bo.is_told("step")
    assert {card.agent for card in rig.cards if card.reason == "step"} == {"lea", "bo"}


def test_stand_ins_come_in_at_the_moments_that_are_written() -> None:
    rig = Rig(GRAPH.replace("WIDEN", "[0, 1@30s, 2@60s]"))
    es, it = rig.agent("es", es=5), rig.agent("it", it=5)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bom dia")
    rig.wait(seconds=29.999)
    es.is_not_asked()
    rig.wait(seconds=0.001)
    es.is_offered(joe)
    es.passes()
    rig.wait(seconds=29.999)
    it.is_not_asked()
    rig.wait(seconds=0.001)
    it.is_offered(joe)


def test_stand_ins_come_in_as_the_limit_rises() -> None:
    rig = Rig(GRAPH.replace("WIDEN", "{level_per: 20s, up_to: 1.5}"))
    es, it = rig.agent("es", es=5), rig.agent("it", it=5)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bom dia")
    rig.wait(seconds=19.999)
    es.is_not_asked()
    rig.wait(seconds=0.001)
    es.is_offered(joe)
    es.passes()
    rig.wait(hours=1)
    it.is_not_asked()


def test_who_needs_no_stand_in_is_asked_at_once() -> None:
    rig = Rig(GRAPH.replace("WIDEN", "0"))
    es, pt = rig.agent("es", es=5), rig.agent("pt", pt=3)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("bom dia")
    pt.is_offered(joe)
    es.is_not_asked()


def test_r3_anyone_of_the_queues_teams_in_the_end() -> None:
    rig = Rig(ANYONE)
    joe = rig.customer("joe", webchat="v1")
    ana, bo = rig.agent("ana", teams=("a",)), rig.agent("bo", teams=("b",))
    joe.on("webchat").says("bonjour")
    rig.wait(seconds=89.999)
    joe.waits()
    rig.wait(seconds=0.001)
    ana.is_offered(joe)
    bo.is_not_asked()


def test_what_an_enriching_rule_asks_for_outlasts_the_end_of_a_rules_own_need() -> None:
    stages = (Stage(need={"x": 4}, span=10), Stage(lapse=("x", "y")))
    steps = climb((), stages, {"x": 2}, {}, frozenset("xy"))
    assert [step.need for step in steps] == [{"x": 4}, {"x": 2}]


# --- invariants 12 and 13 ---

NAMES = tuple("abcde")
EDGES = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0])),
)
KNOWN = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1.0, 2.0, 3.5, 5.0]))


def graph(edges: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Every name declared, and no edge from a skill to itself."""
    return {a: {b: c for b, c in edges.get(a, {}).items() if a != b} for a in NAMES}


@st.composite
def widening_stages(draw: st.DrawFn) -> tuple[Stage, ...]:
    """Stages each of which asks for less than the one before, adds a team, or widens."""
    need = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1.0, 3.0, 5.0])))
    stages, cost = [Stage(need=need, span=10, cost=0.0, add=("t0",))], 0.0
    for number in range(draw(st.integers(1, 4))):
        lower = {
            s: max(0.5, level - draw(st.sampled_from([0.0, 1.0]))) for s, level in need.items()
        }
        cost += draw(st.sampled_from([0.0, 0.5, 1.0]))
        drop = tuple(draw(st.lists(st.sampled_from(NAMES), max_size=1)))
        need = {skill: level for skill, level in lower.items() if skill not in drop}
        more = (f"t{draw(st.integers(0, 3))}",)
        stages.append(Stage(need=need, drop=drop, span=10 + number, cost=cost, add=more))
    return tuple(stages)


def qualified(stages: tuple[Stage, ...], edges: dict[str, dict[str, float]],
              agents: list[tuple[str, dict[str, float]]]) -> Iterator[set[str]]:  # fmt: skip
    """Whom the engine itself finds in each step, for a thread that never leaves it."""
    rules = RuleSet(
        "r",
        Defaults("general"),
        route=(RouteRule("all", Always(), "general", stages),),
        queues={"general": Queue("general", teams=("t0",))},
        skills=compile_skills(graph(edges)),
    )
    rig = Rig(rules)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    thread = joe.thread
    for number in range(len(thread.steps)):
        found = set()
        for name, (team, skills) in enumerate(agents):
            again = Rig(rules)
            kim = again.customer("kim", webchat="v1")
            kim.on("webchat").says("hello")
            again.wait(seconds=sum(s.span or 0 for s in thread.steps[:number]) / 1000)
            again.agent(f"a{name}", teams=(team,), skills=skills)
            if kim.thread.offers:
                found.add(f"a{name}")
        yield found


@settings(max_examples=15, deadline=None)
@given(
    widening_stages(),
    EDGES,
    st.lists(st.tuples(st.sampled_from(["t0", "t1", "t2"]), KNOWN), min_size=1, max_size=3),
)
def test_12_where_rules_only_widen_who_qualifies_at_a_step_qualifies_at_the_next(
    stages: tuple[Stage, ...],
    edges: dict[str, dict[str, float]],
    agents: list[tuple[str, dict[str, float]]],
) -> None:
    before: set[str] = set()
    for found in qualified(stages, edges, agents):
        assert before <= found
        before = found


@settings(max_examples=100, deadline=None)
@given(EDGES, KNOWN, st.sampled_from([None, 0.0, 1.0, 3.0]))
def test_13_levels_never_rise_with_a_cost_never_exceed_5_and_ignore_the_order_of_edges(
    edges: dict[str, dict[str, float]], known: dict[str, float], most: float | None
) -> None:
    clean = graph(edges)
    skills = compile_skills(clean)
    dearer = compile_skills({a: {b: c + 0.5 for b, c in to.items()} for a, to in clean.items()})
    shuffled = compile_skills({a: dict(reversed(clean[a].items())) for a in reversed(tuple(clean))})
    for skill in NAMES:
        level = skills.level(known, skill, most)
        assert 0 <= level[0] <= 5
        assert dearer.level(known, skill, most)[0] <= level[0]
        assert shuffled.level(known, skill, most) == level
        assert level[0] <= skills.level(known, skill)[0]
