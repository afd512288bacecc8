"""Where a thread waits: its route, its place in line, its steps, hours and overflow."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change, ran
from omniroute.core.model import NO_PACE
from omniroute.core.state import State
from omniroute.core.states import NEW, after

FOLDS = Folds()


@FOLDS.of(e.ThreadRouted)
def _(state: State, event: e.ThreadRouted, at: int) -> None:
    old = state.threads[event.thread]
    state.put_thread(
        replace(
            old,
            version=old.version + 1,
            phase=after(old.phase, e.ThreadRouted),
            queued_since=at if old.phase is NEW else old.queued_since,
            sla=old.sla if event.sla is None else state.shared_sla(event.sla),
            targets=old.targets if event.targets is None else event.targets,
            promote_at=event.promote_at or old.promote_at,
            turned=None,
            rule=event.rule,
            rules=event.rules,
            queue=event.queue,
            steps=state.shared(event.steps),
            step=0,
            step_used=0,
            clock_since=at,
            offers=(),
            excluded=event.excluded,
            added=(),
            overflowed=(),
            overflow_at=0,
            priority=event.priority,
            deadline=event.deadline,
            routing_since=event.routing_since,
            weight=event.weight,
            tags=event.tags,
            answered=old.answered if event.answered is None else event.answered,
        )
    )


@FOLDS.of(e.AgeMoved)
def _(state: State, event: e.AgeMoved, at: int) -> None:
    change(state, event, routing_since=event.routing_since)


@FOLDS.of(e.WeightSet)
def _(state: State, event: e.WeightSet, at: int) -> None:
    change(state, event, weight=event.weight)


@FOLDS.of(e.TagsSet)
def _(state: State, event: e.TagsSet, at: int) -> None:
    change(state, event, tags=event.tags)


@FOLDS.of(e.PrioritySet)
def _(state: State, event: e.PrioritySet, at: int) -> None:
    change(state, event, priority=event.priority)


@FOLDS.of(e.ThreadPromoted)
def _(state: State, event: e.ThreadPromoted, at: int) -> None:
    change(state, event, priority=event.priority, promote_at=event.next)


@FOLDS.of(e.PromotionPlanned)
def _(state: State, event: e.PromotionPlanned, at: int) -> None:
    change(state, event, promote_at=event.at)


@FOLDS.of(e.StepBegan)
def _(state: State, event: e.StepBegan, at: int) -> None:
    thread = state.threads[event.thread]
    change(
        state,
        event,
        step=event.step,
        step_used=event.used,
        clock_since=at,
        queue=event.queue or thread.queue,
        acts=thread.acts + bool(event.queue),
        priority=thread.priority if event.priority is None else event.priority,
    )


@FOLDS.of(e.ThreadStranded)
def _(state: State, event: e.ThreadStranded, at: int) -> None:
    used = ran(state.threads[event.thread], at)
    change(
        state,
        event,
        step_used=used,
        clock_since=None,
        remind_at=event.remind_at,
        stranded=event.reason,
    )


@FOLDS.of(e.StrandedReminded)
def _(state: State, event: e.StrandedReminded, at: int) -> None:
    change(state, event, remind_at=event.remind_at)


@FOLDS.of(e.CustomerTold)
def _(state: State, event: e.CustomerTold, at: int) -> None:
    change(state, event, told_stranded=True)


@FOLDS.of(e.Overflowed)
def _(state: State, event: e.Overflowed, at: int) -> None:
    thread = state.threads[event.thread]
    change(
        state, event,
        added=tuple(dict.fromkeys((*thread.added, *event.add))),
        overflowed=(*thread.overflowed, event.rule),
        overflow_at=event.next_at,
        acts=thread.acts + 1,
    )  # fmt: skip


@FOLDS.of(e.OverflowPlanned)
def _(state: State, event: e.OverflowPlanned, at: int) -> None:
    change(state, event, overflow_at=event.at)


@FOLDS.of(e.CustomerAway)
def _(state: State, event: e.CustomerAway, at: int) -> None:
    change(state, event, away_until=event.until)


@FOLDS.of(e.HoursPlanned)
def _(state: State, event: e.HoursPlanned, at: int) -> None:
    change(state, event, closes_at=event.closes)


@FOLDS.of(e.ThreadHeld)
def _(state: State, event: e.ThreadHeld, at: int) -> None:
    used = ran(state.threads[event.thread], at)
    change(state, event, step_used=used, clock_since=None, opens_at=event.until)


@FOLDS.of(e.ThreadUnheld)
def _(state: State, event: e.ThreadUnheld, at: int) -> None:
    change(state, event, clock_since=at, opens_at=0)


@FOLDS.of(e.QueueDeep)
def _(state: State, event: e.QueueDeep, at: int) -> None:
    pace = state.paces.get(event.queue, NO_PACE)
    state.put_pace(event.queue, replace(pace, alerted_at=at, remind_at=event.remind_at))


@FOLDS.of(e.QueueEased)
def _(state: State, event: e.QueueEased, at: int) -> None:
    state.put_pace(event.queue, replace(state.paces[event.queue], alerted_at=0, remind_at=0))
