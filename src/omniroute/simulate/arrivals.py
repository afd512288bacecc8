"""Customers as chance sends them: each class has a stream of its own for each thing drawn.

What a customer needs is drawn when they come, not when they are served.  So two scenarios with the
same seed meet the same customers, and what differs between them is the desk.
"""

from __future__ import annotations

from random import Random

from omniroute.simulate.distributions import sampler
from omniroute.simulate.scenario import CustomerClass


class Customer:
    """Somebody who comes once.  *thread* and *agent* are the core's, while it knows them."""

    __slots__ = (
        "agent",
        "at",
        "counted",
        "group",
        "handling",
        "number",
        "patience",
        "promised",
        "service",
        "thread",
        "weight",
    )  # fmt: skip

    def __init__(self, number: int, at: float, handling: float, patience: float | None) -> None:
        self.number = number  # of the class
        self.at, self.handling, self.patience = at, handling, patience
        self.thread, self.agent, self.group = 0, "", -1
        self.service = 0  # counts assignments, so that the end of a lost one is known as such
        self.weight = 1
        self.promised = False  # an answer, by when: then it is written, so that the clock stops
        self.counted = False


class Stream:
    """The arrivals of one class, one after the other."""

    __slots__ = ("_at", "_between", "_handling", "_next", "_number", "_of", "_patience")

    def __init__(self, number: int, of: CustomerClass, seed: str) -> None:
        self._number, self._of = number, of
        self._next, self._at = 0, 0.0

        def chance(what: str) -> Random:
            return Random(f"{seed}/{of.name}/{what}")  # noqa: S311 - guards nothing

        self._between = sampler(of.between, chance("arrivals")) if of.between else None
        self._handling = sampler(of.handling, chance("handling")) if of.handling else None
        self._patience = sampler(of.patience, chance("patience")) if of.patience else None

    def next(self) -> Customer | None:
        """The next to come; None when there are no more."""
        number, self._next = self._next, self._next + 1
        if self._between is not None:
            self._at += self._between()
        elif number < len(self._of.times):
            self._at = self._of.times[number]
        else:
            return None
        if self._of.handlings:
            handling = self._of.handlings[number]
        else:
            assert self._handling is not None
            handling = self._handling()
        patience = self._patience() if self._patience is not None else None
        customer = Customer(self._number, self._at, handling, patience)
        customer.promised = self._of.deadline is not None
        return customer
