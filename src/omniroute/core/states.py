"""The life of a thread, as one table.

Two rules: a thread's phase changes by an event that stands in this table and by nothing else; an
event that the table does not know for a phase is a bug of ours, and says so.  So whoever assigns a
thread ends its offers first, and whoever queues it releases its agent first.  The diagram in
``docs/explanation/architecture.md`` is drawn from this table by `diagram`.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.model import Phase

NEW, QUEUED, OFFERED, ASSIGNED = Phase.NEW, Phase.QUEUED, Phase.OFFERED, Phase.ASSIGNED
SNOOZED, STRANDED, RESOLVED = Phase.SNOOZED, Phase.STRANDED, Phase.RESOLVED
HELD = Phase.HELD
CLOSED, FOLDED = Phase.CLOSED, Phase.FOLDED
# By these names, where it is asked often: to find one in its enum costs as much as ten comparisons.

TABLE: dict[type[e.ThreadEvent], dict[Phase, Phase]] = {
    e.ThreadRouted: {NEW: QUEUED, QUEUED: QUEUED, STRANDED: QUEUED, HELD: QUEUED},
    e.ThreadHeld: {QUEUED: HELD, STRANDED: HELD},
    e.ThreadUnheld: {HELD: QUEUED},
    e.StepBegan: {QUEUED: QUEUED},
    e.ThreadStranded: {QUEUED: STRANDED, STRANDED: STRANDED},  # again for another reason
    # What somebody has is offered by them, who stay responsible until it is accepted.
    e.OfferMade: {QUEUED: OFFERED, STRANDED: OFFERED, OFFERED: OFFERED, ASSIGNED: ASSIGNED},
    e.OfferEnded: {OFFERED: QUEUED, ASSIGNED: ASSIGNED},  # QUEUED with the last one; see `after`
    e.ThreadAssigned: {NEW: ASSIGNED, QUEUED: ASSIGNED, STRANDED: ASSIGNED, HELD: ASSIGNED},
    e.ThreadReleased: {ASSIGNED: QUEUED, SNOOZED: QUEUED},
    e.ThreadSnoozed: {ASSIGNED: SNOOZED, SNOOZED: SNOOZED},
    e.ThreadDormant: {ASSIGNED: ASSIGNED},
    e.ThreadRoused: {ASSIGNED: ASSIGNED},
    e.ThreadWoken: {SNOOZED: ASSIGNED},
    e.ThreadSolved: {
        ASSIGNED: RESOLVED,
        SNOOZED: RESOLVED,
        QUEUED: RESOLVED,
        STRANDED: RESOLVED,
        HELD: RESOLVED,
    },
    e.WrapUpBegan: {RESOLVED: RESOLVED},
    e.WrapUpEnded: {RESOLVED: RESOLVED},
    e.ThreadReopened: {RESOLVED: NEW},
    e.ThreadAbandoned: {QUEUED: CLOSED, STRANDED: CLOSED, HELD: CLOSED},
    e.ThreadClosed: {RESOLVED: CLOSED},
    e.ThreadFolded: {QUEUED: FOLDED, STRANDED: FOLDED, HELD: FOLDED, RESOLVED: FOLDED},
    e.ThreadUnfolded: {FOLDED: QUEUED},  # to RESOLVED what was resolved; see `evolve`
}

WAITING = frozenset({QUEUED, STRANDED})
"""Phases in which matching looks at a thread."""

OPEN = frozenset(Phase) - {CLOSED, FOLDED}
"""Phases in which a thread is its customer's one open thread."""


class IllegalTransition(AssertionError):
    """An event met a thread in a phase that does not know it: a bug, never a user's fault."""


def after(phase: Phase, event: type[e.ThreadEvent]) -> Phase:
    """The phase that follows *event* in *phase*; an event outside the table changes none."""
    moves = TABLE.get(event)
    if moves is None:
        return phase
    try:
        return moves[phase]
    except KeyError:
        raise IllegalTransition(f"{event.__name__} while {phase}") from None


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> new : ThreadOpened"]
    for event, moves in TABLE.items():
        lines += [f"    {a} --> {b} : {event.__name__}" for a, b in moves.items() if a != b]
    return "\n".join([*lines, "    closed --> [*]", "    folded --> [*]"])
