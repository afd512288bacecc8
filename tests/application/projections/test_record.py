"""Every event of the core has its fold, and every fold its event."""

from omniroute.application.projections.record import FOLDS
from omniroute.core import events


def test_every_event_is_folded_by_one_function() -> None:
    every = set(events.AnyEvent.__args__)
    assert every - set(FOLDS) == set()
    assert set(FOLDS) - every == set()
