"""Keeps the tally of one run: who is counted, and areas below the curves of work and waiting."""

from __future__ import annotations

from omniroute.simulate.arrivals import Customer
from omniroute.simulate.scenario import DAY, Scenario
from omniroute.simulate.tally import Tally


class Ledger:
    """Counts between `begin` and `close`; with a *width*, by stretches of the day as well."""

    def __init__(self, scenario: Scenario, width: float) -> None:
        self.tally = Tally.empty(
            len(scenario.classes), len(scenario.groups), len(scenario.within), width
        )
        self._within = [span for _, span in scenario.within]
        self._capacity = [group.capacity for group in scenario.groups]
        self._width = width
        self._counting = False
        self._since = [0.0] * len(scenario.groups)  # up to when their areas are known
        self._binned = 0.0  # up to when those of the day's stretches are
        self._now = 0.0
        self._busy = [0] * len(scenario.groups)
        self._there = [0] * len(scenario.groups)
        self._queue = 0
        self._last: float | None = None

    # --- the counted part of the run ---

    def begin(self, at: float) -> None:
        """The warm-up is over."""
        self._counting, self._since, self._binned = True, [at] * len(self._since), at

    def last(self, at: float) -> None:
        """The last customer comes; they still count, the areas end with them."""
        self._last = at

    def close(self, at: float) -> None:
        """No more areas."""
        if self._last is None:
            self._last = at

    def end(self) -> None:
        """The run is over."""
        for group in range(len(self._since)):
            self._advance(self._now if self._last is None else self._last, group)

    # --- customers ---

    def came(self, customer: Customer) -> None:
        """Whoever comes after the warm-up is counted."""
        if self._counting:
            customer.counted = True
            self.tally.classes[customer.number].offered += 1

    def served(self, at: float, customer: Customer) -> None:
        """Somebody takes care of them."""
        if not customer.counted:
            return
        tally, wait = self.tally.classes[customer.number], at - customer.at
        tally.served += 1
        tally.waits.add(wait)
        if wait > 0:
            tally.waited += 1
            tally.wait_served += wait
        for number, span in enumerate(self._within):
            if wait <= span:
                tally.within[number] += 1
        if self._width:
            self._answered(customer, wait, wait)

    def abandoned(self, at: float, customer: Customer) -> None:
        """They left before."""
        if not customer.counted:
            return
        tally, wait = self.tally.classes[customer.number], at - customer.at
        tally.abandoned += 1
        tally.waited += 1
        tally.wait_abandoned += wait
        for number, span in enumerate(self._within):
            if wait <= span:
                tally.within[number] += 1
        if self._width:
            self._answered(customer, wait, None)

    def blocked(self, customer: Customer) -> None:
        """No place was left for them."""
        if customer.counted:
            self.tally.classes[customer.number].blocked += 1

    def _answered(self, customer: Customer, wait: float, served: float | None) -> None:
        found = self.tally.bin(self._bin(customer.at))
        found.answered += 1
        found.within += wait <= self._within[0]
        if served is not None:
            found.waits.add(served)

    # --- work and waiting ---

    def worked(self, at: float, group: int, units: int) -> None:
        """So many units of a group's work begin, or end."""
        self._advance(at, group)
        self._busy[group] += units

    def present(self, at: float, group: int, agents: int) -> None:
        """So many of a group come, or go."""
        self._advance(at, group)
        self._there[group] += agents * self._capacity[group]

    def queued(self, at: float, count: int) -> None:
        """So many wait from now on."""
        if self._width:
            if self._counting:
                self._advance_bins(at if self._last is None else min(at, self._last))
            self._queue = count

    def _advance(self, at: float, group: int) -> None:
        """Add what lies between a group's last change and now."""
        self._now = at
        if not self._counting:
            return
        if self._last is not None and at > self._last:
            at = self._last
        span = at - self._since[group]
        if span > 0:
            tally = self.tally.groups[group]
            tally.busy += self._busy[group] * span
            tally.present += self._there[group] * span
            self._since[group] = at
        if self._width:
            self._advance_bins(at)

    def _advance_bins(self, at: float) -> None:
        since, self._binned = self._binned, max(at, self._binned)
        while since < at:
            until = min(at, (since // self._width + 1) * self._width)
            found, span = self.tally.bin(self._bin(since)), until - since
            found.minutes += span
            found.queued += self._queue * span
            for number, group in enumerate(found.groups):
                group.busy += self._busy[number] * span
                group.present += self._there[number] * span
            since = until

    def _bin(self, at: float) -> int:
        return int(at % DAY // self._width)
