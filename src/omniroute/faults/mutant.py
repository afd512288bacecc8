"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass

from omniroute.faults.life import Ways


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is broken, and a life made so."""

    about: str
    ways: Ways
    nodes: int = 1
