"""Which verbs are open to somebody on a thread as it stands, for buttons and menus.

A button that is shown may still lose a race; one that is not shown would have been refused.
"""

from __future__ import annotations

from omniroute.application.authorize import Action, Actor, Object, permitted
from omniroute.core.model import Phase

_OPEN = frozenset(Phase) - {Phase.CLOSED, Phase.FOLDED}
_UNSOLVED = _OPEN - {Phase.RESOLVED}
_WAITING = frozenset({Phase.QUEUED, Phase.OFFERED, Phase.STRANDED, Phase.HELD})
_OWNED = frozenset({Phase.ASSIGNED, Phase.SNOOZED})

_PHASES = {
    Action.TAKE: _OPEN - _OWNED,
    Action.REPLY: _OPEN,
    Action.NOTE: _OPEN,
    Action.TRANSFER: _UNSOLVED,
    Action.SNOOZE: _OWNED,
    Action.RESOLVE: _UNSOLVED,
    Action.REOPEN: frozenset({Phase.RESOLVED}),
    Action.TAG: _OPEN,
    Action.COPY: _OPEN,
    Action.PRIORITISE: _UNSOLVED,
    Action.BOOST: _WAITING,
    Action.NEW_MATTER: _OWNED,
    Action.MERGE: _OPEN,
    Action.SPLIT: _OPEN,
}


def owner_of(phase: str, agent: str) -> str:
    """Whose a thread is: who solved it has no more right to it than others."""
    return agent if phase in _OWNED else ""


def verbs(
    actor: Actor, phase: str, agent: str, *, offered: bool, held: bool, wraps_up: bool = False
) -> tuple[str, ...]:
    """The verbs, by the names of their commands in lower case.

    *offered*: the actor has a pending offer.  *held*: an answer of theirs can be taken back.
    *wraps_up*: it is solved and weighs on them still.
    """
    thing = Object(owner=owner_of(phase, agent))
    can = [Action.ACCEPT, Action.PASS] if offered else []
    can += [a for a, phases in _PHASES.items() if phase in phases and permitted(actor, a, thing)]
    if held:
        can.append(Action.UNDO)
    if wraps_up:
        can.append(Action.DONE)
    return tuple(action.value for action in can)
