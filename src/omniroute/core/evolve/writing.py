"""Which node writes."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds
from omniroute.core.state import State

FOLDS = Folds()


@FOLDS.of(e.WriterChanged)
def _(state: State, event: e.WriterChanged, at: int) -> None:
    state.put_tenure(state.tenure.followed_by(event.node, lost=event.least > 0))
    if event.least > state.counters.next_thread:
        state.put_counters(replace(state.counters, next_thread=event.least))


@FOLDS.of(e.WriterLeft)
def _(state: State, event: e.WriterLeft, at: int) -> None:
    state.put_tenure(replace(state.tenure, left=True))
