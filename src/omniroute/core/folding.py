"""Two open threads of one customer become one (routing.md 3, "merge with two open threads").

The older survives.  Assigned beats offered beats queued; of two owners the survivor's stays and
the other is told.  Priority, deadline and age are the more urgent of both (`evolve`).
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.model import AgentId, Exclusion, Phase, Thread, ThreadId
from omniroute.core.offers import assign, end_offers, withdraw_absent
from omniroute.core.turn import Turn

_OWNED = (Phase.ASSIGNED, Phase.SNOOZED)


def fold(turn: Turn, one: ThreadId, other: ThreadId) -> None:
    """Fold the younger of two open threads into the older."""
    kept, folded = sorted((turn.thread(one), turn.thread(other)), key=lambda t: (t.since, t.id))
    owner = _let_go(turn, folded)
    _ask_nothing(turn, folded)
    if kept.phase is Phase.RESOLVED and folded.phase is not Phase.RESOLVED:
        turn.emit(e.ThreadReopened(kept.id, "fold"))
        queue_like(turn, kept, folded, folded.excluded)
    took = bool(owner) and turn.thread(kept.id).phase not in _OWNED
    turn.emit(e.ThreadFolded(folded.id, kept.id, owner, took, lends=True))
    if took:
        assign(turn, kept.id, owner, "fold")
        turn.present(kept.id, owner, "assigned")
    elif owner:
        turn.present(kept.id, owner, "told", reason="folded")
    if turn.thread(kept.id).phase is Phase.OFFERED:
        withdraw_absent(turn, kept.id)  # who gets mail only was asked, and now it may be a chat


def _ask_nothing(turn: Turn, folded: Thread) -> None:
    """How it was is asked of the thread that goes on, once."""
    survey = folded.survey
    if survey is not None and not survey.over and survey.score is None:
        turn.emit(e.SurveyEnded(folded.id, survey.rule, "cancelled"))


def _let_go(turn: Turn, folded: Thread) -> AgentId:
    """Free whoever has, or is asked about, the thread that ends; the owner, if it had one."""
    end_offers(turn, folded.id, "cancelled")
    if folded.phase not in _OWNED:
        return ""
    turn.emit(e.ThreadReleased(folded.id, folded.agent, "fold"))
    return folded.agent


def queue_like(
    turn: Turn, kept: Thread, folded: Thread, excluded: tuple[Exclusion, ...] = ()
) -> None:
    """Have *kept* wait where, and for what, *folded* waited."""
    turn.emit(
        e.ThreadRouted(
            kept.id,
            rule=folded.rule,
            rules=folded.rules,
            queue=folded.queue,
            steps=folded.steps,
            priority=folded.priority,
            deadline=folded.deadline,
            routing_since=folded.routing_since,
            weight=folded.weight,
            tags=folded.tags,
            excluded=excluded,
        )
    )
