"""`evolve`: fold one event into the state.  No choices are made here.

Each function of this package is the whole meaning of one event, in a module by its subject.
Folding the journal's events from an empty state gives the rows of the store again; ``omniroute
verify`` does exactly that.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.evolve import (
    agents,
    conversation,
    ending,
    joining,
    offers,
    owning,
    people,
    promises,
    rules,
    surveys,
    waiting,
    writing,
)
from omniroute.core.evolve.changes import Folds
from omniroute.core.state import State

_SUBJECTS = (
    *(people, conversation, waiting, promises, offers),
    *(owning, ending, joining, agents, rules, surveys, writing),
)
FOLDS = Folds(pair for subject in _SUBJECTS for pair in subject.FOLDS.items())


def evolve(state: State, event: e.AnyEvent, at: int) -> None:
    """Make *event* so, as of *at*."""
    FOLDS[type(event)](state, event, at)
