"""The life of a thread is one table."""

from __future__ import annotations

import typing

import pytest

from omniroute.core import events as e
from omniroute.core.evolve import evolve
from omniroute.core.model import Phase
from omniroute.core.state import State
from omniroute.core.states import OPEN, TABLE, WAITING, IllegalTransition, after, diagram
from omniroute.testing.histories import History, acts

NO_MOVE = {
    e.TopicTurned, e.MatterSplit,
    e.CustomerWrote, e.NoteAdded, e.ReplyHeld, e.ReplyWithdrawn, e.ReplyReleased,
    e.AutomaticReplyReleased, e.ReplyRecalled, e.ExclusionsEnded, e.ThreadMoved, e.HandedOff,
    e.StrandedReminded, e.CustomerTold, e.Overflowed, e.OverflowPlanned,
    e.HandedBack, e.ArticleProposed, e.ReplySent, e.ReplyFailed, e.TagsSet,
    e.PrioritySet, e.ThreadOpened,
    e.ThreadPromoted, e.PromotionPlanned, e.AgeMoved, e.TargetStarted,
    e.TargetStopped, e.TargetMissed, e.DeadlineSet, e.DormancyPlanned, e.MarksPassed,
    e.Escalated, e.HoursPlanned, e.WeightSet, e.CustomerAway,
    e.ThreadDivided, e.WordsChanged, e.ChangeSettled,
    e.ParticipantsChanged, e.ParticipantWrote,
    e.SurveyPlanned, e.SurveyAsked, e.SurveyAnswered, e.SurveyRemarked, e.SurveyEnded,
}  # fmt: skip


def test_every_event_of_a_thread_moves_it_by_the_table_or_not_at_all() -> None:
    events = {kind for kind in typing.get_args(e.AnyEvent) if issubclass(kind, e.ThreadEvent)}
    assert events == {*TABLE, *NO_MOVE}
    assert not NO_MOVE & {*TABLE}


def test_an_event_that_a_phase_does_not_know_is_a_bug_and_says_so() -> None:
    with pytest.raises(IllegalTransition, match="ThreadSnoozed while queued"):
        after(Phase.QUEUED, e.ThreadSnoozed)


def test_an_event_outside_the_table_moves_nothing() -> None:
    assert all(after(phase, e.NoteAdded) is phase for phase in Phase)


def test_every_phase_can_be_reached_and_only_what_is_closed_cannot_be_left() -> None:
    moves = [(a, b) for table in TABLE.values() for a, b in table.items() if a is not b]
    reached = {Phase.NEW}
    while more := {b for a, b in moves if a in reached} - reached:
        reached |= more
    assert reached == set(Phase)
    assert set(Phase) - {a for a, _ in moves} == {Phase.CLOSED}
    assert set(Phase) - OPEN == {Phase.CLOSED, Phase.FOLDED}


def test_the_engine_needs_the_whole_table() -> None:
    used: set[tuple[type[e.ThreadEvent], Phase]] = set()
    for seed in range(32):
        state = State()
        for done in History().play(acts(seed, 300)).journal:
            for event in done.decision.events:
                if isinstance(event, e.ThreadEvent) and type(event) in TABLE:
                    used.add((type(event), state.threads[event.thread].phase))
                evolve(state, event, done.input.at)
    assert used == {(event, phase) for event, moves in TABLE.items() for phase in moves}


def test_whoever_waits_is_open() -> None:
    assert WAITING < OPEN


def test_the_diagram_is_drawn_from_the_table() -> None:
    assert diagram().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> new : ThreadOpened",
        "    new --> queued : ThreadRouted",
        "    stranded --> queued : ThreadRouted",
        "    held --> queued : ThreadRouted",
        "    queued --> held : ThreadHeld",
        "    stranded --> held : ThreadHeld",
        "    held --> queued : ThreadUnheld",
        "    queued --> stranded : ThreadStranded",
        "    queued --> offered : OfferMade",
        "    stranded --> offered : OfferMade",
        "    offered --> queued : OfferEnded",
        "    new --> assigned : ThreadAssigned",
        "    queued --> assigned : ThreadAssigned",
        "    stranded --> assigned : ThreadAssigned",
        "    held --> assigned : ThreadAssigned",
        "    assigned --> queued : ThreadReleased",
        "    snoozed --> queued : ThreadReleased",
        "    assigned --> snoozed : ThreadSnoozed",
        "    snoozed --> assigned : ThreadWoken",
        "    assigned --> resolved : ThreadSolved",
        "    snoozed --> resolved : ThreadSolved",
        "    queued --> resolved : ThreadSolved",
        "    stranded --> resolved : ThreadSolved",
        "    held --> resolved : ThreadSolved",
        "    resolved --> new : ThreadReopened",
        "    queued --> closed : ThreadAbandoned",
        "    stranded --> closed : ThreadAbandoned",
        "    held --> closed : ThreadAbandoned",
        "    resolved --> closed : ThreadClosed",
        "    queued --> folded : ThreadFolded",
        "    stranded --> folded : ThreadFolded",
        "    held --> folded : ThreadFolded",
        "    resolved --> folded : ThreadFolded",
        "    folded --> queued : ThreadUnfolded",
        "    closed --> [*]",
        "    folded --> [*]",
    ]
