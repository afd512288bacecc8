"""What reports are made of, written down as it happens: samples, and spans of agents' time.

`before` is called ahead of an event's fold, with the tables as they were; `after` when a whole
record is folded.  What is written is never changed: what is joined or parted later moves no figure
of the past.  What the figures mean is said in `omniroute.application.measures`.
"""

from __future__ import annotations

from omniroute.application.projections.fold import Fold, Folding
from omniroute.application.projections.measuring import hands, opening, promises, replies, samples
from omniroute.core import events as e

BEFORE: dict[type[e.Event], tuple[Folding, ...]] = {}
for _part in (samples.BEFORE, replies.BEFORE, promises.BEFORE):
    for _kind, _measure in _part.items():
        BEFORE[_kind] = (*BEFORE.get(_kind, ()), _measure)


def before(fold: Fold, event: e.Event) -> None:
    """Measure what *event* ends or answers."""
    for measure in BEFORE.get(type(event), ()):
        measure(fold, event)


def after(fold: Fold) -> None:
    """Measure what the whole record has begun."""
    opening.after(fold)
    hands.after(fold)
