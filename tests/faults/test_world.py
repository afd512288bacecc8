"""The promise in a world where what can go wrong does; and the simulation that tries it."""

import asyncio

import pytest

from omniroute.faults.mutants import MUTANTS
from omniroute.faults.world import World

CAUGHT_WITHIN = 40  # seeds; most mutants are caught by the first few
SOME = (
    *("nocas", "torn", "noattempt", "notimers", "doubtisno", "tellstoosoon", "loadsstay"),
    *("archivetorn", "baldrefill", "trimskeys"),
    *("keystoowide", "givesup", "nolanes", "backwards", "takestwice", "clockback", "nomark"),
    *("letsgoatcommit", "mutewitness"),
)
"""A few of each kind, for `omniroute faults --mutant all` tries them all."""


@pytest.mark.parametrize("seed", range(6))
def test_every_promise_holds(seed: int) -> None:
    verdict = World(seed).run()
    assert verdict.broken == []
    assert verdict.counts["messages"] > 30
    assert verdict.counts["starts"] > 1


@pytest.mark.parametrize(("seed", "nodes"), [(0, 2), (1, 3)])
def test_every_promise_holds_on_several_nodes(seed: int, nodes: int) -> None:
    verdict = World(seed, nodes=nodes).run()
    assert verdict.broken == []
    assert verdict.counts["takeovers"] > 1


@pytest.mark.parametrize(("seed", "nodes"), [(1, 1), (3, 3)])
def test_f24_every_promise_holds_on_a_store_that_forgets_its_last_commits(
    seed: int, nodes: int
) -> None:
    verdict = World(seed, events=80, nodes=nodes, forgets=True).run()
    assert verdict.broken == []
    assert verdict.counts["commits lost"] > 5


@pytest.mark.parametrize(("seed", "nodes"), [(0, 1), (3, 1), (0, 2)])
def test_a_store_that_is_set_back_is_made_whole_from_the_archive(seed: int, nodes: int) -> None:
    verdict = World(seed, nodes=nodes, archive=True).run()
    assert verdict.broken == []
    assert verdict.counts["stores set back"] > 1
    assert verdict.counts["archive failures"] > 1
    assert verdict.counts["records in the archive alone"] > 20


class Counting(asyncio.DefaultEventLoopPolicy):
    """Counts the loops that are made because somebody needs one and there is none."""

    made = 0

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        self.made += 1
        return super().new_event_loop()


def test_what_dead_processes_were_in_the_middle_of_ends_on_their_own_loops() -> None:
    """Else it would end in some other test, on a loop that nobody closes."""
    before, policy = asyncio.get_event_loop_policy(), Counting()
    asyncio.set_event_loop_policy(policy)
    try:
        World(0, nodes=2).run()
        assert policy.made == 0
    finally:
        asyncio.set_event_loop_policy(before)


@pytest.mark.parametrize("name", SOME)
def test_a_mutant_is_caught(name: str) -> None:
    """A way of keeping the promise that is wrong in one place; else the world is too kind."""
    mutant = MUTANTS[name]
    found = (
        World(seed, 60, mutant.ways, mutant.nodes, mutant.forgets, mutant.archive).run().broken
        for seed in range(CAUGHT_WITHIN)
    )
    assert any(found)


def test_there_are_many_and_each_says_what_it_breaks() -> None:
    assert len(MUTANTS) >= 55
    assert len({mutant.about for mutant in MUTANTS.values()}) == len(MUTANTS)


def test_a_world_without_a_customer_is_at_rest() -> None:
    verdict = World(1, events=1).run()
    assert verdict.broken == []


def test_what_happens_can_be_told() -> None:
    told: list[str] = []
    World(3, trace=told.append).run()
    assert any("killed at" in line for line in told)
    assert any("life 2 begins" in line for line in told)
