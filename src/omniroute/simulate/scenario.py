"""A scenario as a value: who comes, who is there, and how the line is kept.

Times and spans are minutes from the beginning of the run.
"""

from __future__ import annotations

import msgspec

from omniroute.core.model import Needs
from omniroute.core.skills import Edges
from omniroute.simulate.distributions import Distribution

DAY = 1_440.0


class Line(msgspec.Struct, frozen=True):
    """The queue; *room* are its waiting places, None for as many as it takes."""

    order: tuple[str, ...] = ("priority", "routing_since")
    pick: str = "longest_idle"
    room: int | None = None
    promote_after: float | None = None
    offer_timeout: float | None = None
    misses: int | None = None
    wrap_up: float = 0.0


class Relaxed(msgspec.Struct, frozen=True):
    """A step: the whole requirement, and for how long; None is to the end."""

    require: Needs = {}
    span: float | None = None


class CustomerClass(msgspec.Struct, frozen=True):
    """Customers who ask for the same.

    They come at *times*, where those are given, or apart by *between*.  *handlings* are how long
    each takes, in the order of the times, where that is given, too.
    """

    name: str
    handling: Distribution | None
    between: Distribution | None = None
    times: tuple[float, ...] = ()
    handlings: tuple[float, ...] = ()
    patience: Distribution | None = None
    priority: int = 20
    steps: tuple[Relaxed, ...] = (Relaxed(),)
    deadline: float | None = None
    weight: int = 1


class Group(msgspec.Struct, frozen=True):
    """Agents who are alike.  *accept* is None where they accept at once."""

    name: str
    agents: int
    skills: Needs = {}
    capacity: int = 1
    accept: Distribution | None = None
    shifts: tuple[tuple[float, float], ...] = ()


class Scenario(msgspec.Struct, frozen=True):
    """Everything that one run needs; arrivals end after *total* of them or at *horizon*."""

    classes: tuple[CustomerClass, ...]
    groups: tuple[Group, ...]
    line: Line = Line()
    seed: int = 1
    replications: int = 1
    total: int | None = None
    horizon: float | None = None
    warmup: float = 0.0
    within: tuple[tuple[str, float], ...] = (("20s", 20 / 60),)
    skills: Edges = {}

    @property
    def expected(self) -> tuple[int, float]:
        """About how many arrivals one run has, and over how many minutes."""
        listed = sum(len(one.times) for one in self.classes)
        last = max((one.times[-1] for one in self.classes if one.times), default=0.0)
        rate = sum(1 / one.between.mean for one in self.classes if one.between is not None)
        if not rate:
            return min(listed, self.total or listed), last
        span = self.horizon if self.horizon is not None else (self.total or 0) / rate
        total = round(rate * span) + listed
        return (total if self.total is None else min(total, self.total)), span
