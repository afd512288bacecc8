"""The core on a clock that is moved: inputs are decided, timers act at their own moment.

It does what the writer of a server does, in memory: cold rows are absorbed, changed rows kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from omniroute.core.effects import AnyEffect
from omniroute.core.engine import Decision, decide, keys
from omniroute.core.events import AnyEvent
from omniroute.core.inputs import AnyInput, RulesLoaded, due_now
from omniroute.core.rules import RuleSet
from omniroute.core.state import State

TOO_MANY = 10_000  # timers within one wait: something goes round in circles


class Clockwork:
    """A desk without a server: state, rows, and the time it is."""

    def __init__(self, at: int) -> None:
        self.now = at
        self.state = State()
        self.events: list[AnyEvent] = []
        self.effects: list[AnyEffect] = []
        self._rows: dict[str, bytes] = {}
        self._keys = itertools.count(1)

    def adopt(self, rules: RuleSet) -> None:
        """Make a rule set the active one."""
        self.state.adopt(rules)
        self.put(RulesLoaded, version=rules.version)

    def put(self, kind: Callable[..., AnyInput], **values: object) -> Decision:
        """Decide an input of this kind now."""
        key = f"test/{next(self._keys)}"
        return self._decide(kind(key=key, at=self.now, **values))

    def wait(self, until: int) -> None:
        """Let the time come; what becomes due before acts at its moment.

        Raises `RuntimeError` if timers never run down.
        """
        for _ in range(TOO_MANY):
            due = self.state.due()
            if due is None or due[0] > until:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, due[0])
            self._decide(due_now(self.now, *due))
        raise RuntimeError(f"timers do not run down: {self.state.due()}")

    def _decide(self, input: AnyInput) -> Decision:
        while missing := keys(self.state, input):
            for key in missing:
                self.state.absorb(key, self._rows.get(key))
        decision = decide(self.state, input)
        self.events += decision.events
        self.effects += decision.effects
        for key, row in self.state.changed().items():
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row
        self.state.settle()
        return decision
