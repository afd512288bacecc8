"""People who ask to be forgotten in the middle of it; nothing may be left of them."""

import pytest

from omniroute.faults.mutants import MUTANTS
from omniroute.faults.world import World


@pytest.mark.parametrize(
    ("seed", "nodes", "forgets", "archive"),
    [(0, 1, False, True), (1, 2, True, False)],
)
def test_nothing_is_left_of_whoever_is_erased_and_nothing_of_others_is_lost(
    seed: int, nodes: int, forgets: bool, archive: bool
) -> None:
    verdict = World(
        seed, events=40, nodes=nodes, forgets=forgets, archive=archive, erases=True
    ).run()
    assert verdict.broken == []
    assert verdict.counts["erasures"] > 2


@pytest.mark.parametrize("name", ["erasedinarchive", "erasedhere"])
def test_what_is_left_is_seen(name: str) -> None:
    mutant = MUTANTS[name]
    found = (
        World(seed, 25, mutant.ways, mutant.nodes, mutant.forgets, mutant.archive, mutant.erases)
        .run()
        .broken
        for seed in range(40)
    )
    assert any("eras" in fault for broken in found for fault in broken)
