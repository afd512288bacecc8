"""People as a list has them: each record says that some addresses are one person's.

Whoever imports the list vouches for it: an address that nobody has written from joins whom the
record names.  Two people who are known already are joined by *verified* records alone; otherwise a
person is asked.  What speaks against a join, speaks against it here, too; and the same list again
changes nothing.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.identity import NOT_SAME, appearing, join, veto
from omniroute.core.model import Customer, Evidence, HandleId, Link
from omniroute.core.sharing import SHARED, barred, is_shared
from omniroute.core.turn import Answer, Turn

LIST = "import"
"""The source of a link, where no agent is named as it."""


def take_in(turn: Turn, asked: i.PersonImported) -> Answer:
    """Join what a record says belongs together; how it went, in numbers."""
    handles = list(dict.fromkeys(seen.id for seen in asked.handles))
    if not handles:
        return Answer(False, "unknown_handle")
    state = turn.state
    new = {id for id in handles if id not in state.handles}
    for seen in asked.handles:
        if seen.id not in state.handles:
            turn.emit(e.HandleSeen(appearing(seen, turn.at)))
    # The oldest is whom the others are joined to, so that the order in the record means nothing.
    first, *rest = sorted(handles, key=lambda id: (id in new, state.handles[id].since, id))
    count = {"new": len(new), "joined": 0, "suggested": 0, "against": 0}
    for other in rest:
        how = _joined(turn, asked, first, other, fresh=other in new)
        if how:
            count[how] += 1
    if any(count.values()):
        turn.explain("identity", handle=first, how="imported", **count)
    return Answer(True, "imported", {**count})


def _joined(
    turn: Turn, asked: i.PersonImported, first: HandleId, other: HandleId, *, fresh: bool
) -> str:
    """What became of the two: joined, suggested, against; empty where nothing is new."""
    state = turn.state
    a, b = sorted((first, other))
    ours = state.customers[state.handles[first].customer]
    theirs = state.customers[state.handles[other].customer]
    if ours.id == theirs.id:
        return ""
    against = veto(turn, ours, theirs)
    if not against and (
        barred(turn, a, b) or is_shared(state.handles[a]) or is_shared(state.handles[b])
    ):
        against = SHARED
    link = Link(a, b, asked.evidence, asked.by or LIST, turn.at)
    sure = fresh or asked.evidence is Evidence.VERIFIED
    if sure and not against:
        join(turn, link, ours, theirs)
        return "joined"
    if against in (NOT_SAME, SHARED):
        return "against"
    if _is_asked(turn, ours, theirs, asked.evidence):
        return ""
    turn.emit(e.LinkSuggested(link, against))
    return "against" if against else "suggested"


def _is_asked(turn: Turn, ours: Customer, theirs: Customer, evidence: Evidence) -> bool:
    """Whether a person has been asked about these two already, by whichever of their addresses."""
    both = {ours.id, theirs.id}
    known = turn.state.handles
    return any(
        link.evidence is evidence
        and {known[id].customer for id in (link.a, link.b) if id in known} == both
        for link in (*ours.suggested, *theirs.suggested)
    )
