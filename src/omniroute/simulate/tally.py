"""What came out of a run, counted so that memory does not grow with arrivals, and merged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

ACCURACY: Final = 0.001
"""Relative error of a percentile at most."""

_STEP: Final = math.log1p(2 * ACCURACY)


class Waits:
    """How long customers waited, as counts of buckets that grow by a constant ratio.

    The idea is that of HdrHistogram and of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
    fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019).
    """

    __slots__ = ("counts", "none", "total")

    def __init__(self) -> None:
        self.none = 0  # did not wait at all
        self.total = 0
        self.counts: dict[int, int] = {}

    def add(self, wait: float) -> None:
        """One more, in minutes."""
        self.total += 1
        if wait > 0:
            bucket = math.ceil(math.log(wait) / _STEP)
            self.counts[bucket] = self.counts.get(bucket, 0) + 1
        else:
            self.none += 1

    def merge(self, other: Waits) -> None:
        """The other's, too."""
        self.none += other.none
        self.total += other.total
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def quantile(self, share: float) -> float | None:
        """The wait that so large a share did not exceed; None of nobody."""
        if not self.total:
            return None
        left = math.ceil(share * self.total) - self.none
        if left <= 0:
            return 0.0
        bucket = 0
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                break
        return math.exp(bucket * _STEP) / (1 + ACCURACY)


@dataclass(slots=True)
class ClassTally:
    """Customers of a class; sums are minutes, *within* counts by threshold."""

    offered: int = 0
    served: int = 0
    abandoned: int = 0
    blocked: int = 0
    waited: int = 0
    wait_served: float = 0.0
    wait_abandoned: float = 0.0
    within: list[int] = field(default_factory=list)
    waits: Waits = field(default_factory=Waits)

    def merge(self, other: ClassTally) -> None:
        """The other's, too."""
        self.offered += other.offered
        self.served += other.served
        self.abandoned += other.abandoned
        self.blocked += other.blocked
        self.waited += other.waited
        self.wait_served += other.wait_served
        self.wait_abandoned += other.wait_abandoned
        self.within = [a + b for a, b in zip(self.within, other.within, strict=True)]
        self.waits.merge(other.waits)

    @property
    def p_wait(self) -> float | None:
        """Share of accepted arrivals that waited."""
        return ratio(self.waited, self.offered - self.blocked)

    @property
    def wait_mean(self) -> float | None:
        """Mean wait of those who were served."""
        return ratio(self.wait_served, self.served)

    @property
    def wait_mean_all(self) -> float | None:
        """Mean wait of those who were served and of those who left."""
        return ratio(self.wait_served + self.wait_abandoned, self.served + self.abandoned)

    def level(self, number: int) -> float | None:
        """Service level of a threshold (routing.md): who was answered, or left, within it."""
        return ratio(self.within[number], self.served + self.abandoned)


@dataclass(slots=True)
class GroupTally:
    """Unit-minutes of work and of presence."""

    busy: float = 0.0
    present: float = 0.0

    def merge(self, other: GroupTally) -> None:
        """The other's, too."""
        self.busy += other.busy
        self.present += other.present

    @property
    def occupancy(self) -> float | None:
        """Share of the time present that was work."""
        return ratio(self.busy, self.present)


@dataclass(slots=True)
class Bin:
    """A stretch of the day: who came in it, and the means over it."""

    waits: Waits = field(default_factory=Waits)
    within: int = 0  # of the first threshold
    answered: int = 0
    minutes: float = 0.0
    queued: float = 0.0  # thread-minutes
    groups: list[GroupTally] = field(default_factory=list)

    def merge(self, other: Bin) -> None:
        """The other's, too."""
        self.waits.merge(other.waits)
        self.within += other.within
        self.answered += other.answered
        self.minutes += other.minutes
        self.queued += other.queued
        for mine, theirs in zip(self.groups, other.groups, strict=True):
            mine.merge(theirs)


@dataclass(slots=True)
class Tally:
    """One run, or several merged; *bins* by their number, each *width* minutes wide."""

    classes: list[ClassTally]
    groups: list[GroupTally]
    decisions: int = 0
    arrivals: int = 0
    width: float = 0.0
    bins: dict[int, Bin] = field(default_factory=dict)

    @classmethod
    def empty(cls, classes: int, groups: int, thresholds: int, width: float = 0.0) -> Tally:
        """Nothing yet."""
        return cls(
            [ClassTally(within=[0] * thresholds) for _ in range(classes)],
            [GroupTally() for _ in range(groups)],
            width=width,
        )

    def merge(self, other: Tally) -> None:
        """The other's, too."""
        for mine, theirs in zip(self.classes, other.classes, strict=True):
            mine.merge(theirs)
        for group, more in zip(self.groups, other.groups, strict=True):
            group.merge(more)
        self.decisions += other.decisions
        self.arrivals += other.arrivals
        for number, theirs_bin in other.bins.items():
            self.bin(number).merge(theirs_bin)

    def bin(self, number: int) -> Bin:
        """The bin of this number."""
        found = self.bins.get(number)
        if found is None:
            found = self.bins[number] = Bin(groups=[GroupTally() for _ in self.groups])
        return found

    @property
    def all(self) -> ClassTally:
        """Every class together."""
        whole = ClassTally(within=[0] * len(self.classes[0].within))
        for one in self.classes:
            whole.merge(one)
        return whole


def ratio(part: float, whole: float) -> float | None:
    """A ratio; None of nothing."""
    return part / whole if whole else None


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % confidence interval of a mean over independent runs (Student's t)."""
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    t = _T[n - 2] if n - 2 < len(_T) else 1.96 + 2.5 / (n - 1)
    return t * deviation / math.sqrt(n)


_T: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip
"""97.5 % points of Student's t for 1, 2, … degrees of freedom."""
