"""The pure core on a virtual clock, over a table of rows: no runtime, no thread, no waiting.

It does what a writer does, step by step: timers that are due go first, cold rows are absorbed,
the input is decided, changed rows are kept and what is cold is let go.  So a test sees eviction,
restart and replay as they are, and moves time instead of waiting for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from omniroute.core.effects import AnyEffect, Deliver, Present
from omniroute.core.engine import Deciders, Decision, decide, keys
from omniroute.core.evolve import evolve
from omniroute.core.inputs import AnyInput, RulesLoaded, RulesTried, due_now
from omniroute.core.rules import RuleSet
from omniroute.core.state import BARE, State

MONDAY: Final = 1_767_600_000_000  # 2026-01-05 08:00 UTC, when every transcript begins
TOO_MANY: Final = 10_000  # timers at one moment: one of them does not run down


@dataclass(frozen=True, slots=True)
class Decided:
    """One input and what it came to; the journal is a list of these."""

    input: AnyInput
    decision: Decision
    rules: str


Watcher = Callable[[State, Decided], None]


@dataclass(slots=True)
class Machine:
    """State, rows, journal and clock.  *watchers* are shown every decision, before its commit."""

    rules: RuleSet = BARE
    deciders: Deciders | None = None
    now: int = MONDAY
    rows: dict[str, bytes] = field(default_factory=dict)
    journal: list[Decided] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    state: State = field(default_factory=State)
    _keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _open: bool = False
    _tried: RuleSet | None = None

    def __post_init__(self) -> None:
        self.adopt(self.rules)

    # --- input ---

    def put(self, kind: Callable[..., AnyInput], **values: object) -> Decision:
        """Decide an input of this kind now, after the timers that are due, and keep it.

        It gets a key of its own, unless *key* is given.
        """
        self.run_timers()
        number = next(self._keys)
        return self._step(kind(**{"key": f"input/{number}", "at": self.now, **values}))

    def wait(self, ms: int) -> None:
        """Let time pass; each timer acts at its own moment, as beside an idle writer."""
        end = self.now + ms
        while (due := self.state.due()) is not None and due[0] <= end:
            self.now = max(self.now, due[0])
            self.run_timers()
        self.now = end

    def sleep(self, ms: int) -> None:
        """Let time pass as if the process were down: what is due acts late, at the next input."""
        self.now += ms

    def run_timers(self) -> None:
        """Decide whatever is due by now, in order."""
        for _ in range(TOO_MANY):
            due = self.state.due()
            if due is None or due[0] > self.now:
                return
            self._step(due_now(self.now, *due))
        raise AssertionError(f"timers do not run down: {self.state.due()}")

    def adopt(self, rules: RuleSet) -> None:
        """Make *rules* the active ones."""
        self.rules = rules
        self.state.adopt(rules)
        if rules.version != self.state.counters.rules:
            self.put(RulesLoaded, version=rules.version)

    def tries(self, rules: RuleSet, mode: str, *, share: float = 0.0, until: int = 0) -> Decision:
        """Put *rules* on trial: in the shadow, or as a canary for a *share* of the customers."""
        self._tried = rules
        self.state.adopt(rules)
        return self.put(RulesTried, version=rules.version, mode=mode, share=share, until=until)

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """What is decided within is committed together, at the end."""
        self._open = True
        try:
            yield
        finally:
            self._open = False
            self._commit()

    # --- what came of it ---

    @property
    def effects(self) -> list[AnyEffect]:
        """Every effect so far, each once."""
        found = (effect for done in self.journal for effect in done.decision.effects)
        return list({effect.id: effect for effect in found}.values())

    @property
    def cards(self) -> list[Present]:
        """What agents were shown, in order."""
        return [effect for effect in self.effects if isinstance(effect, Present)]

    @property
    def deliveries(self) -> list[Deliver]:
        """What customers were sent, in order."""
        return [effect for effect in self.effects if isinstance(effect, Deliver)]

    # --- the store's side ---

    def restart(self) -> None:
        """Forget the state and build it again from the rows."""
        self.state = loaded(self.rows)
        self.state.adopt(self.rules)
        if self._tried is not None:
            self.state.adopt(self._tried)

    def fold(self) -> dict[str, bytes]:
        """The rows that the journal's events alone make."""
        state = State()
        for done in self.journal:
            for event in done.decision.events:
                evolve(state, event, done.input.at)
        return {key: row for key, row in state.changed().items() if row is not None}

    def absorb(self, input: AnyInput) -> None:
        """Take in the cold rows that *input* names, until it names none."""
        while missing := keys(self.state, input):
            for key in missing:
                self.state.absorb(key, self.rows.get(key))

    def _step(self, input: AnyInput) -> Decision:
        self.absorb(input)
        decision = decide(self.state, input, self.deciders)
        done = Decided(input, decision, self.state.counters.rules)
        for watch in self.watchers:
            watch(self.state, done)
        self.journal.append(done)
        if not self._open:
            self._commit()
        return decision

    def _commit(self) -> None:
        for key, row in self.state.changed().items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        self.state.settle()


def loaded(rows: dict[str, bytes]) -> State:
    """The state as a writer loads it: open work and agents; the rest stays cold."""
    state = State()
    for prefix in State.PREFIXES:
        for key in sorted(rows):
            if key.startswith(prefix):
                state.absorb(key, rows[key])
    return state
