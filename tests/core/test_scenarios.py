"""Every scenario of the routing semantics is a transcript, and is called by its name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCENARIOS = {
    "R": 11,  # requirement and relaxation
    "O": 10,  # offers
    "K": 6,  # the preferred agent
    "C": 6,  # capacity
    "W": 3,  # dormant, and awake again
    "A": 4,  # presence
    "Q": 5,  # order in the queue
    "P": 5,  # choice among agents
    "F": 4,  # overflow, stranded, loops
    "T": 4,  # what has matching done again
    "H": 4,  # transfer and hand-off
    "I": 10,  # identity
    "D": 16,  # what others got wrong
}
"""How many scenarios there are of each kind."""


def scenarios() -> Counter[str]:
    """How many tests there are of each scenario."""
    found: Counter[str] = Counter()
    for folder in (ROOT / "tests", ROOT / "plugins"):
        for path in folder.rglob("test_*.py"):
            for names in re.findall(r"def test_((?:[a-z]\d+_)+)", path.read_text(encoding="utf-8")):
                found.update(name.upper() for name in names.split("_") if name)
    return found


def test_every_scenario_is_a_test_of_its_name() -> None:
    wanted = {f"{kind}{n}" for kind, most in SCENARIOS.items() for n in range(1, most + 1)}
    found = scenarios()
    assert sorted(wanted - found.keys()) == []
