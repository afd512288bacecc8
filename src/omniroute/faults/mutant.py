"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass

from omniroute.faults.life import Ways


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is broken, a life made so, and the world that it takes to see it."""

    about: str
    ways: Ways
    nodes: int = 1
    forgets: bool = False
    archive: bool = False  # whether there is one
    erases: bool = False  # whether people ask to be forgotten
