"""Which node writes."""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds
from omniroute.core.state import State
from omniroute.core.tenure import Tenure

FOLDS = Folds()


@FOLDS.of(e.WriterChanged)
def _(state: State, event: e.WriterChanged, at: int) -> None:
    state.put_tenure(Tenure(event.node, event.term))
