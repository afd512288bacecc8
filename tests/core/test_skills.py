"""The skills graph: who can stand in for whom, and what is lost on the way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.skills import TOP, Skills, SkillsError, compile_skills, synonyms

NAMES = ["a", "b", "c", "d", "e"]
costs = st.floats(0, 6, allow_nan=False).map(lambda cost: round(cost, 2))
edges = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda ab: ab[0] != ab[1]),
    costs,
    max_size=12,
)
agents = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 5).map(lambda level: round(level, 1)))


def graph(flat: dict[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    return {name: {b: c for (a, b), c in flat.items() if a == name} for name in NAMES}


def test_a_skill_counts_for_itself() -> None:
    skills = compile_skills({"refunds": {}})
    assert skills.level({"refunds": 3}, "refunds") == (3, "refunds", 0)
    assert skills.level({}, "refunds") == (0, "", 0)


def test_who_has_one_can_stand_in_for_another_at_a_loss() -> None:
    skills = compile_skills({"billing": {"refunds": 1}, "refunds": {}})
    assert skills.level({"billing": 5}, "refunds") == (4, "billing", 1)
    assert skills.level({"billing": 5, "refunds": 4.5}, "refunds") == (4.5, "refunds", 0)
    assert skills.level({"refunds": 5}, "billing") == (0, "", 0)


def test_between_equal_levels_the_shorter_way_is_named() -> None:
    skills = compile_skills({"billing": {"refunds": 1}, "refunds": {}})
    assert skills.level({"billing": 5, "refunds": 4}, "refunds") == (4, "refunds", 0)


def test_losses_add_up_along_the_cheapest_way() -> None:
    skills = compile_skills({"a": {"b": 1, "c": 5}, "b": {"c": 1.5}, "c": {}})
    assert skills.level({"a": 5}, "c") == (2.5, "a", 2.5)


def test_spanish_5_meets_portuguese_3_and_not_4() -> None:  # routing.md R8
    skills = compile_skills({"es": {"pt": 2}, "pt": {}})
    assert skills.meets({"es": 5}, {"pt": 3})
    assert not skills.meets({"es": 5}, {"pt": 4})


def test_cycles_are_fine() -> None:
    skills = compile_skills({"es": {"pt": 2}, "pt": {"es": 1}})
    assert skills.level({"pt": 4}, "es") == (3, "pt", 1)
    assert skills.level({"pt": 4}, "pt") == (4, "pt", 0)


def test_a_ladder_of_sixty_layers_compiles() -> None:
    layers = {
        f"l{i}.{side}": {f"l{i + 1}.a": 0.05, f"l{i + 1}.b": 0.05} if i < 59 else {}
        for i in range(60)
        for side in "ab"
    }
    level, via, lost = compile_skills(layers).level({"l0.a": 5}, "l59.b")
    assert via == "l0.a"
    assert math.isclose(level, 5 - 59 * 0.05)
    assert math.isclose(lost, 59 * 0.05)


def test_a_skill_that_nobody_declared_counts_for_itself() -> None:
    skills = compile_skills({"refunds": {}})
    assert skills.level({"yoga": 2}, "yoga") == (2, "yoga", 0)
    assert skills.profile({"yoga": 2, "refunds": 1}) == {"refunds": 1, "yoga": 2}


def test_a_profile_has_every_level_above_nothing() -> None:
    skills = compile_skills({"billing": {"refunds": 1, "vat": 5}, "refunds": {}, "vat": {}})
    assert skills.profile({"billing": 3}) == {"billing": 3, "refunds": 2}
    assert Skills().profile({"billing": 3}) == {"billing": 3}


@pytest.mark.parametrize("cost", [-1.0, math.nan, math.inf, -math.inf])
def test_a_loss_is_a_number_from_0_up(cost: float) -> None:
    with pytest.raises(SkillsError, match="number from 0 up") as refused:
        compile_skills({"a": {"b": cost}, "b": {}})
    assert (refused.value.skill, refused.value.other) == ("a", "b")


@pytest.mark.parametrize("cost", [-0.0, 1e308])
def test_odd_but_sound_losses_are_taken(cost: float) -> None:
    skills = compile_skills({"a": {"b": cost}, "b": {}})
    assert skills.level({"a": 5}, "b") in ((5, "a", 0), (0, "", 0))


def test_a_skill_covers_neither_itself_nor_an_unknown_one() -> None:
    with pytest.raises(SkillsError, match="cannot cover itself"):
        compile_skills({"a": {"a": 1}})
    with pytest.raises(SkillsError, match="unknown skill “b”"):
        compile_skills({"a": {"b": 1}})


def test_a_graph_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(SkillsError, match="at most 10000 skills"):
        compile_skills({str(i): {} for i in range(10_001)})
    everybody_covers_all = {str(i): {str((i + 1) % 1000): 0.0} for i in range(1000)}
    with pytest.raises(SkillsError, match="pairs of skills"):
        compile_skills(everybody_covers_all)


def test_names_that_mean_the_same_are_found() -> None:
    assert list(synonyms({"a": {"b": 0}, "b": {"c": 0}, "c": {"a": 0}, "d": {"a": 1}})) == [
        ("a", "b", "c")
    ]
    assert list(synonyms({"a": {"b": 0}, "b": {"a": 1}})) == []


@given(edges, agents)
def test_levels_ignore_the_order_of_edges_and_never_exceed_the_top(
    flat: dict[tuple[str, str], float], agent: dict[str, float]
) -> None:
    one = compile_skills(graph(flat))
    other = compile_skills(dict(reversed(graph(dict(reversed(flat.items()))).items())))
    for skill in NAMES:
        level, via, lost = one.level(agent, skill)
        assert (level, via, lost) == other.level(agent, skill)
        assert 0 <= level <= TOP
        assert level >= agent.get(skill, 0.0)
        assert level == 0 or level == min(agent[via] - lost, TOP)


@given(edges, agents, st.floats(0, 3))
def test_levels_never_rise_with_a_loss(
    flat: dict[tuple[str, str], float], agent: dict[str, float], more: float
) -> None:
    cheap = compile_skills(graph(flat))
    dear = compile_skills(graph({edge: cost + more for edge, cost in flat.items()}))
    for skill in NAMES:
        assert dear.level(agent, skill)[0] <= cheap.level(agent, skill)[0] + 1e-9


@given(edges, agents)
def test_a_profile_is_the_levels(
    flat: dict[tuple[str, str], float], agent: dict[str, float]
) -> None:
    skills = compile_skills(graph(flat))
    levels = {skill: skills.level(agent, skill)[0] for skill in NAMES}
    assert skills.profile(agent) == {skill: level for skill, level in levels.items() if level}
