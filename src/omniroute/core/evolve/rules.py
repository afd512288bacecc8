"""Which rules decide, and which are on trial."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds
from omniroute.core.state import State
from omniroute.core.trials import NONE

FOLDS = Folds()


@FOLDS.of(e.RulesActivated)
def _(state: State, event: e.RulesActivated, at: int) -> None:
    state.put_counters(replace(state.counters, rules=event.version))


@FOLDS.of(e.TrialBegan)
def _(state: State, event: e.TrialBegan, at: int) -> None:
    state.put_trial(event.trial)


@FOLDS.of(e.TrialEnded)
def _(state: State, event: e.TrialEnded, at: int) -> None:
    state.put_trial(NONE)
