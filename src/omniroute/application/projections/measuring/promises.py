"""Which promises were kept, and what ran on their clocks.

`promises` mirrors what the core holds of each open thread: one promise of a kind.  One counts when
it is known how it ended: kept with the answer, broken when it fell due without.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from omniroute.application.projections.fold import Fold, Folding
from omniroute.application.projections.measuring.samples import sample
from omniroute.core import events as e
from omniroute.core.model import Target

_JOINED: Final = """
    INSERT OR REPLACE INTO promises
    SELECT :into, kind, span, since, clock, due, late FROM promises AS gone WHERE thread = :gone
      AND NOT EXISTS (SELECT 1 FROM promises AS kept WHERE kept.thread = :into
        AND kept.kind = gone.kind
        AND (NOT gone.due OR (kept.due AND kept.due <= gone.due)))
"""


def policy(kind: str, span: int, clock: str) -> str:
    """What was promised, as samples name it; `omniroute.application.measures` puts it in words."""
    return f"{kind}/{span}/{clock}"


def _put(fold: Fold, thread: int, targets: Iterable[Target]) -> None:
    fold.db.executemany(
        "INSERT OR REPLACE INTO promises VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(thread, t.kind, t.span, t.since, t.clock, t.due, t.late) for t in targets],
    )


def _whole(fold: Fold, thread: int, targets: Iterable[Target]) -> None:
    fold.db.execute("DELETE FROM promises WHERE thread = ?", (thread,))
    _put(fold, thread, targets)


def _routed(fold: Fold, event: e.ThreadRouted) -> None:
    if event.targets is not None:
        _whole(fold, event.thread, event.targets)


def _started(fold: Fold, event: e.TargetStarted) -> None:
    _put(fold, event.thread, (event.target,))


def _stopped(fold: Fold, event: e.TargetStopped) -> None:
    here = (event.thread, event.kind)
    if event.how == "paused":
        fold.db.execute("UPDATE promises SET due = 0 WHERE thread = ? AND kind = ?", here)
        return
    known = fold.db.execute(
        "DELETE FROM promises WHERE thread = ? AND kind = ? RETURNING span, clock, late", here
    ).fetchone()
    if known is None or event.how != "met":
        return
    span, clock, late = known
    about = policy(event.kind, span, clock)
    if not late:
        sample(fold, f"{event.kind}_kept", event.thread, 1, about=about)
    if clock:
        sample(fold, f"{event.kind}_clock", event.thread, event.took, about=about)


def _missed(fold: Fold, event: e.TargetMissed) -> None:
    known = fold.db.execute(
        "UPDATE promises SET late = 1 WHERE thread = ? AND kind = ? AND NOT late"
        " RETURNING span, clock",
        (event.thread, event.kind),
    ).fetchone()
    if known is not None:
        about = policy(event.kind, *known)
        sample(fold, f"{event.kind}_kept", event.thread, 0, about=about)


def _folded(fold: Fold, event: e.ThreadFolded) -> None:
    """Of each kind the nearer promise stands for both; what is resolved brings none."""
    fold.db.execute(
        "DELETE FROM promises WHERE thread = ?"
        " AND EXISTS (SELECT 1 FROM threads WHERE id = ? AND phase = 'resolved')",
        (event.thread, event.thread),
    )
    fold.db.execute(_JOINED, {"gone": event.thread, "into": event.into})
    fold.db.execute("DELETE FROM promises WHERE thread = ?", (event.thread,))


def _unfolded(fold: Fold, event: e.ThreadUnfolded) -> None:
    if event.targets is not None:
        _whole(fold, event.thread, event.targets)
    if event.left is not None:
        _whole(fold, event.out_of, event.left)


def _divided(fold: Fold, event: e.ThreadDivided) -> None:
    fold.db.execute(
        "INSERT OR REPLACE INTO promises SELECT ?, kind, span, since, clock, due, late"
        " FROM promises WHERE thread = ?",
        (event.into, event.thread),
    )


BEFORE: dict[type[e.Event], Folding] = {
    e.ThreadRouted: _routed,
    e.TargetStarted: _started,
    e.TargetStopped: _stopped,
    e.TargetMissed: _missed,
    e.ThreadFolded: _folded,
    e.ThreadUnfolded: _unfolded,
    e.ThreadDivided: _divided,
}
