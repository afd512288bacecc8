"""Samples of where a thread went: how long it waited, who was asked, how it ended.

A sample is one number at one moment, with the thread's queue and channel as they were then.
"""

from __future__ import annotations

from omniroute.application.projections.fold import Fold, Folding
from omniroute.core import events as e

FROM_THE_QUEUE = frozenset({"accept", "claim", "reply", "auto"})
"""How a thread is assigned out of the queue, rather than handed on, joined or parted."""

_SAMPLE = """
    INSERT INTO samples (at, measure, value, thread, agent, queue, channel, about)
    SELECT :at, :measure, {value}, id, COALESCE(:agent, agent), queue, channel, :about
    FROM threads WHERE id = :thread AND {where}
"""
_GIVEN = _SAMPLE.format(value=":value", where="TRUE")
_WAITED = _SAMPLE.format(value=":at - queued_since", where="queued_since AND phase != 'new'")
_SINCE_SOLVED = _SAMPLE.format(value=":at - solved_at", where="solved_at")
_SINCE_BEGUN = _SAMPLE.format(
    value=":at - COALESCE((SELECT began FROM clocks WHERE thread = :thread), since)", where="TRUE"
)
_ANSWERED_OFFER = """
    INSERT INTO samples (at, measure, value, thread, agent, queue, channel, about)
    SELECT :at, :measure, :at - offers.at, threads.id, offers.agent, queue, channel, ''
    FROM offers JOIN threads ON threads.id = offers.thread WHERE offers.id = :offer
"""
_OFFERS = {
    "accepted": "offers_accepted",
    "declined": "offers_passed",
    "expired": "offers_missed",
}


def sample(
    fold: Fold, measure: str, thread: int, value: int = 1, *, agent: str | None = None,
    about: str = "",
) -> None:  # fmt: skip
    """*value* of *measure* in *thread*; by *agent*, or by whoever has it."""
    _write(fold, _GIVEN, measure, thread, agent=agent, about=about, value=value)


def _write(
    fold: Fold, statement: str, measure: str, thread: int, *, agent: str | None = None,
    about: str = "", value: int = 0,
) -> None:  # fmt: skip
    fold.db.execute(
        statement,
        {
            "at": fold.at, "measure": measure, "thread": thread, "agent": agent, "about": about,
            "value": value,
        },
    )  # fmt: skip


def _offer_ended(fold: Fold, event: e.OfferEnded) -> None:
    if (measure := _OFFERS.get(event.how)) is not None:
        fold.db.execute(_ANSWERED_OFFER, {"at": fold.at, "measure": measure, "offer": event.offer})


def _assigned(fold: Fold, event: e.ThreadAssigned) -> None:
    if event.how not in ("fold", "split"):
        sample(fold, "taken", event.thread, agent=event.agent)
    given_up = any(
        isinstance(other, e.ThreadReleased) and other.thread == event.thread
        for other in fold.entry.events
    )
    if event.how in FROM_THE_QUEUE and not given_up:
        _write(fold, _WAITED, "wait", event.thread, agent=event.agent)


def _moved(fold: Fold, event: e.ThreadMoved) -> None:
    sample(fold, "transfers", event.thread, agent=event.agent)


def _handed_off(fold: Fold, event: e.HandedOff) -> None:
    sample(fold, "handed_off", event.thread, agent=event.agent)


def _abandoned(fold: Fold, event: e.ThreadAbandoned) -> None:
    _write(fold, _WAITED, "abandoned", event.thread)
    _forget(fold, event.thread)


def _solved(fold: Fold, event: e.ThreadSolved) -> None:
    """By whoever had it, not by a lead who tidied up."""
    if event.how == "deflected":
        sample(fold, "deflected", event.thread)
    else:
        owner = fold.db.execute(
            "SELECT agent FROM threads WHERE id = ?", (event.thread,)
        ).fetchone()
        agent = owner[0] if owner and owner[0] else event.agent
        _write(fold, _SINCE_BEGUN, "resolution", event.thread, agent=agent)
    fold.db.execute("UPDATE clocks SET asked_at = 0 WHERE thread = ?", (event.thread,))


def _reopened(fold: Fold, event: e.ThreadReopened) -> None:
    if event.how == "customer":
        _write(fold, _SINCE_SOLVED, "reopened", event.thread)
    fold.db.execute("UPDATE clocks SET began = ? WHERE thread = ?", (fold.at, event.thread))


def _closed(fold: Fold, event: e.ThreadClosed) -> None:
    _forget(fold, event.thread)


def _forget(fold: Fold, thread: int) -> None:
    """Nothing is measured of what is over."""
    fold.db.execute("DELETE FROM promises WHERE thread = ?", (thread,))


BEFORE: dict[type[e.Event], Folding] = {
    e.OfferEnded: _offer_ended,
    e.ThreadAssigned: _assigned,
    e.ThreadMoved: _moved,
    e.HandedOff: _handed_off,
    e.ThreadAbandoned: _abandoned,
    e.ThreadSolved: _solved,
    e.ThreadReopened: _reopened,
    e.ThreadClosed: _closed,
}
