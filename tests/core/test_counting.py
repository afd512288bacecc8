"""The counts of a why, against one look at each agent in the order of routing.md 2.8."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.counting import TESTS, counted
from omniroute.core.matching import Index
from omniroute.core.model import Agent, Exclusion, Phase, Status, Step, Thread
from omniroute.core.ranking import fits, mute, present
from omniroute.core.rules import Queue
from omniroute.core.skills import compile_skills

SKILLS = compile_skills({"de": {}})

people = st.builds(
    Agent,
    id=st.just(""),
    teams=st.sampled_from([("money",), ("tech",)]),
    skills=st.sampled_from([{}, {"de": 1.0}, {"de": 4.0}]),
    status=st.sampled_from([Status.ONLINE, Status.ONLINE, Status.AWAY, Status.OFFLINE]),
    reads=st.sampled_from([(), (), ("general",)]),
    desks=st.just(("mail",)),
    chatless=st.sampled_from([(), (), ("mail",)]),
    lost=st.sampled_from([(), (), ("mail",)]),
    unresponsive=st.booleans(),
    capacity=st.just(2),
    live_load=st.integers(0, 2),
    mail_load=st.integers(0, 2),
)


def first_failed(agent: Agent, thread: Thread, barred: set[str]) -> str:
    """The first test that an agent fails; empty where they pass all."""
    step = thread.steps[0]
    if not step.agents and "money" not in agent.teams:
        return "team"
    if "general" in agent.reads:
        return "permission"
    if agent.id in barred:
        return "exclusion"
    if not present(agent, thread.live):
        return "desk" if thread.live and mute(agent) else "availability"
    if not SKILLS.meets(agent.skills, step.need):
        return "requirement"
    return "" if fits(agent, thread.weight, thread.live, "general") else "capacity"


@settings(max_examples=150)
@given(st.lists(people, max_size=8), st.booleans(), st.booleans(), st.integers(0, 3))
def test_p5_everybody_counts_once_under_the_first_test_that_they_fail(
    team: list[Agent], live: bool, named: bool, out: int
) -> None:
    agents = {f"a{n}": msgspec.structs.replace(one, id=f"a{n}") for n, one in enumerate(team)}
    barred = list(agents)[:out]
    step = Step(need={"de": 3}, agents=tuple(agents)[:5] if named else ())
    thread = Thread(
        1, "c", 1, Phase.QUEUED, queue="general", steps=(step,), live=live,
        excluded=tuple(Exclusion(name, "declined") for name in barred),
    )  # fmt: skip
    index = Index(agents, {1: thread})
    index.adopt(SKILLS, {"general": Queue("general", teams=("money",))})
    asked = step.agents or agents
    fails = [first_failed(agents[name], thread, set(barred)) for name in asked]
    found = index.find(thread)
    assert found.counts == counted(**{test: fails.count(test) for test in TESTS})
    assert bool(found.candidates) == ("" in fails)


def test_who_could_chat_on_no_desk_of_theirs_is_told_apart_from_who_is_not_here() -> None:
    mail = Agent("bo", ("money",), status=Status.ONLINE, desks=("mail",), chatless=("mail",))
    thread = Thread(1, "c", 1, Phase.QUEUED, queue="general", steps=(Step(),), live=True)
    index = Index({"bo": mail}, {1: thread})
    index.adopt(SKILLS, {})
    told = counted(**{**dict.fromkeys(TESTS, 0), "desk": 1})
    assert index.find(thread).counts == told
    assert list(told) == [
        "team", "exclusion", "availability", "desk", "requirement", "capacity",
    ]  # fmt: skip
