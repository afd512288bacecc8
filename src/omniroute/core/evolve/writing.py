"""Which node writes."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds
from omniroute.core.state import State
from omniroute.core.tenure import Tenure

FOLDS = Folds()


@FOLDS.of(e.WriterChanged)
def _(state: State, event: e.WriterChanged, at: int) -> None:
    state.put_tenure(Tenure(event.node, event.term))
    if event.least > state.counters.next_thread:
        state.put_counters(replace(state.counters, next_thread=event.least))
